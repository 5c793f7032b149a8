import { describe, expect, it } from "vitest";
import de from "../messages/de.json";
import en from "../messages/en.json";
import { fill, parse, places, pluralForms } from "./format.ts";

const say = (language: string, message: string, values: Record<string, string | number>): string =>
  fill(parse(message), values, new Intl.PluralRules(language), new Intl.NumberFormat(language)).join("");

describe("a message", () => {
  it("has its places filled", () => expect(say("en", "{a} and {b}", { a: "x", b: "{a}" })).toBe("x and {a}"));
  const unread = "{n, plural, one {# message for {who}} other {# messages for {who}}}";
  it("knows one", () => expect(say("en", unread, { n: 1, who: "us" })).toBe("1 message for us"));
  it("knows many", () => expect(say("en", unread, { n: 1200, who: "us" })).toBe("1,200 messages for us"));
  it("counts as its language does", () => {
    const files = "{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}";
    expect([1, 3, 5].map((n) => say("pl", files, { n }))).toEqual(["1 plik", "3 pliki", "5 plików"]);
  });
  it("with an open brace is refused", () => expect(() => parse("a {b")).toThrow());
});

describe.each(Object.entries({ de }))("%s", (language, messages: Record<string, string>) => {
  it("says everything that English says, and nothing else", () =>
    expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort()));
  it.each(Object.entries(en))("%s has the same places", (key, english) => {
    const set = (message: string): string[] => [...new Set(places(parse(message)))].sort();
    expect(set(messages[key] ?? "")).toEqual(set(english));
  });
  it("has every plural form of the language", () => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
    for (const message of Object.values(messages)) {
      for (const forms of pluralForms(parse(message))) expect(forms.sort()).toEqual(needed);
    }
  });
});
