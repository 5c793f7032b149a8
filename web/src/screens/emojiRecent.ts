// The emoji that somebody uses, newest first; before there are any, a few that everybody knows.

import { createSignal } from "solid-js";

const KEY = "chinwag.emoji";
const MAX = 24;
const COMMON = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

function stored(): string[] {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]") as unknown;
    return Array.isArray(found) ? found.filter((one): one is string => typeof one === "string").slice(0, MAX) : [];
  } catch {
    return [];
  }
}

const [used, setUsed] = createSignal<string[] | undefined>();

export const recentEmoji = (): readonly string[] => [...new Set([...(used() ?? stored()), ...COMMON])];

export function useEmoji(emoji: string): void {
  const next = [emoji, ...(used() ?? stored()).filter((one) => one !== emoji)].slice(0, MAX);
  setUsed(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // It holds for this visit.
  }
}
