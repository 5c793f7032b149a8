// Messages with places to fill in: `{name}`, and `{count, plural, one {…} other {…}}` with `#` for the number, as in
// ICU MessageFormat. That is all that the message files use, and Intl.PluralRules knows the rest.

export type Value = string | number;
type Part = string | { readonly name: string } | { readonly name: string; readonly forms: ReadonlyMap<string, readonly Part[]> } | "#number";

const NUMBER = "#number";

/** Parses once; throws where the braces do not close. */
export function parse(message: string): readonly Part[] {
  const [parts, end] = read(message, 0, false);
  if (end !== message.length) throw new Error(`a brace too many: ${message}`);
  return parts;
}

function read(text: string, from: number, inPlural: boolean): [readonly Part[], number] {
  const parts: Part[] = [];
  let plain = "";
  let at = from;
  const flush = (): void => {
    if (plain !== "") parts.push(plain);
    plain = "";
  };
  while (at < text.length && text[at] !== "}") {
    const sign = text[at];
    if (sign === "#" && inPlural) {
      flush();
      parts.push(NUMBER);
      at += 1;
    } else if (sign === "{") {
      flush();
      const [part, end] = place(text, at + 1);
      parts.push(part);
      at = end;
    } else {
      plain += sign;
      at += 1;
    }
  }
  flush();
  return [parts, at];
}

function place(text: string, from: number): [Part, number] {
  const head = /^(\w+)(, plural,)?\s*/.exec(text.slice(from));
  if (head === null) throw new Error(`no name in braces: ${text}`);
  const name = head[1] ?? "";
  let at = from + head[0].length;
  if (head[2] === undefined) {
    if (text[at] !== "}") throw new Error(`an open brace: ${text}`);
    return [{ name }, at + 1];
  }
  const forms = new Map<string, readonly Part[]>();
  while (text[at] !== "}") {
    const form = /^(\w+) \{/.exec(text.slice(at));
    if (form === null) throw new Error(`no plural form: ${text}`);
    const [parts, end] = read(text, at + form[0].length, true);
    forms.set(form[1] ?? "", parts);
    at = end + 1;
    while (text[at] === " ") at += 1;
  }
  if (!forms.has("other")) throw new Error(`no form "other": ${text}`);
  return [{ name, forms }, at + 1];
}

/** Fills in. What is given for a place comes back as it is, so that it may be an element. */
export function fill<V>(
  parts: readonly Part[],
  values: Readonly<Record<string, V | Value>>,
  plurals: Intl.PluralRules,
  numbers: Intl.NumberFormat,
  number = 0,
): (string | V)[] {
  return parts.flatMap((part): (string | V)[] => {
    if (part === NUMBER) return [numbers.format(number)];
    if (typeof part === "string") return [part];
    const value = values[part.name];
    if ("forms" in part) {
      const count = Number(value);
      const form = part.forms.get(plurals.select(count)) ?? part.forms.get("other") ?? [];
      return fill(form, values, plurals, numbers, count);
    }
    if (value === undefined) return [`{${part.name}}`];
    return [typeof value === "number" ? numbers.format(value) : value];
  });
}

/** The names of the places, for the tests. */
export function places(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    if (typeof part === "string") return [];
    return "forms" in part ? [part.name, ...[...part.forms.values()].flatMap(places)] : [part.name];
  });
}

export function pluralForms(parts: readonly Part[]): string[][] {
  return parts.flatMap((part) => (typeof part !== "string" && "forms" in part ? [[...part.forms.keys()]] : []));
}
