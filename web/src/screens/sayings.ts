// What state is called in words.

import type { State } from "../talk/state.ts";
import type { Body, ChatEvent, ChatId, MemberChange, Role, UserId } from "../talk/types.ts";
import { calmLine } from "../text/calm.ts";
import { plainText } from "../text/markdown.ts";
import { ago } from "../time/days.ts";
import { language, locale, t } from "../words/words.ts";

export function typingWords(state: State, chatId: ChatId): string | undefined {
  const users = state.typing(chatId).filter((user) => user !== state.me);
  const [one, other] = users;
  if (one === undefined) return undefined;
  if (state.peer(chatId) !== undefined) return t("typing.direct");
  if (other === undefined) return t("typing.one", { name: state.people.name(one) || "…" });
  if (users.length === 2) {
    return t("typing.two", { name: state.people.name(one) || "…", other: state.people.name(other) || "…" });
  }
  return t("typing.more", { count: users.length });
}

export function presenceWords(state: State, userId: UserId): string {
  const presence = state.presence(userId);
  if (presence === undefined) return "";
  if (presence.status === "online") return t("presence.online");
  if (presence.status === "away") return t("presence.away");
  const seen = presence.lastSeen === undefined ? Number.NaN : Date.parse(presence.lastSeen);
  if (Number.isNaN(seen)) return "";
  return t("presence.seen", { when: ago(locale(), t("time.now"), seen, state.now()) });
}

/** A message in one line. */
export function bodyWords(body: Body): string {
  switch (body.type) {
    case "content": return calmLine(plainText(body.text.slice(0, 600)), 160);
    case "notYet": return t("chat.notYet");
    case "unreadable": return t("chat.unreadable");
    case "deleted": return t("chat.deleted");
    case "event": return "";
  }
}

const roleWords = (role: Role | undefined): string =>
  t(role === "owner" ? "event.roleOwner" : role === "admin" ? "event.roleAdmin" : "event.roleMember");

/** What happened to the group, a sentence each. */
export function eventWords(state: State, senderId: UserId, event: ChatEvent): string[] {
  const name = (user: UserId): string => (user === state.me ? t("event.you") : state.people.name(user) || "…");
  const who = name(senderId);
  switch (event.kind) {
    case "chat": return chatEventWords(who, event);
    case "member":
    case "mls": return memberWords(senderId, event.changes, name);
    case "other": return [t("event.other")];
  }
}

function chatEventWords(who: string, event: Extract<ChatEvent, { kind: "chat" }>): string[] {
  const said: string[] = [];
  if (event.members !== undefined) said.push(t("event.created", { who }));
  if (event.title !== undefined) said.push(t("event.title", { who, title: calmLine(event.title, 128) }));
  if (event.encryption === "mls") said.push(t("event.encrypted"));
  if (event.members === undefined && (event.history !== undefined || event.whoMayAdd !== undefined)) {
    said.push(t("event.settings", { who }));
  }
  return said.length > 0 ? said : [t("event.settings", { who })];
}

function memberWords(
  senderId: UserId,
  changes: readonly MemberChange[],
  name: (user: UserId) => string,
): string[] {
  const list = new Intl.ListFormat(language());
  const names = (kind: MemberChange["change"]): string[] =>
    changes.filter(({ change }) => change === kind).map(({ userId }) => name(userId));
  const who = name(senderId);
  const said: string[] = [];
  if (names("added").length > 0) said.push(t("event.added", { who, names: list.format(names("added")) }));
  if (names("removed").length > 0) said.push(t("event.removed", { who, names: list.format(names("removed")) }));
  for (const left of names("left")) said.push(t("event.left", { who: left }));
  for (const { change, userId, role } of changes) {
    if (change === "role") said.push(t("event.role", { who, names: name(userId), role: roleWords(role) }));
  }
  return said;
}
