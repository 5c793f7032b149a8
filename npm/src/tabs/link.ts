// Between a client and the host of its device, which may be in this tab, or in another.

import type { Host, ScreenEvents } from "../driver/host.js";
import type { Wish } from "../engine/wire.js";
import type { ChatId, Seq } from "../types.js";

/** What a client hears of its host. */
export interface LinkEvents extends ScreenEvents {
  /** A host is there, another one than before: it knows nothing of this screen yet, and its next update holds
   * everything. */
  attached(): void;
  /** No host can be had any more. */
  failed(error: unknown): void;
}

export interface Link {
  /** Goes to the host that is there; without one, nowhere: the client says it again when one is attached. */
  wish(number: number, wish: Wish): void;
  positions(): Promise<[ChatId, Seq][]>;
  keepPosition(chatId: ChatId, seq: Seq): Promise<void>;
  close(): Promise<void>;
}

/** A host of one's own. */
export class OwnLink implements Link {
  readonly #host: Host;
  readonly #screen: number;

  constructor(host: Host, events: LinkEvents) {
    this.#host = host;
    this.#screen = host.attach(events);
    queueMicrotask(() => events.attached());
  }

  wish(number: number, wish: Wish): void {
    this.#host.wish(this.#screen, number, wish);
  }

  positions(): Promise<[ChatId, Seq][]> {
    return this.#host.positions();
  }

  keepPosition(chatId: ChatId, seq: Seq): Promise<void> {
    return this.#host.keepPosition(chatId, seq);
  }

  close(): Promise<void> {
    return this.#host.close();
  }
}
