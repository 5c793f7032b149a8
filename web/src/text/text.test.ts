import { describe, expect, it } from "vitest";
import { calm, calmLine, hue, initials, onlyEmoji } from "./calm.ts";
import { type Inline, parseBlocks, parseInline, plainText } from "./markdown.ts";

const short = (inlines: readonly Inline[]): string =>
  inlines.map((one) => {
    switch (one.is) {
      case "text": return one.text;
      case "code": return `<code ${one.text}>`;
      case "link": return `<link ${one.href}>`;
      case "mention": return `<mention ${one.name}>`;
      default: return `<${one.is} ${short(one.inner)}>`;
    }
  }).join("");

describe("inside a line", () => {
  it.each([
    ["**a** *b* _c_ ~~d~~ `e`", "<strong a> <emphasis b> <emphasis c> <strike d> <code e>"],
    ["**a *b* c**", "<strong a <emphasis b> c>"],
    ["2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"],
    ["`**not strong**`", "<code **not strong**>"],
    ["** not **", "** not **"],
    ["see https://a.example/x_(y)?z=1.", "see <link https://a.example/x_(y)?z=1>."],
    ["(https://a.example)", "(<link https://a.example/>)"],
    ["https://bank.example@evil.example/", "https://bank.example<mention evil.example>/".replace("<mention evil.example>", "@evil.example")],
    ["javascript:alert(1) data:text/html,x", "javascript:alert(1) data:text/html,x"],
    ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ["[text](https://a.example)", "[text](<link https://a.example/>)"],
    ["hi @ada.l, mail@host.example", "hi <mention ada.l>, mail@host.example"],
    ["https://a.example/\u202egpj.exe", "<link https://a.example/>\u202egpj.exe"],
  ])("%s", (text, tree) => expect(short(parseInline(text))).toBe(tree));

  it("ends in time for 16 KiB of marks", () => {
    for (const mark of ["*", "_", "~", "`", "**a ", "*a_b~", "@a", "http://"]) {
      expect(parseInline(mark.repeat(16_384 / mark.length)).length).toBeGreaterThan(0);
    }
  });
});

describe("blocks", () => {
  it("are paragraphs, quotes, lists and code", () => {
    const kinds = parseBlocks("a\nb\n\n> q\n- x\n- y\n3. z\n```rust\nfn *main*() {}\n\n```\nend").map((one) => one.is);
    expect(kinds).toEqual(["paragraph", "quote", "list", "list", "codeBlock", "paragraph"]);
  });
  it("keep code as it is, also when the fence stays open", () => {
    expect(parseBlocks("```js\n a *b*\n\n c")).toEqual([{ is: "codeBlock", language: "js", text: " a *b*\n\n c" }]);
  });
  it("are never lost: every word stays", () => {
    const text = "one *two\n> three\n```\nfour\n- five ~~six";
    for (const word of ["one", "two", "three", "four", "five", "six"]) expect(plainText(text)).toContain(word);
  });
});

describe("other people's text", () => {
  it("has no towers of marks", () => expect(calm(`a${"\u0301".repeat(100_000)}b`)).toBe(`a${"\u0301".repeat(6)}b`));
  it("keeps its lines and its direction", () => expect(calm("a\r\nb\u2067c\u2069\u0000")).toBe("a\nb\u2067c\u2069"));
  it("does not run backwards", () => expect(calm("\u202emoc\u202d.")).toBe("moc."));
  it("as a name is one line that goes one way", () => expect(calmLine(" a\u202e\n b\u2066 ")).toBe("a b"));
  it("as a name is cut at a whole character", () => expect(calmLine("😀".repeat(500))).toBe("😀".repeat(200)));
});

describe("an avatar", () => {
  it.each([["Ada Lovelace", "AL"], ["ada", "A"], ["jean-luc picard", "JP"], ["李小龙", "李"], ["🙂", "·"], ["", "·"]])(
    "of %s says %s", (name, letters) => expect(initials(name)).toBe(letters));
  it("has always the same colour", () => expect(hue("42", 8)).toBe(hue("42", 8)));
});

describe("only emoji", () => {
  it.each([["😀", 1], ["👩‍👩‍👧 ❤️ 🇩🇪", 3], ["a😀", 0], ["1", 0], ["", 0]])("%s counts %i", (text, count) =>
    expect(onlyEmoji(text)).toBe(count));
});
