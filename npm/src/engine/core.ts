// The engine as an object: WebAssembly behind it, typed values in and out. Gives it its clock and its dice.

import init, { Core as Bound, initSync } from "../../wasm/chinwag.js";
import type { Effect, EngineEvent, Range, Row, Update, Wish } from "./wire.js";

let ready: Promise<unknown> | undefined;

/** Loads the module once. In browsers it is fetched from beside the script; Node hands in its bytes. */
export function loadEngine(bytes?: () => Promise<BufferSource>): Promise<unknown> {
  if (!ready) {
    ready = bytes ? bytes().then((module) => initSync({ module })) : init();
    // Not to be had now may be had later.
    ready.catch(() => (ready = undefined));
  }
  return ready;
}

/** A clock that does not run backwards, in milliseconds. */
export const now = (): number => Math.floor(performance.timeOrigin + performance.now());

const dice = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;

export class Core {
  readonly #bound: Bound;

  constructor(userId: string, deviceId: string, rows: Row[]) {
    this.#bound = new Bound(userId, deviceId, JSON.stringify(rows));
  }

  /** What has to be loaded from the store before. */
  static startupRanges(): Range[] {
    return JSON.parse(Bound.startupRanges()) as Range[];
  }

  event(event: EngineEvent): Effect[] {
    return JSON.parse(this.#bound.event(now(), dice(), JSON.stringify(event))) as Effect[];
  }

  /** Throws where the text is no frame. */
  frame(text: string): Effect[] {
    return JSON.parse(this.#bound.frame(now(), dice(), text)) as Effect[];
  }

  wish(screen: number, wish: Wish): Effect[] {
    return JSON.parse(this.#bound.wish(now(), dice(), screen, JSON.stringify(wish))) as Effect[];
  }

  attach(screen: number): void {
    this.#bound.attach(screen);
  }

  detach(screen: number): Effect[] {
    return JSON.parse(this.#bound.detach(now(), dice(), screen)) as Effect[];
  }

  /** An `Update` as text, so that it can be handed on unread. */
  update(screen: number): string | undefined {
    return this.#bound.update(screen);
  }

  free(): void {
    this.#bound.free();
  }
}

export const parseUpdate = (text: string): Update => JSON.parse(text) as Update;
