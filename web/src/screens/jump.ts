// The message that a chat is to be opened at.

import { createSignal } from "solid-js";
import { go, toChat } from "../route/route.ts";
import type { ChatId, Seq } from "../talk/types.ts";

const [jump, setJump] = createSignal<{ readonly chatId: ChatId; readonly seq: Seq }>();

/** Waits to be taken by the conversation that shows the chat. */
export const pendingJump = jump;
export const jumpTaken = (): void => void setJump(undefined);

export function jumpTo(chatId: ChatId, seq: Seq): void {
  go(toChat(chatId));
  setJump({ chatId, seq });
}
