import { describe, expect, it } from "vitest";
import type { Line } from "../talk/types.ts";
import { firstAtOrAfter, type Row, rows } from "./rows.ts";

const noon = new Date("2026-03-10T12:00:00").getTime();
const MINUTE = 60_000;

function line(seq: number, senderId: string, minutes: number, more: Partial<Line> = {}): Line {
  return {
    key: `#${seq}`, seq, senderId, atMs: noon + minutes * MINUTE, edited: false, reactions: [], status: "received",
    pending: [], body: { type: "content", text: "x", content: "x" }, ...more,
  };
}
const event = { body: { type: "event", event: { kind: "other", name: "x" } } } as const;
const say = (made: Row[]): string[] =>
  made.map((row) => (row.is === "message" ? `${row.key}${row.first ? " first" : ""}${row.last ? " last" : ""}` : row.is));
const shown = (lines: Line[], readAt?: number): string[] => say(rows({ lines, whole: false, me: "1", readAt }));

describe("rows", () => {
  it("group what one person says in one go", () =>
    expect(shown([line(1, "2", 0), line(2, "2", 1), line(3, "1", 2), line(4, "1", 9)])).toEqual(
      ["day", "#1 first", "#2 last", "#3 first last", "#4 first last"]));
  it("tell the days apart", () =>
    expect(shown([line(1, "2", 12 * 60 - 1), line(2, "2", 12 * 60)])).toEqual(
      ["day", "#1 first last", "day", "#2 first last"]));
  it("show what is new once, before the first of others", () =>
    expect(shown([line(1, "2", 0), line(2, "1", 0), line(3, "2", 0), line(4, "2", 0)], 1)).toEqual(
      ["day", "#1 first last", "#2 first last", "new", "#3 first", "#4 last"]));
  it("show nothing new where all is read", () =>
    expect(shown([line(1, "2", 0), line(2, "2", 0)], 2)).toEqual(["day", "#1 first", "#2 last"]));
  it("are parted by events", () =>
    expect(shown([line(1, "2", 0), line(2, "2", 0, event), line(3, "2", 0)])).toEqual(
      ["day", "#1 first last", "event", "#3 first last"]));
  it("begin where the chat begins", () =>
    expect(say(rows({ lines: [], whole: true, me: "1", readAt: undefined }))).toEqual(["begin"]));
  it("have keys of their own", () => {
    const keys = rows({ lines: [line(1, "2", 0), line(2, "2", 2000), line(3, "2", 4000)], whole: true, me: "1", readAt: 1 }).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("a day in 100,000 messages", () => {
  it("is found with a handful of looks", async () => {
    let looks = 0;
    const timeAt = async (seq: number): Promise<number> => ((looks += 1), seq * 10);
    expect(await firstAtOrAfter(1, 100_000, 123_456, timeAt)).toBe(12_346);
    expect(looks).toBeLessThan(20);
  });
  it("that comes after all leads to the last", async () =>
    expect(await firstAtOrAfter(1, 9, 1e9, async (seq) => seq)).toBe(9));
});
