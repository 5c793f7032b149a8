// The words of the app in the user's language. English is there at once, others come when they are chosen.

import { createSignal } from "solid-js";
import english from "../messages/en.json";
import { fill, parse, type Value } from "./format.ts";

export type Key = keyof typeof english;
type Messages = Readonly<Record<Key, string>>;

export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

const loaders: Record<Exclude<Language, "en">, () => Promise<{ default: Messages }>> = {
  de: () => import("../messages/de.json"),
};

interface Loaded {
  readonly language: Language;
  readonly messages: Messages;
  readonly parsed: Map<Key, ReturnType<typeof parse>>;
  readonly plurals: Intl.PluralRules;
  readonly numbers: Intl.NumberFormat;
}

const load = (language: Language, messages: Messages): Loaded => ({
  language,
  messages,
  parsed: new Map(),
  plurals: new Intl.PluralRules(language),
  numbers: new Intl.NumberFormat(language),
});

const [loaded, setLoaded] = createSignal(load("en", english));

/** The first of the browser's languages that there are words in. */
export function browserLanguage(): Language {
  const known = navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => tag !== undefined && tag in languages);
  return (known as Language | undefined) ?? "en";
}

export async function speak(language: Language): Promise<void> {
  const messages = language === "en" ? english : (await loaders[language]()).default;
  document.documentElement.lang = language;
  setLoaded(load(language, messages));
}

export const language = (): Language => loaded().language;

/** How times and numbers are written: as in the browser's own region, where it speaks the language. */
export const locale = (): string =>
  navigator.languages.find((tag) => tag.split("-")[0] === language()) ?? language();

/** With elements in the places. */
export function parts<V>(key: Key, values: Readonly<Record<string, V | Value>>): (string | V)[] {
  const { messages, parsed, plurals, numbers } = loaded();
  let message = parsed.get(key);
  if (message === undefined) {
    message = parse(messages[key]);
    parsed.set(key, message);
  }
  return fill(message, values, plurals, numbers);
}

export function t(key: Key, values: Readonly<Record<string, Value>> = {}): string {
  return parts<string>(key, values).join("");
}
