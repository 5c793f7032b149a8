// A chat: its head, its messages, the field to write in.

import { createMemo, createSignal, type JSX, onMount, Show } from "solid-js";
import { MoreMenu, type Action } from "../parts/overlays.tsx";
import { Avatar, IconButton } from "../parts/parts.tsx";
import { go } from "../route/route.ts";
import { firstAtOrAfter } from "../timeline/rows.ts";
import type { Line } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { Composer, type Writing } from "./Composer.tsx";
import { DayPicker } from "./DayPicker.tsx";
import { jumpTo } from "./jump.ts";
import { presenceWords, typingWords } from "./sayings.ts";
import { Timeline } from "./Timeline.tsx";

export function Conversation(props: { chatId: string }): JSX.Element {
  const { state } = useApp();
  const [writing, setWriting] = createSignal<Writing>({ is: "new" });
  const [days, setDays] = createSignal(false);
  let field: HTMLTextAreaElement | undefined;
  const chat = createMemo(() => state.chat(props.chatId));
  const peer = state.peer(props.chatId);
  const isNotes = peer === state.me;
  const title = (): string => state.title(props.chatId) || "…";
  const below = (): string => {
    const typing = typingWords(state, props.chatId);
    if (typing !== undefined) return typing;
    if (peer !== undefined) return isNotes ? "" : presenceWords(state, peer);
    const members = chat()?.members;
    return members === undefined ? "" : t("group.members", { count: members });
  };
  const actions = (): Action[] => [
    { icon: "info", label: peer === undefined ? t("group.info") : t("group.infoDirect"), run: () => go({ at: "chat", chatId: props.chatId, info: true }) },
    { icon: "calendar", label: t("chat.toDate"), run: () => setDays(true) },
    {
      icon: chat()?.muted ? "bell" : "muted",
      label: chat()?.muted ? t("list.unmute") : t("list.mute"),
      run: () => state.talk.mute(props.chatId, !chat()?.muted),
    },
    {
      icon: "pin",
      label: chat()?.pinned ? t("list.unpin") : t("list.pin"),
      run: () => state.talk.pin(props.chatId, !chat()?.pinned),
    },
  ];
  const write = (next: Writing): void => {
    setWriting(next);
    field?.focus();
  };
  /** The last own message that can be edited. */
  const editLast = (): void => {
    const line = state.timeline().lines.findLast((one) => one.senderId === state.me && isText(one));
    if (line !== undefined) write({ is: "edit", line });
  };
  const toDay = async (atMs: number): Promise<void> => {
    setDays(false);
    const held = chat();
    if (held === undefined || held.last === 0) return;
    const timeAt = async (seq: number): Promise<number | undefined> =>
      (await state.talk.look(props.chatId, seq, seq + 20))[0]?.atMs;
    jumpTo(props.chatId, await firstAtOrAfter(Math.max(held.first, 1), held.last, atMs, timeAt));
  };
  onMount(() => {
    // On a phone the keyboard comes when it is asked for.
    if (matchMedia("(pointer: fine)").matches) queueMicrotask(() => field?.focus());
  });
  return (
    <section class="conversation" aria-label={title()}>
      <header class="chat-head">
        <IconButton icon="back" label={t("chat.back")} class="back" onClick={() => go({ at: "chats" })} />
        <button type="button" class="chat-head-info" onClick={() => go({ at: "chat", chatId: props.chatId, info: true })}>
          <Avatar id={peer ?? props.chatId} name={title()} icon={isNotes ? "notes" : undefined}
            online={peer !== undefined && !isNotes && state.presence(peer)?.status === "online"} />
          <span class="chat-head-words">
            <h1 class="theirs oneline">{title()}</h1>
            <span class="chat-head-below theirs oneline" classList={{ live: typingWords(state, props.chatId) !== undefined }}>{below()}</span>
          </span>
        </button>
        <IconButton icon="search" label={t("list.search")} class="wide-only" onClick={() => document.querySelector<HTMLInputElement>(".pane-list .search-input")?.focus()} />
        <MoreMenu label={t("chat.menu")} actions={actions()} />
      </header>
      <Timeline
        chatId={props.chatId}
        onReply={(line) => write({ is: "reply", line })}
        onEdit={(line) => write({ is: "edit", line })}
        onHello={() => field?.focus()}
      />
      <Show when={!chat()?.gone} fallback={<p class="gone">{t("chat.gone")}</p>}>
        <Composer
          chatId={props.chatId}
          title={title()}
          writing={writing()}
          onDone={() => write({ is: "new" })}
          onEditLast={editLast}
          ref={(element) => (field = element)}
        />
      </Show>
      <DayPicker open={days()} first={state.timeline().lines[0]?.atMs} onClose={() => setDays(false)} onDay={(atMs) => void toDay(atMs)} />
    </section>
  );
}

export const isText = (line: Line): boolean =>
  line.seq !== undefined && line.body.type === "content" && typeof line.body.content === "string";
