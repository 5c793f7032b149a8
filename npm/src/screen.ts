// The state of one screen: updates of the engine applied, objects that did not change kept as they are.

import type { Update } from "./engine/wire.js";
import type { Chat, ChatId, Connection, Line, Presence, Timeline, UserId } from "./types.js";

const NO_TIMELINE: Timeline = { chatId: null, lines: [], above: false, below: false };

/** What an update made different. */
export interface Difference {
  connection: boolean;
  chats: ChatId[] | undefined;
  timeline: boolean;
  typing: ChatId[];
  presence: boolean;
}

export class Screen {
  connection: Connection = { state: "connecting" };
  listed = false;
  unsettled = 0;
  chats: readonly Chat[] = [];
  timeline: Timeline = NO_TIMELINE;
  presence: ReadonlyMap<UserId, Presence> = new Map();
  readonly #byId = new Map<ChatId, Chat>();
  readonly #typing = new Map<ChatId, readonly UserId[]>();
  #order: readonly ChatId[] = [];

  chat(chatId: ChatId): Chat | undefined {
    return this.#byId.get(chatId);
  }

  typing(chatId: ChatId): readonly UserId[] {
    return this.#typing.get(chatId) ?? [];
  }

  /** Another host's first update holds everything; its numbers of lines would be those of no line here. */
  forgetLines(): void {
    this.timeline = { ...this.timeline, lines: [] };
  }

  apply(update: Update): Difference {
    const difference: Difference = {
      connection: update.connection !== undefined || update.listed !== undefined,
      chats: this.#applyChats(update),
      timeline: update.timeline !== undefined,
      typing: (update.typing ?? []).map(({ chatId }) => chatId),
      presence: update.presence !== undefined,
    };
    this.connection = update.connection ?? this.connection;
    this.listed = update.listed ?? this.listed;
    this.unsettled = update.unsettled;
    if (update.timeline) this.#applyTimeline(update.timeline);
    for (const { chatId, users } of update.typing ?? []) {
      if (users.length > 0) this.#typing.set(chatId, users);
      else this.#typing.delete(chatId);
    }
    if (update.presence) {
      this.presence = new Map(update.presence.map((presence) => [presence.userId, presence]));
    }
    return difference;
  }

  #applyChats(update: Update): ChatId[] | undefined {
    for (const chat of update.chats ?? []) this.#byId.set(chat.chatId, chat);
    this.#order = update.order ?? this.#order;
    if (!update.chats && !update.order) return undefined;
    this.chats = this.#order.flatMap((chatId) => this.#byId.get(chatId) ?? []);
    return (update.chats ?? []).map(({ chatId }) => chatId);
  }

  #applyTimeline({ chatId, above, below, lines }: NonNullable<Update["timeline"]>): void {
    const before = this.timeline.chatId === chatId ? this.timeline.lines : [];
    const after = lines
      ? lines.flatMap((part): Line | Line[] => (typeof part === "number" ? (before[part] ?? []) : part))
      : before;
    this.timeline = { chatId, lines: after, above, below };
  }
}
