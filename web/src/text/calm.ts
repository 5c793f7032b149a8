// Other people's text made harmless for the layout, without changing what it says.

/** Marks that may stack on one letter; more than any living script uses. */
const MARKS_MAX = 6;

const MARKS = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, "gu");
/** What turns the direction of text around, or holds it. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]/g;

/** Overrides print words backwards. No language needs that, whoever wants to deceive does. */
const OVERRIDE = /[\u202d\u202e]/g;

/** The text of a message: lines stay lines, stacks of marks end. Direction signs stay but for overrides, since
 * bidirectional text needs them; they end with the element that isolates them. */
export function calm(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(CONTROL, "").replace(OVERRIDE, "").replace(MARKS, "$1");
}

/** A name, a title, a preview: one line without a direction of its own. */
export function calmLine(text: string, length = 200): string {
  const line = calm(text.slice(0, length * 8)).replace(DIRECTION, "").replace(/\s+/g, " ").trim();
  return [...line].slice(0, length).join("");
}

/** Up to two letters for an avatar. */
export function initials(name: string): string {
  const words = calmLine(name).split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "");
  const two = words.length > 1 ? [letters[0], letters.at(-1)] : [letters[0]];
  return two.join("").toLocaleUpperCase() || "·";
}

/** One of `count` colours, always the same for the same id. */
export function hue(id: string, count: number): number {
  let hash = 2166136261;
  for (const sign of id) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % count;
}

/** Only emoji, and how many: a message of a few is shown large. 0 for anything else. */
export function onlyEmoji(text: string): number {
  const tight = text.replace(/\s/g, "");
  if (tight === "" || tight.length > 60) return 0;
  const one = /^(?:\p{RGI_Emoji})/v;
  let rest = tight;
  let count = 0;
  while (rest !== "") {
    const found = one.exec(rest)?.[0];
    if (found === undefined) return 0;
    rest = rest.slice(found.length);
    count += 1;
  }
  return count;
}
