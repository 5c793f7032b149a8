// What can be done with a message.

import type { ChatId, Line } from "../talk/types.ts";
import { t } from "../words/words.ts";
import type { App } from "./app.ts";

/** The client keeps a record that fails, and shows it with what can be done; here it needs no word. */
export const shownElsewhere = (): void => {};

export function mayDelete({ state }: App, chatId: ChatId, line: Line): boolean {
  const chat = state.chat(chatId);
  if (line.seq === undefined || line.body.type === "deleted" || line.body.type === "event" || chat?.gone) return false;
  return line.senderId === state.me || (chat?.kind === "group" && chat.role !== "member");
}

export function askDelete(app: App, chatId: ChatId, line: Line): void {
  const { seq } = line;
  if (seq === undefined) return;
  app.ask({
    title: t("chat.deleteAsk"),
    hint: t("chat.deleteHint"),
    yes: t("chat.deleteDo"),
    run: () => void app.state.talk.delete(chatId, seq).catch(shownElsewhere),
  });
}

export function react({ state }: App, chatId: ChatId, line: Line, key: string): void {
  if (line.seq === undefined) return;
  const on = !line.reactions.some((reaction) => reaction.key === key && reaction.users.includes(state.me));
  state.talk.react(chatId, line.seq, key, on).catch(shownElsewhere);
}
