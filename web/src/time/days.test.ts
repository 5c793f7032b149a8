import { describe, expect, it } from "vitest";
import { ago, clock, dayName, dayOf, isoDay, shortTime, startOfDay, untilMidnight } from "./days.ts";

const at = (text: string): number => new Date(text).getTime();
const now = at("2026-03-10T15:00:00");
const words = { today: "Today", yesterday: "Yesterday" };

describe("a day", () => {
  it.each([
    ["2026-03-10T00:00:00", "Today"],
    ["2026-03-09T23:59:00", "Yesterday"],
    ["2026-03-08T12:00:00", "Sunday"],
    ["2026-03-03T12:00:00", "March 3"],
    ["2025-12-31T12:00:00", "December 31, 2025"],
    ["2026-03-11T12:00:00", "March 11"],
  ])("%s is named %s", (day, name) => expect(dayName("en", words, at(day), now)).toBe(name));

  it("follows the day before by one, also where the clock was put forward", () => {
    expect(dayOf(at("2026-03-30T00:30:00")) - dayOf(at("2026-03-29T23:30:00"))).toBe(1);
  });
  it("goes to the date field and back", () => {
    expect(isoDay(now)).toBe("2026-03-10");
    expect(startOfDay("2026-03-10")).toBe(at("2026-03-10T00:00:00"));
    expect(startOfDay("x")).toBeUndefined();
  });
  it("ends at midnight", () => expect(untilMidnight(at("2026-03-10T23:59:00"))).toBe(60_000));
});

describe("a time in the list", () => {
  it("of today is a clock time", () => expect(shortTime("de", words, at("2026-03-10T09:05:00"), now)).toBe("09:05"));
  it("of this week is a weekday", () => expect(shortTime("en", words, at("2026-03-06T09:05:00"), now)).toBe("Fri"));
  it("of long ago is a date", () => expect(shortTime("de", words, at("2024-03-06T09:05:00"), now)).toBe("06.03.24"));
  it("of a clock that is ahead is a clock time", () =>
    expect(shortTime("de", words, at("2026-03-11T09:05:00"), now)).toBe(clock("de", at("2026-03-11T09:05:00"))));
});

describe("how long ago", () => {
  it.each([
    ["2026-03-10T14:59:30", "now"],
    ["2026-03-10T14:40:00", "20 minutes ago"],
    ["2026-03-10T13:00:00", "2 hours ago"],
    ["2026-03-09T13:00:00", "yesterday"],
    ["2026-03-05T13:00:00", "5 days ago"],
  ])("%s is %s", (time, said) => expect(ago("en", "now", at(time), now)).toBe(said));
});
