// The bot's view: messages of others, each once, in the order of their chat.

import type { Chat, ChatId, Line, Message, Seq } from "./types.js";

/** What it needs of a client. */
export interface Finding {
  /** Absent until the list is known. */
  chats(): readonly Chat[] | undefined;
  look(chatId: ChatId, from: Seq, to: Seq): Promise<Line[]>;
  positions(): Promise<[ChatId, Seq][]>;
  keep(chatId: ChatId, seq: Seq): Promise<void>;
  onChange(listener: () => void): () => void;
  isOver(): boolean;
}

/** Seqs that are looked at together. */
const STRETCH = 100;

export class Messages implements AsyncIterableIterator<Message> {
  readonly #finding: Finding;
  readonly #found: Message[] = [];
  readonly #stop: () => void;
  #positions: Map<ChatId, Seq> | undefined;
  #handed: Message | undefined;
  #changed = true;
  #wake: (() => void) | undefined;
  #over = false;

  constructor(finding: Finding) {
    this.#finding = finding;
    this.#stop = finding.onChange(() => {
      this.#changed = true;
      this.#wake?.();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    await this.#handled();
    while (!this.#over && !this.#finding.isOver()) {
      const message = this.#found.shift();
      if (message) {
        this.#handed = message;
        return { done: false, value: message };
      }
      if (await this.#find()) continue;
      if (!this.#changed && !this.#finding.isOver()) await new Promise<void>((wake) => (this.#wake = wake));
      this.#wake = undefined;
    }
    return this.return();
  }

  /** The message in hand does not count as handled. */
  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#over = true;
    this.#stop();
    this.#wake?.();
    return { done: true, value: undefined };
  }

  async #handled(): Promise<void> {
    const message = this.#handed;
    this.#handed = undefined;
    if (message && !this.#finding.isOver()) await this.#finding.keep(message.chatId, message.seq);
  }

  /** Looks at the first chat that has something new; whether there was one. */
  async #find(): Promise<boolean> {
    this.#changed = false;
    const chats = this.#finding.chats();
    if (!chats) return false;
    const positions = (this.#positions ??= new Map(await this.#finding.positions()));
    for (const { chatId, read, first, last } of chats) {
      const after = Math.max(positions.get(chatId) ?? read, first - 1);
      if (after >= last) continue;
      const to = Math.min(last, after + STRETCH);
      const lines = await this.#finding.look(chatId, after + 1, to);
      const waits = lines.find((line) => line.body.type === "notYet")?.seq;
      this.#found.push(...lines.flatMap((line) => asMessage(chatId, line, waits)));
      const reached = waits === undefined ? to : waits - 1;
      positions.set(chatId, reached);
      if (reached > after) return true;
    }
    return false;
  }
}

function asMessage(chatId: ChatId, line: Line, before = Infinity): Message[] {
  const { seq, senderId, atMs, replyTo, body } = line;
  if (line.status !== "received" || seq === undefined || seq >= before || body.type !== "content") return [];
  const { text, content } = body;
  return [{ chatId, seq, senderId, atMs, ...(replyTo === undefined ? {} : { replyTo }), text, content }];
}
