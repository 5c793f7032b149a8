// One message: who, what, when, how far it has come.

import { createMemo, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";
import type { IconName } from "../parts/icons.ts";
import { Avatar, Button, Icon, IconButton } from "../parts/parts.tsx";
import { codeWords } from "../talk/errors.ts";
import type { Failure, Line, Status } from "../talk/types.ts";
import { calm, hue, onlyEmoji } from "../text/calm.ts";
import { clock, fullTime } from "../time/days.ts";
import type { Row } from "../timeline/rows.ts";
import { type Key, language, locale, t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { longPress } from "./longPress.ts";
import { react } from "./messageActions.ts";
import { Rich } from "./Rich.tsx";
import { bodyWords } from "./sayings.ts";

const signs: Record<Exclude<Status, "received">, { icon: IconName; label: Key }> = {
  sending: { icon: "clock", label: "status.sending" },
  sent: { icon: "check", label: "status.sent" },
  delivered: { icon: "checks", label: "status.delivered" },
  read: { icon: "checks", label: "status.read" },
  failed: { icon: "alert", label: "status.failed" },
};

const LONG = 1_200;
const LONG_LINES = 18;
const isLong = (text: string): boolean => text.length > LONG || text.split("\n", LONG_LINES + 1).length > LONG_LINES;

export function MessageRow(props: {
  row: Extract<Row, { is: "message" }>;
  chatId: string;
  group: boolean;
  focusable: boolean;
  flash: boolean;
  onFocus: () => void;
  onReply: () => void;
  onMenu: (at: DOMRect, picker: boolean) => void;
  onJump: (seq: number) => void;
}): JSX.Element {
  const app = useApp();
  const { state } = app;
  const line = (): Line => props.row.line;
  const own = (): boolean => line().senderId === state.me;
  const name = (): string => (own() ? t("event.you") : state.people.name(line().senderId) || "…");
  const settled = (): boolean => line().seq !== undefined && line().body.type === "content" && !state.chat(props.chatId)?.gone;
  const failures = createMemo(() => [
    ...(line().status === "failed" && line().id !== undefined ? [{ id: line().id ?? "", failure: line().failure, whole: true }] : []),
    ...line().pending.filter((one) => one.failure !== undefined).map((one) => ({ ...one, whole: false })),
  ]);
  const menuAt = (x: number, y: number): void => props.onMenu(new DOMRect(x, y, 0, 0), false);
  return (
    <div
      class="message"
      classList={{
        own: own(), first: props.row.first, last: props.row.last, flash: props.flash,
        grouped: props.group && !own(), big: bigEmoji(line()) > 0, failed: failures().length > 0,
      }}
      role="article"
      aria-label={`${name()}, ${clock(locale(), line().atMs)}`}
      data-key={props.row.key}
      tabIndex={props.focusable ? 0 : -1}
      onFocus={(event) => event.target === event.currentTarget && props.onFocus()}
      onContextMenu={(event) => {
        if ((event.target as HTMLElement).closest("a") !== null || !getSelection()?.isCollapsed) return;
        event.preventDefault();
        menuAt(event.clientX, event.clientY);
      }}
      onDblClick={(event) => {
        if (!settled() || (event.target as HTMLElement).closest(".bubble") !== null) return;
        props.onReply();
      }}
      {...longPress(menuAt)}
    >
      <Show when={props.group && !own()}>
        <span class="message-face"><Show when={props.row.last}><Avatar id={line().senderId} name={name()} size="s" /></Show></span>
      </Show>
      <div class="message-body">
        <div class="bubble">
          <Show when={props.group && !own() && props.row.first}>
            <div class={`sender theirs oneline ink-${hue(line().senderId, 8)}`}>{name()}</div>
          </Show>
          <Show when={line().replyTo}>{(seq) => <Quote seq={seq()} chatId={props.chatId} onJump={props.onJump} />}</Show>
          <Content line={line()} />
          <span class="meta">
            <Show when={line().edited && line().body.type === "content"}><span>{t("chat.edited")}</span></Show>
            <time dateTime={new Date(line().atMs).toISOString()} title={fullTime(locale(), line().atMs)}>{clock(locale(), line().atMs)}</time>
            <Show when={own() && line().body.type === "content" && state.peer(props.chatId) !== state.me}><Sign status={line().status} /></Show>
          </span>
        </div>
        <Show when={line().reactions.length > 0}>
          <Reactions line={line()} chatId={props.chatId} />
        </Show>
        <For each={failures()}>
          {({ id, failure, whole }) => (
            <div class="failure" role="group">
              <Icon name="alert" />
              <span>{whole ? failureWords(failure) : t("status.failedChange")}</span>
              <Button kind="quiet" onClick={() => state.talk.retry(props.chatId, id)}>{t("status.retry")}</Button>
              <Button kind="quiet" onClick={() => state.talk.discard(props.chatId, id)}>{t("status.discard")}</Button>
            </div>
          )}
        </For>
      </div>
      <div class="message-tools">
        <Show when={settled()}>
          <IconButton icon="smile" label={t("chat.react")} tabIndex={-1} onClick={(event) => props.onMenu(event.currentTarget.getBoundingClientRect(), true)} />
          <IconButton icon="reply" label={t("chat.reply")} tabIndex={-1} onClick={() => props.onReply()} />
        </Show>
        <IconButton icon="more" label={t("chat.actions")} tabIndex={-1} onClick={(event) => props.onMenu(event.currentTarget.getBoundingClientRect(), false)} />
      </div>
    </div>
  );
}

const bigEmoji = (line: Line): number => {
  const count = line.body.type === "content" && line.replyTo === undefined ? onlyEmoji(line.body.text) : 0;
  return count <= 3 ? count : 0;
};

function failureWords(failure: Failure | undefined): string {
  return failure?.why === "refused" ? t("status.failedRefused", { why: codeWords(failure.code) }) : t("status.failed");
}

function Sign(props: { status: Status }): JSX.Element {
  return (
    <Show when={props.status !== "received" && signs[props.status]}>
      {(sign) => (
        <span class={`sign ${props.status}`} title={t(sign().label)}>
          <Icon name={sign().icon} /><span class="unseen">{t(sign().label)}</span>
        </span>
      )}
    </Show>
  );
}

function Content(props: { line: Line }): JSX.Element {
  const [whole, setWhole] = createSignal(false);
  const text = createMemo(() => (props.line.body.type === "content" ? calm(props.line.body.text) : undefined));
  return (
    <Switch>
      <Match when={text()}>
        {(words) => (
          <>
            <div class="content theirs" dir="auto" classList={{ cut: isLong(words()) && !whole() }}><Rich text={isLong(words()) && !whole() ? words().slice(0, LONG * 2) : words()} /></div>
            <Show when={isLong(words()) && !whole()}>
              <button type="button" class="show-all" onClick={() => setWhole(true)}>{t("chat.showMore")}</button>
            </Show>
          </>
        )}
      </Match>
      <Match when={true}><span class="content placeholder">{bodyWords(props.line.body)}</span></Match>
    </Switch>
  );
}

/** The message that is replied to. One that is not in memory is looked up on this device. */
function Quote(props: { seq: number; chatId: string; onJump: (seq: number) => void }): JSX.Element {
  const { state } = useApp();
  const [looked, setLooked] = createSignal<Line | null>();
  const line = createMemo((): Line | null | undefined => {
    const near = state.timeline().lines.find(({ seq }) => seq === props.seq);
    if (near !== undefined) return near;
    if (looked() === undefined) {
      state.talk.look(props.chatId, props.seq, props.seq).then(([found]) => setLooked(found ?? null), () => setLooked(null));
    }
    return looked();
  });
  return (
    <button type="button" class="quote" tabIndex={-1} onClick={() => props.onJump(props.seq)}>
      <Show when={line()} fallback={<span class="oneline">{line() === null ? t("chat.replyGone") : "…"}</span>}>
        {(found) => (
          <>
            <span class={`quote-name theirs oneline ink-${hue(found().senderId, 8)}`}>
              {found().senderId === state.me ? t("event.you") : state.people.name(found().senderId)}
            </span>
            <span class="theirs oneline">{bodyWords(found().body)}</span>
          </>
        )}
      </Show>
    </button>
  );
}

function Reactions(props: { line: Line; chatId: string }): JSX.Element {
  const app = useApp();
  const { state } = app;
  const keys = createMemo(() => props.line.reactions.map(({ key }) => key), [], { equals: (a, b) => a.join("\n") === b.join("\n") });
  const users = (key: string): readonly string[] => props.line.reactions.find((one) => one.key === key)?.users ?? [];
  const who = (key: string): string =>
    new Intl.ListFormat(language()).format(users(key).slice(0, 12).map((user) => (user === state.me ? t("event.you") : state.people.name(user) || "…")));
  return (
    <div class="reactions">
      <For each={keys()}>
        {(key) => (
          <button
            type="button"
            class="reaction"
            tabIndex={-1}
            aria-pressed={users(key).includes(state.me)}
            title={who(key)}
            onClick={() => react(app, props.chatId, props.line, key)}
          >
            <span class="theirs oneline">{key}</span><Show when={users(key).length > 1}><span class="count">{users(key).length}</span></Show>
            <span class="unseen">{who(key)}</span>
          </button>
        )}
      </For>
    </div>
  );
}
