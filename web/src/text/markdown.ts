// The small part of Markdown that messages have, as a tree for elements; never markup. Blocks: paragraphs, quotes,
// lists, fenced code. Inside: strong, emphasis, strike, code, addresses of the web, mentions. Links with a text of
// their own are left out on purpose: what one sees is where one goes. Linear in the length of the text.

export type Inline =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "strong" | "emphasis" | "strike"; readonly inner: readonly Inline[] }
  | { readonly is: "code"; readonly text: string }
  | { readonly is: "link"; readonly href: string; readonly text: string }
  | { readonly is: "mention"; readonly name: string };

export type Block =
  | { readonly is: "paragraph"; readonly lines: readonly (readonly Inline[])[] }
  | { readonly is: "quote"; readonly lines: readonly (readonly Inline[])[] }
  | { readonly is: "list"; readonly ordered: boolean; readonly start: number; readonly items: readonly (readonly Inline[])[] }
  | { readonly is: "codeBlock"; readonly language: string; readonly text: string };

const NESTING_MAX = 4;
const FENCE = /^ {0,3}```([\w+#.-]{0,20})\s*$/;
const QUOTE = /^> ?/;
const ITEM = /^ {0,3}[-*+] +(?=\S)/;
const NUMBERED = /^ {0,3}(\d{1,4})[.)] +(?=\S)/;

export function parseBlocks(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line);
    const end = fence === null ? -1 : lines.findIndex((other, place) => place > at && /^ {0,3}```\s*$/.test(other));
    if (fence !== null && end !== -1) {
      blocks.push({ is: "codeBlock", language: fence[1] ?? "", text: lines.slice(at + 1, end).join("\n") });
      at = end + 1;
    } else if (fence !== null && at + 1 < lines.length) {
      // A fence that is not closed goes on to the end.
      blocks.push({ is: "codeBlock", language: fence[1] ?? "", text: lines.slice(at + 1).join("\n") });
      at = lines.length;
    } else if (line.trim() === "") {
      at += 1;
    } else {
      const kind = kindOf(line);
      const from = at;
      do at += 1;
      while (at < lines.length && kindOf(lines[at] ?? "") === kind && (lines[at] ?? "").trim() !== "" && !FENCE.test(lines[at] ?? ""));
      blocks.push(block(kind, lines.slice(from, at)));
    }
  }
  return blocks;
}

type Kind = "paragraph" | "quote" | "list" | "numbered";

function kindOf(line: string): Kind {
  if (QUOTE.test(line)) return "quote";
  if (ITEM.test(line)) return "list";
  return NUMBERED.test(line) ? "numbered" : "paragraph";
}

function block(kind: Kind, lines: string[]): Block {
  switch (kind) {
    case "paragraph": return { is: "paragraph", lines: lines.map((line) => parseInline(line)) };
    case "quote": return { is: "quote", lines: lines.map((line) => parseInline(line.replace(QUOTE, ""))) };
    case "list":
      return { is: "list", ordered: false, start: 1, items: lines.map((line) => parseInline(line.replace(ITEM, ""))) };
    case "numbered":
      return {
        is: "list",
        ordered: true,
        start: Number(NUMBERED.exec(lines[0] ?? "")?.[1] ?? 1),
        items: lines.map((line) => parseInline(line.replace(NUMBERED, ""))),
      };
  }
}

/** Direction signs and spaces end an address, so that none can be disguised. */
const ADDRESS = /https?:\/\/[^\s<>"'`\u0000-\u0020\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/giy;
const MENTION = /@([a-z0-9_.-]{3,32})/giy;
const MARKED = { "**": "strong", "__": "strong", "*": "emphasis", _: "emphasis", "~~": "strike" } as const;
type Mark = keyof typeof MARKED;

export function parseInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  let plain = "";
  let at = 0;
  const take = (inline: Inline, length: number): void => {
    if (plain !== "") found.push({ is: "text", text: plain });
    plain = "";
    found.push(inline);
    at += length;
  };
  while (at < text.length) {
    const sign = text[at] ?? "";
    const [inline, length] = special(text, at, sign, depth) ?? [undefined, 1];
    if (inline !== undefined) take(inline, length);
    else {
      plain += sign;
      at += 1;
    }
  }
  if (plain !== "") found.push({ is: "text", text: plain });
  return found;
}

