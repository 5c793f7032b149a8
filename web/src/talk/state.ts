// The state of the client as signals. The client says what is different; here it is only read again.

import { createEffect, createMemo, createSignal, onCleanup } from "solid-js";
import { calmLine } from "../text/calm.ts";
import { t } from "../words/words.ts";
import { createPeople, type People } from "./people.ts";
import type { Chat, ChatId, Client, Connection, Presence, Timeline, UserId } from "./types.ts";

const WATCHED_MAX = 200;

export interface State {
  readonly talk: Client;
  readonly me: UserId;
  readonly people: People;
  connection(): Connection;
  listed(): boolean;
  chats(): readonly Chat[];
  chat(chatId: ChatId): Chat | undefined;
  timeline(): Timeline;
  typing(chatId: ChatId): readonly UserId[];
  presence(userId: UserId): Presence | undefined;
  /** What a chat is called. */
  title(chatId: ChatId): string;
  /** The other side of a direct chat, also of one that does not exist yet; oneself for notes. */
  peer(chatId: ChatId): UserId | undefined;
  /** The time, exact to half a minute. */
  now(): number;
}

export function createState(talk: Client): State {
  const again = { equals: false } as const;
  const [connection, setConnection] = createSignal(talk.connection);
  const [listed, setListed] = createSignal(talk.listed);
  const [chats, setChats] = createSignal(talk.chats());
  const [timeline, setTimeline] = createSignal(talk.timeline());
  const [typed, setTyped] = createSignal(0, again);
  const [seen, setSeen] = createSignal(0, again);
  const [now, setNow] = createSignal(Date.now());
  const people = createPeople(talk.rest, talk.userId, () => t("list.deletedUser"));
  people.name(talk.userId);
  const byId = createMemo(() => new Map(chats().map((chat) => [chat.chatId, chat])));

  const ends = [
    talk.on("connection", () => {
      if (talk.connection.state === "online" && connection().state !== "online") people.again();
      setConnection(talk.connection);
      setListed(talk.listed);
    }),
    talk.on("chats", () => void setChats(talk.chats())),
    talk.on("timeline", () => void setTimeline(talk.timeline())),
    talk.on("typing", () => void setTyped(0)),
    talk.on("presence", () => void setSeen(0)),
  ];
  const tick = setInterval(() => setNow(Date.now()), 30_000);
  onCleanup(() => {
    for (const end of ends) end();
    clearInterval(tick);
  });

  const peer = (chatId: ChatId): UserId | undefined => {
    const [, low, high] = /^d\.(\d+)\.(\d+)$/.exec(chatId) ?? [];
    return low === talk.userId ? high : low;
  };
  const peers = createMemo(
    () => chats().flatMap((chat) => (chat.peer === undefined ? [] : [chat.peer])).slice(0, WATCHED_MAX).sort(),
    [],
    { equals: (a, b) => a.length === b.length && a.every((id, place) => id === b[place]) },
  );
  createEffect(() => talk.watch(peers()));

  return {
    talk,
    me: talk.userId,
    people,
    connection,
    listed,
    chats,
    chat: (chatId) => byId().get(chatId),
    timeline,
    typing: (chatId) => (typed(), talk.typing(chatId)),
    presence: (userId) => (seen(), talk.presence(userId)),
    title(chatId) {
      const other = peer(chatId);
      if (other === talk.userId) return t("list.notes");
      if (other !== undefined) return people.name(other);
      return calmLine(byId().get(chatId)?.title ?? "", 128) || t("list.untitled");
    },
    peer,
    now,
  };
}
