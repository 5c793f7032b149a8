// The list of chats, and the search.

import { createMemo, createResource, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";
import { Empty, IconButton, Button, Skeleton } from "../parts/parts.tsx";
import { SearchField } from "../parts/forms.tsx";
import { go, toChat } from "../route/route.ts";
import type { Line } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { ChatItem, MessageHit } from "./ChatItem.tsx";

const HITS_MAX = 30;
const WAIT_MS = 120;

export interface Hit {
  readonly chatId: string;
  readonly line: Line;
}

const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

export function ChatList(props: { chatId: string | undefined }): JSX.Element {
  const { state } = useApp();
  const [query, setQuery] = createSignal("");
  const [asked, setAsked] = createSignal("");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let list: HTMLElement | undefined;

  const type = (text: string): void => {
    setQuery(text);
    clearTimeout(timer);
    timer = setTimeout(() => setAsked(text.trim()), WAIT_MS);
  };
  const [hits] = createResource(asked, async (words): Promise<Hit[]> => {
    if (words === "") return [];
    const found = (await state.talk.search(words)).slice(0, HITS_MAX);
    const looked = await Promise.all(found.map(async ({ chatId, seq }) => {
      const [line] = await state.talk.look(chatId, seq, seq);
      return line === undefined ? [] : [{ chatId, line }];
    }));
    return looked.flat();
  });
  const ids = createMemo(() => state.chats().map((chat) => chat.chatId));
  const named = createMemo(() => {
    const words = fold(asked());
    return words === "" ? [] : ids().filter((id) => fold(state.title(id)).includes(words));
  });

  /** Up and down through what is listed, from the search field too. */
  const move = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && query() !== "") {
      event.preventDefault();
      type("");
      setAsked("");
      return;
    }
    if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.altKey) return;
    const links = [...(list?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = links[event.key === "ArrowDown" ? at + 1 : at - 1];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <>
      <header class="list-head">
        <h1>{t("list.title")}</h1>
        <IconButton icon="settings" label={t("list.settings")} onClick={() => go({ at: "settings" })} />
        <IconButton icon="compose" label={t("list.new")} class="accent" onClick={() => go({ at: "new" })} />
        <SearchField label={t("list.search")} value={query()} onInput={type} onKeyDown={move} />
      </header>
      <nav class="list scroll" aria-label={t("list.title")} ref={(element) => (list = element)} onKeyDown={move}>
        <Switch>
          <Match when={asked() !== ""}>
            <Show when={named().length > 0}>
              <h2 class="list-part">{t("list.chatsFound")}</h2>
              <ul><For each={named()}>{(id) => <ChatItem chatId={id} open={id === props.chatId} />}</For></ul>
            </Show>
            <Show when={(hits.latest ?? []).length > 0}>
              <h2 class="list-part">{t("list.messagesFound")}</h2>
              <ul><For each={hits.latest}>{(hit) => <MessageHit hit={hit} query={asked()} />}</For></ul>
            </Show>
            <Show when={!hits.loading && named().length === 0 && (hits.latest ?? []).length === 0}>
              <Empty icon="search" title={t("list.nothing", { query: asked().slice(0, 60) })} hint={t("list.nothingHint")} />
            </Show>
          </Match>
          <Match when={ids().length > 0}>
            <ul><For each={ids()}>{(id) => <ChatItem chatId={id} open={id === props.chatId} />}</For></ul>
          </Match>
          <Match when={!state.listed() && state.connection().state !== "stopped"}>
            <Skeleton rows={7} label={t("list.loading")} />
          </Match>
          <Match when={true}>
            <Empty icon="chat" title={t("list.empty")} hint={t("list.emptyHint")}>
              <Button kind="primary" icon="compose" onClick={() => go({ at: "new" })}>{t("list.emptyNew")}</Button>
              <Button kind="quiet" icon="notes" onClick={() => go(toChat(state.talk.directChat(state.me)))}>{t("list.emptyNotes")}</Button>
            </Empty>
          </Match>
        </Switch>
      </nav>
    </>
  );
}