function special(text: string, at: number, sign: string, depth: number): [Inline, number] | undefined {
  switch (sign) {
    case "`": return code(text, at);
    case "h":
    case "H": return isWord(text[at - 1]) ? undefined : link(text, at);
    case "@": return isWord(text[at - 1]) ? undefined : mention(text, at);
    case "*":
    case "_":
    case "~": return depth < NESTING_MAX ? marked(text, at, depth) : undefined;
    default: return undefined;
  }
}

const isWord = (sign: string | undefined): boolean => sign !== undefined && /[\p{L}\p{N}_]/u.test(sign);
const isSpace = (sign: string | undefined): boolean => sign === undefined || /\s/.test(sign);

function code(text: string, at: number): [Inline, number] | undefined {
  const end = text.indexOf("`", at + 1);
  return end > at + 1 ? [{ is: "code", text: text.slice(at + 1, end) }, end + 1 - at] : undefined;
}

function link(text: string, at: number): [Inline, number] | undefined {
  ADDRESS.lastIndex = at;
  let found = ADDRESS.exec(text)?.[0];
  if (found === undefined) return undefined;
  found = found.replace(/[.,;:!?*_~]+$/, "");
  // A closing bracket belongs to the sentence unless the address opened it.
  while (found.endsWith(")") && found.split(")").length > found.split("(").length) found = found.slice(0, -1);
  if (!URL.canParse(found)) return undefined;
  const url = new URL(found);
  // A name before the host (`https://bank.example@evil.example`) is there to deceive.
  if (url.username !== "" || url.password !== "") return undefined;
  return [{ is: "link", href: url.href, text: found }, found.length];
}

function mention(text: string, at: number): [Inline, number] | undefined {
  MENTION.lastIndex = at;
  const name = MENTION.exec(text)?.[1]?.replace(/[.-]+$/, "");
  return name === undefined || name.length < 3 ? undefined : [{ is: "mention", name: name.toLowerCase() }, name.length + 1];
}

function marked(text: string, at: number, depth: number): [Inline, number] | undefined {
  const two = text.slice(at, at + 2);
  const mark = (two in MARKED ? two : text[at]) as Mark;
  if (!(mark in MARKED) || isSpace(text[at + mark.length])) return undefined;
  // `snake_case` is no emphasis.
  if (mark.includes("_") && isWord(text[at - 1])) return undefined;
  const end = closing(text, at + mark.length, mark);
  if (end === undefined) return undefined;
  const inner = parseInline(text.slice(at + mark.length, end), depth + 1);
  return [{ is: MARKED[mark], inner }, end + mark.length - at];
}

/** How far a mark may reach; it also bounds the work on text that is all marks. */
const REACH_MAX = 2_000;
const TRIES_MAX = 16;

function closing(text: string, from: number, mark: Mark): number | undefined {
  let at = from;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const end = text.indexOf(mark, at);
    if (end === -1 || end - from > REACH_MAX) return undefined;
    const doubled = mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark);
    const inWord = mark.includes("_") && isWord(text[end + mark.length]);
    if (end > from && !isSpace(text[end - 1]) && !doubled && !inWord) return end;
    at = end + 1;
  }
  return undefined;
}

/** Without the marks, for previews. */
export function plainText(text: string): string {
  const flat = (inline: Inline): string => {
    switch (inline.is) {
      case "text":
      case "code":
      case "link": return inline.text;
      case "mention": return `@${inline.name}`;
      default: return inline.inner.map(flat).join("");
    }
  };
  return parseBlocks(text)
    .flatMap((one) => {
      if (one.is === "codeBlock") return [one.text];
      const lines = one.is === "list" ? one.items : one.lines;
      return lines.map((line) => line.map(flat).join(""));
    })
    .join(" ");
}
