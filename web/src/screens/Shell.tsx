// The frame: on a desk the list and beside it what is open, on a phone one of them.

import { createEffect, createMemo, createSignal, type JSX, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import { Ask, type Question } from "../parts/overlays.tsx";
import { Button, Empty } from "../parts/parts.tsx";
import { go, route, toChat } from "../route/route.ts";
import { createState } from "../talk/state.ts";
import type { Client } from "../talk/types.ts";
import { calmLine } from "../text/calm.ts";
import { plainText } from "../text/markdown.ts";
import { t } from "../words/words.ts";
import { type App, AppContext } from "./app.ts";
import { ChatList } from "./ChatList.tsx";
import { ConnectionBar } from "./ConnectionBar.tsx";
import { Conversation } from "./Conversation.tsx";
import { Info } from "./Info.tsx";
import { Keys } from "./Keys.tsx";
import { NewChat } from "./NewChat.tsx";
import { NewGroup } from "./NewGroup.tsx";
import { Settings } from "./Settings.tsx";
import { shortcuts } from "./shortcuts.ts";

const NOTICE_MS = 4_000;

export function Shell(props: { talk: Client; onLoggedOut: () => void }): JSX.Element {
  const state = createState(props.talk);
  const [said, setSaid] = createSignal("");
  const [notice, setNotice] = createSignal("");
  const [question, setQuestion] = createSignal<Question>();
  const [keys, setKeys] = createSignal(false);
  let noticeTimer: ReturnType<typeof setTimeout> | undefined;

  const app: App = {
    state,
    announce(text) {
      // The same words twice are said twice.
      setSaid("");
      setTimeout(() => setSaid(text), 50);
    },
    notice(text) {
      clearTimeout(noticeTimer);
      setNotice(text);
      noticeTimer = setTimeout(() => setNotice(""), NOTICE_MS);
    },
    ask: setQuestion,
    async logOut() {
      state.people.forget();
      await props.talk.logOut();
      props.onLoggedOut();
    },
  };

  const chatId = createMemo(() => {
    const here = route();
    return here.at === "chat" ? here.chatId : undefined;
  });
  /** A direct chat can be open before it exists; when its first message has made it, it is opened once more, so that
   * the server too knows of it. */
  const opened = createMemo(() => [chatId(), state.chat(chatId() ?? "") !== undefined] as const, undefined, {
    equals: (a, b) => a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1],
  });
  createEffect(() => props.talk.openChat(opened()[0] ?? null));

  createEffect(() => {
    const here = route();
    if (here.at !== "user") return;
    state.talk.rest.userByName(here.username).then(
      (profile) => {
        state.people.learn(profile);
        go(toChat(state.talk.directChat(profile.userId)), true);
      },
      () => {
        app.notice(t("error.notFound"));
        go({ at: "chats" }, true);
      },
    );
  });

  onMount(() => {
    const here = (): void => props.talk.setActive(document.visibilityState === "visible" && document.hasFocus());
    here();
    const ends = [
      props.talk.on("notify", ({ chatId: where, seq }) => void tell(where, seq)),
      props.talk.on("closed", props.onLoggedOut),
      shortcuts({ state, chatId, showKeys: () => setKeys(true) }),
    ];
    for (const name of ["focus", "blur"]) addEventListener(name, here);
    document.addEventListener("visibilitychange", here);
    onCleanup(() => {
      for (const end of ends) end();
      for (const name of ["focus", "blur"]) removeEventListener(name, here);
      document.removeEventListener("visibilitychange", here);
      clearTimeout(noticeTimer);
    });
  });
  const tell = async (where: string, seq: number): Promise<void> => {
    const [line] = await state.talk.look(where, seq, seq);
    if (line?.body.type !== "content") return;
    const text = calmLine(plainText(line.body.text), 200);
    app.announce(t("announce.message", { name: state.people.name(line.senderId) || state.title(where), text }));
  };

  createEffect(() => {
    const unread = state.chats().reduce((sum, chat) => sum + (chat.muted ? 0 : chat.unread), 0);
    document.title = unread > 0 ? `(${unread > 999 ? "999+" : unread}) ${t("app.name")}` : t("app.name");
  });

  const closeOver = (): void => go({ at: "chats" });
  return (
    <AppContext.Provider value={app}>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>{t("app.skip")}</a>
      <main class="shell" data-pane={chatId() !== undefined || route().at === "settings" || route().at === "nowhere" ? "main" : "list"}>
        <section class="pane-list" aria-label={t("list.title")}>
          <ChatList chatId={chatId()} />
          <ConnectionBar />
        </section>
        <div class="pane-main" id="main" tabIndex={-1}>
          <Switch fallback={<Empty icon="chat" title={t("chat.noneTitle")} hint={t("chat.noneHint")} />}>
            <Match when={chatId()} keyed>{(id) => <Conversation chatId={id} />}</Match>
            <Match when={route().at === "settings"}><Settings onKeys={() => setKeys(true)} /></Match>
            <Match when={route().at === "nowhere"}>
              <Empty icon="info" title={t("app.notFound")}>
                <Button kind="primary" onClick={() => go({ at: "chats" })}>{t("app.toChats")}</Button>
              </Empty>
            </Match>
          </Switch>
          <div class="phone-only"><ConnectionBar /></div>
        </div>
      </main>
      <NewChat open={route().at === "new"} onClose={closeOver} />
      <NewGroup open={route().at === "newGroup"} onClose={closeOver} />
      <Show when={chatId()} keyed>
        {(id) => <Info chatId={id} open={(() => { const here = route(); return here.at === "chat" && here.info; })()} onClose={() => go(toChat(id))} />}
      </Show>
      <Keys open={keys()} onClose={() => setKeys(false)} />
      <Ask question={question()} onClose={() => setQuestion(undefined)} />
      <div class="notice-place" role="status"><Show when={notice()}><div class="notice">{notice()}</div></Show></div>
      <div class="unseen" role="log" aria-live="polite">{said()}</div>
    </AppContext.Provider>
  );
}
