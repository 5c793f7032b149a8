// The messages of a chat: only those near the screen are drawn, and what is on screen stays where it is when others
// come above it.

import { batch, createComputed, createEffect, createMemo, createSignal, on, type JSX, Match, onCleanup, onMount, Show, Switch, untrack } from "solid-js";
import { Virtualizer, type VirtualizerHandle } from "virtua/solid";
import { Button, Empty, Icon, Skeleton } from "../parts/parts.tsx";
import { held, type Held, shiftedAbove } from "../timeline/held.ts";
import { type Row, rows } from "../timeline/rows.ts";
import type { Line } from "../talk/types.ts";
import { dayName } from "../time/days.ts";
import { locale, t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { jumpTaken, pendingJump } from "./jump.ts";
import { MessageMenu, type Menued } from "./MessageMenu.tsx";
import { MessageRow } from "./Message.tsx";
import { messageKeys } from "./messageKeys.ts";
import { eventWords } from "./sayings.ts";

/** How near to the end still counts as at the end, and how near to an end more is asked for, in pixels. */
const AT_END = 48;
const NEAR = 900;
/** Until the rows that come into view are measured. */
const SETTLE_MS = 120;

export function Timeline(props: {
  chatId: string;
  onReply: (line: Line) => void;
  onEdit: (line: Line) => void;
  onHello: () => void;
}): JSX.Element {
  const app = useApp();
  const { state } = app;
  const chat = createMemo(() => state.chat(props.chatId));
  const mine = createMemo(() => (state.timeline().chatId === props.chatId ? state.timeline() : undefined));
  const lines = createMemo((): readonly Line[] => mine()?.lines ?? []);
  const opened = untrack(chat);
  const [readAt, setReadAt] = createSignal(opened !== undefined && opened.unread > 0 ? opened.read : undefined);
  const [focusKey, setFocusKey] = createSignal<string>();
  const [flash, setFlash] = createSignal<number>();
  const [atEnd, setAtEnd] = createSignal(true);
  const [menu, setMenu] = createSignal<Menued>();
  const [scroller, setScroller] = createSignal<HTMLElement>();
  let handle: VirtualizerHandle | undefined;
  /** The end stays in view, whatever comes, until the user scrolls up. */
  let stays = false;
  let offsetBefore = 0;
  /** Where to go as soon as the lines are there. */
  let target: { seq?: number } | undefined = {};
  let asked: "older" | "newer" | undefined;

  const made = createMemo((): Row[] =>
    rows({ lines: lines(), whole: mine() !== undefined && !mine()?.above, me: state.me, readAt: readAt() }));
  const [list, setList] = createSignal<readonly Held[]>([]);
  const [shift, setShift] = createSignal(false);
  const keep = held();
  createComputed(() => {
    const next = keep(made());
    const before = untrack(list);
    batch(() => {
      setShift(shiftedAbove(before, next));
      setList(next);
    });
  });

  const indexOfSeq = (seq: number): number =>
    list().findIndex(({ row }) => {
      const now = row();
      return (now.is === "message" || now.is === "event") && (now.line.seq ?? Infinity) >= seq;
    });
  const toEnd = (): void => {
    stays = true;
    setAtEnd(true);
    handle?.scrollToIndex(list().length - 1, { align: "end" });
  };
  const show = (index: number, align: "start" | "center"): void => handle?.scrollToIndex(index, { align });

  /** Goes to where the chat is to be opened, or to a message that was asked for. */
  const settle = (): void => {
    if (handle === undefined || target === undefined || list().length === 0) return;
    const { seq } = target;
    const index = seq === undefined ? list().findIndex(({ key }) => key === "new") : indexOfSeq(seq);
    if (seq !== undefined && !covers(seq)) return;
    stays = false;
    if (index === -1) toEnd();
    else show(index, seq === undefined ? "start" : "center");
    if (seq !== undefined) {
      setFlash(seq);
      setTimeout(() => setFlash((now) => (now === seq ? undefined : now)), 1_600);
    }
    // Rows that were never drawn have only an estimated height: once more when they are measured.
    const here = target;
    setTimeout(() => {
      if (target !== here) return;
      target = undefined;
      if (index !== -1) show(index, seq === undefined ? "start" : "center");
      else if (stays) toEnd();
      requestAnimationFrame(onScroll);
    }, SETTLE_MS);
  };
  const covers = (seq: number): boolean => {
    const seqs = lines().flatMap((line) => line.seq ?? []);
    const [first, last] = [seqs[0], seqs.at(-1)];
    if (first === undefined || last === undefined) return false;
    return (seq >= first || !mine()?.above) && (seq <= last || !mine()?.below);
  };
  const jump = (seq: number): void => {
    target = { seq };
    if (covers(seq)) settle();
    else state.talk.showAround(seq);
  };
  const toNewest = (): void => {
    target = {};
    setReadAt(undefined);
    if (mine()?.below) state.talk.newest();
    else settle();
  };

  createEffect(on(list, (now, before) => {
    asked = undefined;
    if (target !== undefined) return void requestAnimationFrame(settle);
    const last = lines().at(-1);
    const added = now.length > (before?.length ?? 0) && last?.key !== lastKey;
    lastKey = last?.key;
    const own = added && last?.senderId === state.me;
    if (own) setReadAt(undefined);
    if ((stays || own) && !mine()?.below) requestAnimationFrame(toEnd);
    else requestAnimationFrame(onScroll);
  }));
  let lastKey: string | undefined;

  createEffect(() => {
    const wanted = pendingJump();
    if (wanted?.chatId !== props.chatId) return;
    jumpTaken();
    untrack(() => jump(wanted.seq));
  });

  const markRead = (): void => {
    const last = lastSeen();
    const now = chat();
    if (last === undefined || now === undefined || last <= now.read) return;
    if (document.visibilityState === "visible" && document.hasFocus()) state.talk.read(props.chatId, last);
  };
  /** The newest message that is on screen. */
  const lastSeen = (): number | undefined => {
    if (handle === undefined || target !== undefined) return undefined;
    const end = handle.findItemIndex(handle.scrollOffset + handle.viewportSize - 8);
    for (let at = Math.min(end, list().length - 1); at >= 0; at -= 1) {
      const row = list()[at]?.row();
      if (row !== undefined && (row.is === "message" || row.is === "event") && row.line.seq !== undefined) return row.line.seq;
    }
    return undefined;
  };
  const onScroll = (): void => {
    if (handle === undefined) return;
    const toGo = handle.scrollSize - handle.scrollOffset - handle.viewportSize;
    const { scrollOffset } = handle;
    if (toGo <= 2) stays = !mine()?.below;
    else if (scrollOffset < offsetBefore - 2) stays = false;
    offsetBefore = scrollOffset;
    setAtEnd(stays || (toGo <= AT_END && !mine()?.below));
    if (target === undefined && asked === undefined) {
      if (mine()?.above && handle.scrollOffset < NEAR) {
        asked = "older";
        state.talk.older();
      } else if (mine()?.below && toGo < NEAR) {
        asked = "newer";
        state.talk.newer();
      }
    }
    markRead();
  };
  /** The user takes over before the page has moved: what is measured meanwhile must not pull it back. */
  const onHand = (event: WheelEvent | TouchEvent): void => {
    if ("deltaY" in event && event.deltaY >= 0) return;
    stays = false;
    if (list().length > 0) target = undefined;
  };
  const onResize = (): void => {
    if (stays && target === undefined && !mine()?.below) toEnd();
  };
  onMount(() => {
    const back = (): void => {
      if (document.visibilityState === "visible" && document.hasFocus()) markRead();
      // What comes while nobody looks is new.
      else if (readAt() === undefined && (chat()?.unread ?? 0) === 0) setReadAt(chat()?.last);
    };
    addEventListener("focus", back);
    addEventListener("blur", back);
    // The list measures the frame by an observer of its own; only after it is the new end known.
    const resized = new ResizeObserver(() => requestAnimationFrame(() => requestAnimationFrame(onResize)));
    const box = scroller();
    if (box !== undefined) resized.observe(box);
    onCleanup(() => {
      removeEventListener("focus", back);
      removeEventListener("blur", back);
      resized.disconnect();
    });
  });

  const unreadAbove = createMemo(() => {
    const from = readAt();
    if (from === undefined || !mine()?.above) return false;
    return (lines()[0]?.seq ?? 0) > from + 1;
  });
  const focused = createMemo(() => {
    const keys = list().filter(({ row }) => row().is === "message");
    return keys.find(({ key }) => key === focusKey())?.key ?? keys.at(-1)?.key;
  });
  const mounted = createMemo(() => {
    const at = list().findIndex(({ key }) => key === focusKey());
    return at === -1 ? [] : [at];
  });
  const focusRow = (index: number): void => {
    const to = list()[index];
    if (to === undefined) return;
    setFocusKey(to.key);
    handle?.scrollToIndex(index, { align: "nearest" });
    requestAnimationFrame(() => scroller()?.querySelector<HTMLElement>(`[data-key="${CSS.escape(to.key)}"]`)?.focus({ preventScroll: true }));
  };
  const onKeyDown = messageKeys({
    app,
    chatId: () => props.chatId,
    list,
    focused,
    focusRow,
    openMenu: setMenu,
    reply: (line) => props.onReply(line),
    edit: (line) => props.onEdit(line),
  });

  const draw = (item: Held): JSX.Element => (
    <Switch>
      <Match when={one(item.row(), "message")}>
        {(row) => (
          <MessageRow
            row={row()}
            chatId={props.chatId}
            group={chat()?.kind === "group" || state.peer(props.chatId) === undefined}
            focusable={focused() === item.key}
            flash={flash() !== undefined && flash() === row().line.seq}
            onFocus={() => setFocusKey(item.key)}
            onReply={() => props.onReply(row().line)}
            onMenu={(at, picker) => setMenu({ line: row().line, at, picker })}
            onJump={jump}
          />
        )}
      </Match>
      <Match when={one(item.row(), "day")}>
        {(row) => <div class="day"><span>{dayName(locale(), { today: t("time.today"), yesterday: t("time.yesterday") }, row().atMs, state.now())}</span></div>}
      </Match>
      <Match when={one(item.row(), "event")}>
        {(row) => (
          <div class="event">
            <Show when={row().line.body.type === "event" && row().line} keyed>
              {(line) => line.body.type === "event" && eventWords(state, line.senderId, line.body.event).map((text) => <p class="theirs">{text}</p>)}
            </Show>
          </div>
        )}
      </Match>
      <Match when={item.row().is === "new"}>
        <div class="new-line"><span>{t("chat.newMessages", { count: Math.max(1, newCount()) })}</span></div>
      </Match>
      <Match when={item.row().is === "begin"}><Begin chatId={props.chatId} onHello={props.onHello} /></Match>
    </Switch>
  );
  const newCount = createMemo(() => {
    const from = readAt();
    if (from === undefined) return 0;
    return lines().filter((line) => (line.seq ?? 0) > from && line.senderId !== state.me && line.body.type !== "event").length;
  });

  return (
    <div class="timeline-place">
      <div class="timeline scroll" ref={setScroller} role="group" aria-label={t("chat.messages")} tabIndex={-1} onKeyDown={onKeyDown} onWheel={onHand} onTouchMove={onHand}>
        <Show when={mine() !== undefined && !(lines().length === 0 && mine()?.above)} fallback={<Skeleton rows={6} label={t("list.loading")} />}>
          <div class="timeline-push" />
          <Virtualizer
            ref={(made) => {
              handle = made;
              if (made !== undefined) requestAnimationFrame(settle);
            }}
            {...(scroller() === undefined ? {} : { scrollRef: scroller() as HTMLElement })}
            data={list()}
            shift={shift()}
            bufferSize={600}
            keepMounted={mounted()}
            onScroll={onScroll}
            onResize={onResize}
          >
            {draw}
          </Virtualizer>
        </Show>
      </div>
      <Show when={unreadAbove()}>
        <Button class="float top" icon="down" onClick={() => jump((readAt() ?? 0) + 1)}>{t("chat.toUnread")}</Button>
      </Show>
      <Show when={!atEnd() && lines().length > 0}>
        <button type="button" class="float bottom" title={t("chat.toNewest")} onClick={toNewest}>
          <Icon name="down" /><span class="unseen">{t("chat.toNewest")}</span>
          <Show when={(chat()?.unread ?? 0) > 0}><span class="badge">{(chat()?.unread ?? 0) >= 999 ? "999+" : chat()?.unread}</span></Show>
        </button>
      </Show>
      <MessageMenu menu={menu()} chatId={props.chatId} onClose={() => setMenu(undefined)} onReply={props.onReply} onEdit={props.onEdit} />
    </div>
  );
}

function one<Kind extends Row["is"]>(row: Row, kind: Kind): Extract<Row, { is: Kind }> | undefined {
  return row.is === kind ? (row as Extract<Row, { is: Kind }>) : undefined;
}

function Begin(props: { chatId: string; onHello: () => void }): JSX.Element {
  const { state } = useApp();
  const peer = state.peer(props.chatId);
  const empty = createMemo(() => state.timeline().lines.length === 0);
  const title = (): string => {
    if (peer === undefined) return t("chat.beginGroup");
    return peer === state.me ? t("list.notes") : t("chat.begin", { name: state.title(props.chatId) });
  };
  return (
    <div class="begin" classList={{ alone: empty() }}>
      <Empty icon={peer === undefined ? "people" : peer === state.me ? "notes" : "chat"} title={title()} {...(peer === state.me ? { hint: t("chat.beginNotes") } : {})}>
        <Show when={empty() && peer !== state.me}><Button kind="quiet" onClick={props.onHello}>{t("chat.sayHello")}</Button></Show>
      </Empty>
    </div>
  );
}
