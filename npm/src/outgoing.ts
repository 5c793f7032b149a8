// Wishes on their way to the host, and own records on their way to the server. A host that takes over from another is
// told again what the one before may not have kept.

import { ChinwagError } from "./errors.js";
import type { News, Wish } from "./engine/wire.js";
import type { RecordId, Sent } from "./types.js";

/** An own record: resolves when the server has it for good; rejects when it is refused or taken back. While there is
 * no connection it waits, for as long as it takes. */
export interface Sending extends Promise<Sent> {
  readonly id: RecordId;
  /** Resolves when it is on this device's disk: from then on it goes out, whatever happens to this program. */
  readonly kept: Promise<void>;
}

interface Open {
  wish: Wish & { record: unknown };
  sent: (sent: Sent) => void;
  failed: (error: ChinwagError) => void;
}

interface Waiting {
  wish: Wish;
  kept: (() => void) | undefined;
  failed: ((error: ChinwagError) => void) | undefined;
}

export class Outgoing {
  readonly #tell: (number: number, wish: Wish) => void;
  /** Records that the server has not settled. */
  readonly #records = new Map<RecordId, Open>();
  /** Wishes that are not known to be on disk, by number. */
  readonly #wishes = new Map<number, Waiting>();
  #numbers = 0;
  #closed: ChinwagError | undefined;

  constructor(tell: (number: number, wish: Wish) => void) {
    this.#tell = tell;
  }

  wish(wish: Wish): void {
    this.#put(wish, undefined, undefined);
  }

  record(id: RecordId, wish: Wish & { record: unknown }): Sending {
    let open: Open | undefined;
    let done: (() => void) | undefined;
    const sent = new Promise<Sent>((resolve, reject) => {
      const end = () => this.#records.delete(id);
      open = {
        wish,
        sent: (where) => void (end(), resolve(where)),
        failed: (error) => void (end(), reject(error)),
      };
      this.#records.set(id, open);
    });
    const kept = new Promise<void>((resolve, reject) => {
      done = resolve;
      sent.then(() => resolve(), reject);
    });
    if (this.#closed) open?.failed(this.#closed);
    else this.#put(wish, done, open?.failed);
    // A screen that shows the line's own status need not look at either.
    sent.catch(() => {});
    kept.catch(() => {});
    return Object.assign(sent, { id, kept });
  }

  /** The user takes it back. */
  discarded(id: RecordId): void {
    this.#records.get(id)?.failed(new ChinwagError("discarded", "the record was taken back"));
  }

  kept(upTo: number): void {
    for (const [number, waiting] of this.#wishes) {
      if (number > upTo) break;
      this.#wishes.delete(number);
      waiting.kept?.();
    }
  }

  misunderstood(number: number, reason: string): void {
    const waiting = this.#wishes.get(number);
    this.#wishes.delete(number);
    const error = new ChinwagError("invalid_request", reason);
    if (waiting?.failed) waiting.failed(error);
  }

  news(news: News): void {
    if (news.type === "settled") {
      this.#records.get(news.id)?.sent({ chatId: news.chatId, id: news.id, seq: news.seq });
    } else if (news.type === "refused") {
      const code = news.why === "noStore" ? "store_failed" : `refused_${news.why}`;
      this.#records.get(news.id)?.failed(new ChinwagError(code, `the record was not taken: ${news.why}`));
    } else if (news.type === "failed") {
      const { failure } = news;
      const code = failure.why === "refused" ? failure.code : `${failure.why}_failed`;
      const detail = "detail" in failure ? failure.detail : "it could not be kept on this device";
      this.#records.get(news.id)?.failed(new ChinwagError(code, detail));
    }
  }

  /** Another host is there: what it may know already is told as told before. */
  tellAgain(): void {
    for (const [id, { wish }] of this.#records) {
      const waits = [...this.#wishes.values()].some((waiting) => waiting.wish === wish);
      if (!waits && this.#records.has(id)) this.#wishes.set(++this.#numbers, { wish, kept: undefined, failed: undefined });
    }
    for (const [number, { wish }] of this.#wishes) {
      const record = typeof wish === "object" && "record" in wish ? wish.record : undefined;
      this.#tell(number, record ? { record: { ...record, again: true } } : wish);
    }
  }

  /** What is not settled is refused with this, and all that comes. */
  close(error: ChinwagError): void {
    this.#closed = error;
    for (const { failed } of [...this.#records.values()]) failed(error);
    this.#wishes.clear();
  }

  #put(wish: Wish, kept: Waiting["kept"], failed: Waiting["failed"]): void {
    const number = ++this.#numbers;
    this.#wishes.set(number, { wish, kept, failed });
    this.#tell(number, wish);
  }
}
