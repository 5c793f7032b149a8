// What can be done with a message: one menu for all of them, at the message that asked for it.

import { DropdownMenu } from "@kobalte/core/dropdown-menu";
import { createMemo, createSignal, For, type JSX, lazy, Show, Suspense } from "solid-js";
import { type Action, MenuItems, Modal } from "../parts/overlays.tsx";
import { Icon } from "../parts/parts.tsx";
import type { Line } from "../talk/types.ts";
import { calm } from "../text/calm.ts";
import { t } from "../words/words.ts";
import { copy, useApp } from "./app.ts";
import { isText } from "./Conversation.tsx";
import { recentEmoji } from "./emojiRecent.ts";
import { askDelete, mayDelete, react } from "./messageActions.ts";

const EmojiPicker = lazy(() => import("./EmojiPicker.tsx"));
const QUICK = 6;

export interface Menued {
  readonly line: Line;
  readonly at: DOMRect;
  /** The emoji at once. */
  readonly picker: boolean;
}

export function MessageMenu(props: {
  menu: Menued | undefined;
  chatId: string;
  onClose: () => void;
  onReply: (line: Line) => void;
  onEdit: (line: Line) => void;
}): JSX.Element {
  const app = useApp();
  const { state } = app;
  const [picking, setPicking] = createSignal<Line>();
  const line = (): Line | undefined => props.menu?.line;
  const gone = (): boolean => state.chat(props.chatId)?.gone ?? false;
  const settled = createMemo(() => line()?.seq !== undefined && line()?.body.type === "content" && !gone());
  const picked = (): Line | undefined => picking() ?? (props.menu?.picker ? props.menu.line : undefined);
  const done = (): void => {
    setPicking(undefined);
    props.onClose();
  };
  // Focus goes back to the message before it goes on to the field.
  const then = (run: () => void): (() => void) => () => setTimeout(run);
  const actions = createMemo((): Action[] => {
    const one = line();
    if (one === undefined) return [];
    const { body, id } = one;
    const list: Action[] = [];
    if (settled()) list.push({ icon: "reply", label: t("chat.reply"), run: then(() => props.onReply(one)) });
    if (body.type === "content") {
      list.push({ icon: "copy", label: t("chat.copy"), run: () => void copy(app, calm(body.text), t("chat.copied")) });
    }
    if (settled() && one.senderId === state.me && isText(one)) {
      list.push({ icon: "edit", label: t("chat.edit"), run: then(() => props.onEdit(one)) });
    }
    if (one.status === "failed" && id !== undefined) {
      list.push({ icon: "again", label: t("status.retry"), run: () => state.talk.retry(props.chatId, id) });
      list.push({ icon: "trash", label: t("status.discard"), danger: true, run: () => state.talk.discard(props.chatId, id) });
    }
    if (mayDelete(app, props.chatId, one)) {
      list.push({ icon: "trash", label: t("chat.delete"), danger: true, run: then(() => askDelete(app, props.chatId, one)) });
    }
    return list;
  });
  const pick = (one: Line, key: string): void => {
    react(app, props.chatId, one, key);
    done();
  };
  return (
    <>
      <DropdownMenu
        modal={false}
        open={props.menu !== undefined && !props.menu.picker && picking() === undefined}
        onOpenChange={(open) => !open && picking() === undefined && props.onClose()}
        getAnchorRect={() => props.menu?.at}
        placement="bottom-start"
        gutter={4}
      >
        <DropdownMenu.Trigger as="span" class="menu-anchor" aria-hidden="true" tabIndex={-1} />
        <DropdownMenu.Portal mount={document.querySelector("main") ?? document.body}>
          <DropdownMenu.Content class="menu" aria-label={t("chat.actions")}>
            <Show when={settled() && line()}>
              {(one) => (
                <DropdownMenu.Group class="quick">
                  <For each={recentEmoji().slice(0, QUICK)}>
                    {(emoji) => (
                      <DropdownMenu.Item class="quick-one" aria-label={t("chat.reactWith", { emoji })} onSelect={() => react(app, props.chatId, one(), emoji)}>
                        {emoji}
                      </DropdownMenu.Item>
                    )}
                  </For>
                  <DropdownMenu.Item class="quick-one" aria-label={t("chat.moreEmoji")} closeOnSelect={false} onSelect={() => setPicking(one())}>
                    <Icon name="plus" />
                  </DropdownMenu.Item>
                </DropdownMenu.Group>
              )}
            </Show>
            <MenuItems actions={actions()} />
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu>
      <Modal open={picked() !== undefined} title={t("chat.react")} onClose={done}>
        <Suspense fallback={<p class="loading">{t("emoji.loading")}</p>}>
          <Show when={picked()}>{(one) => <EmojiPicker onPick={(emoji) => pick(one(), emoji)} />}</Show>
        </Suspense>
      </Modal>
    </>
  );
}
