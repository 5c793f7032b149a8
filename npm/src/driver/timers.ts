// The engine's timers.

import { now } from "../engine/core.js";
import type { TimerName } from "../engine/wire.js";

/** The longest that `setTimeout` can wait; what is later is looked at again then. */
const WAIT_MAX_MS = 2 ** 31 - 1;

export class Timers {
  readonly #handles = new Map<TimerName, ReturnType<typeof setTimeout>>();
  readonly #fired: (timer: TimerName) => void;

  constructor(fired: (timer: TimerName) => void) {
    this.#fired = fired;
  }

  /** Setting one that is set moves it. */
  set(timer: TimerName, atMs: number): void {
    clearTimeout(this.#handles.get(timer));
    const wait = Math.min(Math.max(0, atMs - now()), WAIT_MAX_MS);
    const handle = setTimeout(() => {
      this.#handles.delete(timer);
      if (now() < atMs) this.set(timer, atMs);
      else this.#fired(timer);
    }, wait);
    this.#handles.set(timer, handle);
  }

  clear(): void {
    for (const handle of this.#handles.values()) clearTimeout(handle);
    this.#handles.clear();
  }
}
