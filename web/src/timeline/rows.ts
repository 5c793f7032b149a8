// A timeline as rows on screen: days, what is new, messages in groups by sender. Pure.

import type { Line } from "../talk/types.ts";
import { dayOf } from "../time/days.ts";

/** Messages of one sender within this time belong together. */
const GROUP_MS = 5 * 60_000;

export type Row =
  | { readonly is: "begin"; readonly key: "begin" }
  | { readonly is: "day"; readonly key: string; readonly atMs: number }
  | { readonly is: "new"; readonly key: "new" }
  | { readonly is: "event"; readonly key: string; readonly line: Line }
  | {
      readonly is: "message";
      readonly key: string;
      readonly line: Line;
      /** The first and the last of its group. */
      readonly first: boolean;
      readonly last: boolean;
    };

export interface Wanted {
  readonly lines: readonly Line[];
  /** There is nothing above: the chat begins here. */
  readonly whole: boolean;
  readonly me: string;
  /** The own read mark when the chat was opened; what others wrote above it is new. `undefined`: nothing is. */
  readonly readAt: number | undefined;
}

export function rows({ lines, whole, me, readAt }: Wanted): Row[] {
  const made: Row[] = [];
  if (whole) made.push({ is: "begin", key: "begin" });
  let before: Line | undefined;
  let newShown = readAt === undefined;
  lines.forEach((line, place) => {
    let apart = before === undefined;
    if (before === undefined || dayOf(before.atMs) !== dayOf(line.atMs)) {
      made.push({ is: "day", key: `day${line.key}`, atMs: line.atMs });
      apart = true;
    }
    if (!newShown && line.senderId !== me && line.body.type !== "event" && (line.seq ?? 0) > (readAt ?? 0)) {
      made.push({ is: "new", key: "new" });
      newShown = true;
      apart = true;
    }
    if (line.body.type === "event") made.push({ is: "event", key: line.key, line });
    else {
      const next = lines[place + 1];
      const newNext = !newShown && next !== undefined && next.senderId !== me && (next.seq ?? 0) > (readAt ?? 0);
      made.push({
        is: "message",
        key: line.key,
        line,
        first: apart || before === undefined || !together(before, line),
        last: newNext || next === undefined || !together(line, next),
      });
    }
    before = line;
  });
  return made;
}

function together(one: Line, next: Line): boolean {
  const messages = one.body.type !== "event" && next.body.type !== "event";
  const near = Math.abs(next.atMs - one.atMs) <= GROUP_MS && dayOf(one.atMs) === dayOf(next.atMs);
  return messages && near && one.senderId === next.senderId;
}

/** Whether a row has to be drawn again. */
export function sameRow(one: Row, other: Row): boolean {
  if (one.is !== other.is || one.key !== other.key) return false;
  if (one.is === "message" && other.is === "message") {
    return one.line === other.line && one.first === other.first && one.last === other.last;
  }
  return one.is !== "event" || (other.is === "event" && one.line === other.line);
}

/**
 * The first place in `first..=last` whose time is at or after `atMs`, or `last`. Times rise nearly always, so that
 * halving finds it with a handful of looks. `timeAt` may not know a place (`undefined`): it then counts as early.
 */
export async function firstAtOrAfter(
  first: number,
  last: number,
  atMs: number,
  timeAt: (seq: number) => Promise<number | undefined>,
): Promise<number> {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const time = await timeAt(middle);
    if (time !== undefined && time >= atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
