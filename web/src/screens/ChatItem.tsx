// A chat of the list, and a message that a search found.

import { createMemo, For, type JSX, Match, Show, Switch } from "solid-js";
import { MoreMenu } from "../parts/overlays.tsx";
import { Avatar, Icon } from "../parts/parts.tsx";
import { go, printRoute, toChat } from "../route/route.ts";
import type { Chat, UserId } from "../talk/types.ts";
import { calmLine } from "../text/calm.ts";
import { plainText } from "../text/markdown.ts";
import { shortTime } from "../time/days.ts";
import { locale, t } from "../words/words.ts";
import { useApp } from "./app.ts";
import type { Hit } from "./ChatList.tsx";
import { bodyWords, typingWords } from "./sayings.ts";
import { jumpTo } from "./jump.ts";

const dayWords = (): { today: string; yesterday: string } => ({ today: t("time.today"), yesterday: t("time.yesterday") });

/** A link that the app follows by itself; the browser does for a new tab. */
const follow = (event: MouseEvent, run: () => void): void => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  run();
};

export function ChatItem(props: { chatId: string; open: boolean }): JSX.Element {
  const { state } = useApp();
  const chat = createMemo((): Chat | undefined => state.chat(props.chatId));
  const title = (): string => state.title(props.chatId) || "…";
  const peer = (): UserId | undefined => state.peer(props.chatId);
  const isNotes = (): boolean => peer() === state.me;
  const online = (): boolean => {
    const other = peer();
    return other !== undefined && !isNotes() && state.presence(other)?.status === "online";
  };
  const typing = createMemo(() => typingWords(state, props.chatId));
  const status = (): JSX.Element => {
    const mine = chat()?.preview;
    if (mine === undefined || mine.senderId !== state.me || isNotes()) return null;
    const marks = Object.values(chat()?.others ?? {});
    const read = chat()?.kind === "direct" && marks.some((one) => one.read >= mine.seq);
    const delivered = chat()?.kind === "direct" && marks.some((one) => one.delivered >= mine.seq);
    return <Icon name={read || delivered ? "checks" : "check"} class={read ? "tick read" : "tick"} />;
  };
  return (
    <li class="chat-item" classList={{ open: props.open, unread: (chat()?.unread ?? 0) > 0 }}>
      <a
        class="chat-link"
        href={printRoute(toChat(props.chatId))}
        aria-current={props.open ? "page" : undefined}
        onClick={(event) => follow(event, () => go(toChat(props.chatId)))}
      >
        <Avatar id={peer() ?? props.chatId} name={title()} icon={isNotes() ? "notes" : undefined} online={online()} />
        <span class="chat-words">
          <span class="chat-top">
            <span class="chat-name theirs oneline">{title()}</span>
            <Show when={chat()?.muted}><Icon name="muted" class="small" /><span class="unseen">{t("list.muted")}</span></Show>
            <Show when={chat()?.lastAtMs}>
              {(at) => <span class="chat-time">{status()}{shortTime(locale(), dayWords(), at(), state.now())}</span>}
            </Show>
          </span>
          <span class="chat-bottom">
            <span class="chat-preview theirs oneline">
              <Switch fallback={t("list.noMessages")}>
                <Match when={typing()}>{(words) => <span class="live">{words()}</span>}</Match>
                <Match when={!props.open && chat()?.draft}>
                  {(draft) => <><span class="draft">{t("list.draft")}</span> {calmLine(draft(), 120)}</>}
                </Match>
                <Match when={chat()?.preview}>
                  {(preview) => (
                    <>
                      <Show when={!isNotes() && preview().senderId === state.me}>{t("list.you")} </Show>
                      <Show when={chat()?.kind === "group" && preview().senderId !== state.me}>
                        <bdi>{state.people.name(preview().senderId)}</bdi>:{" "}
                      </Show>
                      {bodyWords(preview())}
                    </>
                  )}
                </Match>
              </Switch>
            </span>
            <Show when={chat()?.pinned}><Icon name="pin" class="small" /><span class="unseen">{t("list.pinned")}</span></Show>
            <Show when={(chat()?.unread ?? 0) > 0}>
              <span class="badge" classList={{ quiet: chat()?.muted ?? false }}>
                <span aria-hidden="true">{(chat()?.unread ?? 0) >= 999 ? "999+" : chat()?.unread}</span>
                <span class="unseen">{t("list.unread", { count: chat()?.unread ?? 0 })}</span>
              </span>
            </Show>
          </span>
        </span>
      </a>
      <MoreMenu
        class="chat-more"
        label={t("list.menu", { name: title() })}
        actions={[
          {
            icon: "pin",
            label: chat()?.pinned ? t("list.unpin") : t("list.pin"),
            run: () => state.talk.pin(props.chatId, !chat()?.pinned),
          },
          {
            icon: chat()?.muted ? "bell" : "muted",
            label: chat()?.muted ? t("list.unmute") : t("list.mute"),
            run: () => state.talk.mute(props.chatId, !chat()?.muted),
          },
        ]}
      />
    </li>
  );
}

export function MessageHit(props: { hit: Hit; query: string }): JSX.Element {
  const { state } = useApp();
  const text = (): string => {
    const { body } = props.hit.line;
    return body.type === "content" ? calmLine(plainText(body.text), 2_000) : "";
  };
  const open = (): void => jumpTo(props.hit.chatId, props.hit.line.seq ?? 1);
  return (
    <li class="chat-item">
      <a class="chat-link" href={printRoute(toChat(props.hit.chatId))} onClick={(event) => follow(event, open)}>
        <Avatar id={state.peer(props.hit.chatId) ?? props.hit.chatId} name={state.title(props.hit.chatId)} />
        <span class="chat-words">
          <span class="chat-top">
            <span class="chat-name theirs oneline">{state.title(props.hit.chatId)}</span>
            <span class="chat-time">{shortTime(locale(), dayWords(), props.hit.line.atMs, state.now())}</span>
          </span>
          <span class="chat-preview theirs oneline">
            <For each={marked(text(), props.query)}>{(part) => (part.found ? <mark>{part.text}</mark> : part.text)}</For>
          </span>
        </span>
      </a>
    </li>
  );
}

/** The text from shortly before the first word found, and which parts of it were looked for. */
function marked(text: string, query: string): { text: string; found: boolean }[] {
  const words = query.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (words.length === 0) return [{ text, found: false }];
  const pattern = new RegExp(`(${words.join("|")})`, "giu");
  const at = text.search(pattern);
  const shown = at > 24 ? `…${text.slice(at - 16)}` : text;
  return shown.slice(0, 200).split(pattern).map((part, place) => ({ text: part, found: place % 2 === 1 }));
}
