// Rows in memory, in the order of their keys' UTF-8 bytes.

import type { Op, Range, Row } from "../engine/wire.js";

/** JavaScript compares UTF-16 units; this compares as the bytes of UTF-8 do. */
export function compare(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let place = 0; place < shared; place++) {
    const [one, other] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/** Surrogates stand for what comes after all that one unit can say. */
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x2000 : unit >= 0xd800 ? unit + 0x2000 : unit);

export class Rows {
  readonly #values = new Map<string, string>();
  /** Sorted; may hold keys that are no more, and lacks those of `#added`. */
  #keys: string[] = [];
  #added: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  entries(): Iterable<Row> {
    return this.#values;
  }

  apply(ops: readonly Op[]): void {
    for (const op of ops) {
      if ("put" in op) {
        const [key, value] = op.put;
        if (!this.#values.has(key)) this.#added.push(key);
        this.#values.set(key, value);
      } else if ("delete" in op) {
        this.#values.delete(op.delete);
      } else {
        const [from, to] = op.clear;
        this.#sort();
        for (let at = this.#place(from); at < this.#keys.length; at++) {
          const key = this.#keys[at];
          if (key === undefined || compare(key, to) >= 0) break;
          this.#values.delete(key);
        }
      }
    }
  }

  read(ranges: readonly Range[]): Row[] {
    this.#sort();
    const rows: Row[] = [];
    for (const { from, to, limit, backwards } of ranges) {
      const [low, high] = [this.#place(from), this.#place(to)];
      const step = backwards ? -1 : 1;
      let left = limit;
      for (let at = backwards ? high - 1 : low; at >= low && at < high && left > 0; at += step) {
        const key = this.#keys[at] as string;
        const value = this.#values.get(key);
        if (value === undefined) continue;
        rows.push([key, value]);
        left -= 1;
      }
    }
    return rows;
  }

  /** Merges what was added in, and leaves out what is no more. */
  #sort(): void {
    if (this.#added.length === 0) return;
    const added = this.#added.sort(compare);
    this.#added = [];
    const merged: string[] = [];
    let [one, other] = [0, 0];
    while (one < this.#keys.length || other < added.length) {
      const [old, fresh] = [this.#keys[one], added[other]];
      const takesOld = fresh === undefined || (old !== undefined && compare(old, fresh) <= 0);
      const key = (takesOld ? old : fresh) as string;
      if (takesOld) one += 1;
      else other += 1;
      if (this.#values.has(key) && merged[merged.length - 1] !== key) merged.push(key);
    }
    this.#keys = merged;
  }

  /** The place of the first key that is not below. */
  #place(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
