// Rows that keep their place on screen: one object a key, whose row changes inside it.

import { type Accessor, createSignal, type Setter } from "solid-js";
import { type Row, sameRow } from "./rows.ts";

export interface Held {
  readonly key: string;
  readonly row: Accessor<Row>;
}

/** Gives each row the object that its key had before. */
export function held(): (rows: readonly Row[]) => readonly Held[] {
  let known = new Map<string, Held & { set: Setter<Row> }>();
  return (rows) => {
    const next: typeof known = new Map();
    for (const row of rows) {
      const before = known.get(row.key);
      if (before === undefined) {
        const [get, set] = createSignal<Row>(row, { equals: sameRow });
        next.set(row.key, { key: row.key, row: get, set });
      } else {
        before.set(() => row);
        next.set(row.key, before);
      }
    }
    known = next;
    return [...next.values()];
  };
}

/** Whether rows came or went at the top alone, so that the place on screen is counted from the end. */
export function shiftedAbove(before: readonly Held[], next: readonly Held[]): boolean {
  const last = before.at(-1);
  return last !== undefined && before.length !== next.length && last === next.at(-1);
}
