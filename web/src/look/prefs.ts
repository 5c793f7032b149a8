// How this browser shows Chinwag: theme, size of the text, language. Kept on this device.

import { createEffect, createSignal } from "solid-js";
import { browserLanguage, type Language, languages, speak } from "../words/words.ts";

export const themes = ["system", "light", "dark"] as const;
export const textSizes = ["s", "m", "l", "xl"] as const;
export type Theme = (typeof themes)[number];
export type TextSize = (typeof textSizes)[number];

interface Prefs {
  theme: Theme;
  text: TextSize;
  language: Language | "system";
}

const KEY = "chinwag.look";

function stored(): Prefs {
  let found: Partial<Prefs> = {};
  try {
    found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Prefs>;
  } catch {
    // As if nothing was kept.
  }
  const { theme = "system", text = "m", language = "system" } = found;
  return {
    theme: themes.includes(theme) ? theme : "system",
    text: textSizes.includes(text) ? text : "m",
    language: language in languages ? language : "system",
  };
}

const [prefs, set] = createSignal<Prefs>({ theme: "system", text: "m", language: "system" });
export { prefs };

export function prefer(change: Partial<Prefs>): void {
  set((before) => ({ ...before, ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs()));
  } catch {
    // It holds for this visit.
  }
}

/** Puts the preferences into effect, as long as the app lives. Resolves when the words are there. */
export async function applyPrefs(): Promise<void> {
  set(stored());
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const paint = (): void => {
    const { theme, text } = prefs();
    root.dataset["theme"] = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    root.dataset["text"] = text;
  };
  dark.addEventListener("change", paint);
  addEventListener("storage", ({ key }) => key === KEY && set(stored()));
  createEffect(paint);
  let chosen: Language | undefined;
  const follow = (): Promise<void> => {
    const wanted = prefs().language;
    const next = wanted === "system" ? browserLanguage() : wanted;
    if (next === chosen) return Promise.resolve();
    chosen = next;
    return speak(next).catch(() => {});
  };
  const first = follow();
  createEffect(() => void follow());
  await first;
}
