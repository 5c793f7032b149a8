// The field to write in: lines, replies, edits, mentions, a draft that stays.

import { createEffect, createMemo, createSignal, createUniqueId, For, type JSX, lazy, on, onCleanup, Show, Suspense } from "solid-js";
import { Modal } from "../parts/overlays.tsx";
import { Avatar, Icon, IconButton } from "../parts/parts.tsx";
import type { Person } from "../talk/people.ts";
import type { Line } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { wordAt } from "./mentioned.ts";
import { shownElsewhere } from "./messageActions.ts";
import { bodyWords } from "./sayings.ts";

const EmojiPicker = lazy(() => import("./EmojiPicker.tsx"));
const TEXT_MAX = 16 * 1024;
const DRAFT_WAIT_MS = 400;
const SUGGESTED_MAX = 6;

export type Writing = { readonly is: "new" } | { readonly is: "reply" | "edit"; readonly line: Line };

const bytes = (text: string): number => new TextEncoder().encode(text).length;
/** Where Enter is on a keyboard of glass, it makes a new line. */
const byTouch = (): boolean => matchMedia("(pointer: coarse)").matches;

export function Composer(props: {
  chatId: string;
  title: string;
  writing: Writing;
  onDone: () => void;
  onEditLast: () => void;
  ref: (element: HTMLTextAreaElement) => void;
}): JSX.Element {
  const app = useApp();
  const { state } = app;
  const id = createUniqueId();
  const [text, setText] = createSignal(state.chat(props.chatId)?.draft ?? "");
  const [cursor, setCursor] = createSignal(0);
  const [chosen, setChosen] = createSignal(0);
  const [dismissed, setDismissed] = createSignal<number>();
  const [picking, setPicking] = createSignal(false);
  let field: HTMLTextAreaElement | undefined;
  let draftTimer: ReturnType<typeof setTimeout> | undefined;
  /** What stood in the field before an edit began. */
  let aside = "";
  const tooLong = createMemo(() => text().length > TEXT_MAX / 4 && bytes(text().trim()) > TEXT_MAX);
  const ready = (): boolean => text().trim() !== "" && !tooLong();

  const keepDraft = (): void => {
    clearTimeout(draftTimer);
    draftTimer = undefined;
    if (props.writing.is !== "edit") state.talk.draft(props.chatId, text());
  };
  onCleanup(() => {
    if (draftTimer !== undefined) keepDraft();
    state.talk.setTyping(props.chatId, false);
  });
  const change = (next: string): void => {
    setText(next);
    setDismissed(undefined);
    if (props.writing.is === "edit") return;
    if (next.trim() !== "") state.talk.setTyping(props.chatId);
    clearTimeout(draftTimer);
    draftTimer = setTimeout(keepDraft, DRAFT_WAIT_MS);
  };
  createEffect(on(() => props.writing, (now, before) => {
    if (now.is === "edit" && now.line.body.type === "content") {
      if (before?.is !== "edit") aside = text();
      setText(now.line.body.text);
    } else if (before?.is === "edit") setText(aside);
  }, { defer: true }));
  // A draft that was written in another tab.
  createEffect(on(() => state.chat(props.chatId)?.draft, (draft) => {
    if (draft !== undefined && document.activeElement !== field && props.writing.is !== "edit") setText(draft);
  }, { defer: true }));

  const submit = (): void => {
    if (!ready()) return;
    const content = text().trim();
    const { writing } = props;
    if (writing.is === "edit") {
      if (writing.line.seq !== undefined && writing.line.body.type === "content" && content !== writing.line.body.text) {
        state.talk.edit(props.chatId, writing.line.seq, content).catch(shownElsewhere);
      }
    } else {
      clearTimeout(draftTimer);
      draftTimer = undefined;
      const replyTo = writing.is === "reply" ? writing.line.seq : undefined;
      state.talk.send(props.chatId, content, replyTo === undefined ? {} : { replyTo }).catch(shownElsewhere);
      state.talk.setTyping(props.chatId, false);
      setText("");
    }
    props.onDone();
  };

  const word = createMemo(() => (state.chat(props.chatId)?.kind === "group" ? wordAt(text(), cursor()) : undefined));
  const suggested = createMemo((): Person[] => {
    const at = word();
    if (at === undefined || dismissed() === at.from) return [];
    const found = state.people.all()
      .filter((one) => one.userId !== state.me && (one.username?.startsWith(at.name) || one.displayName?.toLocaleLowerCase().startsWith(at.name)))
      .sort((a, b) => (a.username ?? "").localeCompare(b.username ?? ""))
      .slice(0, SUGGESTED_MAX);
    // A name that is written out needs no suggestion, and Enter sends.
    return found.length === 1 && found[0]?.username === at.name ? [] : found;
  });
  createEffect(on(suggested, () => setChosen(0)));
  const insert = (from: number, to: number, words: string): void => {
    change(text().slice(0, from) + words + text().slice(to));
    queueMicrotask(() => {
      field?.focus();
      field?.setSelectionRange(from + words.length, from + words.length);
      setCursor(from + words.length);
    });
  };
  const mention = (person: Person): void => {
    const at = word();
    if (at !== undefined) insert(at.from, cursor(), `@${person.username} `);
  };

  const suggestionKey = (event: KeyboardEvent): boolean => {
    const count = suggested().length;
    const person = suggested()[chosen()];
    if (person === undefined) return false;
    if (event.key === "ArrowDown") setChosen((chosen() + 1) % count);
    else if (event.key === "ArrowUp") setChosen((chosen() + count - 1) % count);
    else if (event.key === "Enter" || event.key === "Tab") mention(person);
    else if (event.key === "Escape") setDismissed(word()?.from);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (suggestionKey(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && (!byTouch() || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && props.writing.is !== "new") {
      event.preventDefault();
      props.onDone();
    } else if (event.key === "ArrowUp" && text() === "" && !event.altKey) {
      event.preventDefault();
      props.onEditLast();
    }
  };
  const place = (): void => void setCursor(field?.selectionStart ?? 0);
  return (
    <div class="composer">
      <Show when={props.writing.is !== "new" && props.writing}>
        {(writing) => (
          <div class="composer-about">
            <Icon name={writing().is === "edit" ? "edit" : "reply"} />
            <span class="composer-about-words">
              <strong class="theirs oneline">
                {writing().is === "edit" ? t("chat.editing") : t("chat.replyTo", { name: writing().line.senderId === state.me ? t("event.you") : state.people.name(writing().line.senderId) })}
              </strong>
              <span class="theirs oneline">{bodyWords(writing().line.body)}</span>
            </span>
            <IconButton icon="close" label={writing().is === "edit" ? t("chat.cancelEdit") : t("chat.cancelReply")} onClick={props.onDone} />
          </div>
        )}
      </Show>
      <Show when={suggested().length > 0}>
        <ul class="suggestions" role="listbox" id={`${id}list`} aria-label={t("mention.suggestions")}>
          <For each={suggested()}>
            {(person, at) => (
              <li role="option" id={`${id}${at()}`} aria-selected={at() === chosen()} onPointerDown={(event) => {
                event.preventDefault();
                mention(person);
              }}>
                <Avatar id={person.userId} name={state.people.name(person.userId)} size="s" />
                <span class="theirs oneline">{state.people.name(person.userId)}</span>
                <span class="soft oneline">@{person.username}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <form class="composer-row" onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}>
        <IconButton icon="smile" label={t("chat.emoji")} onClick={() => setPicking(true)} />
        <label class="unseen" for={id}>{t("chat.composerTo", { name: props.title })}</label>
        <div class="grow" data-text={`${text()}\n`}>
          <textarea
            ref={(element) => {
              field = element;
              props.ref(element);
            }}
            id={id}
            rows="1"
            dir="auto"
            placeholder={t("chat.composer")}
            value={text()}
            enterkeyhint={byTouch() ? "enter" : "send"}
            aria-autocomplete="list"
            aria-controls={suggested().length > 0 ? `${id}list` : undefined}
            aria-activedescendant={suggested().length > 0 ? `${id}${chosen()}` : undefined}
            aria-invalid={tooLong()}
            onInput={(event) => {
              change(event.currentTarget.value);
              place();
            }}
            onKeyUp={place}
            onClick={place}
            onKeyDown={onKeyDown}
          />
        </div>
        <button type="submit" class="send" disabled={!ready()} aria-label={props.writing.is === "edit" ? t("chat.save") : t("chat.send")}>
          <Icon name={props.writing.is === "edit" ? "check" : "send"} />
        </button>
      </form>
      <Show when={tooLong()}><p class="field-error" role="alert">{t("error.tooLong")}</p></Show>
      <Modal open={picking()} title={t("chat.emoji")} onClose={() => setPicking(false)}>
        <Suspense fallback={<p class="loading">{t("emoji.loading")}</p>}>
          <EmojiPicker onPick={(emoji) => {
            setPicking(false);
            const at = cursor();
            setTimeout(() => insert(at, at, emoji));
          }} />
        </Suspense>
      </Modal>
    </div>
  );
}
