// Shortcuts that work everywhere.

import { go, route, toChat } from "../route/route.ts";
import type { State } from "../talk/state.ts";

interface Wanted {
  readonly state: State;
  chatId(): string | undefined;
  showKeys(): void;
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const covered = (): boolean => document.querySelector("[role=dialog],[role=alertdialog],[role=menu]") !== null;

/** Listens; the answer ends it. */
export function shortcuts({ state, chatId, showKeys }: Wanted): () => void {
  const step = (by: number): void => {
    const chats = state.chats();
    const at = chats.findIndex((chat) => chat.chatId === chatId());
    const next = chats[at === -1 ? 0 : (at + by + chats.length) % chats.length];
    if (next !== undefined) go(toChat(next.chatId));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || covered()) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (chatId() !== undefined && matchMedia("(max-width: 700px)").matches) go({ at: "chats" });
      document.querySelector<HTMLInputElement>(".pane-list .search-input")?.focus();
    } else if (event.altKey && !command && event.key === "ArrowDown") {
      event.preventDefault();
      step(1);
    } else if (event.altKey && !command && event.key === "ArrowUp") {
      event.preventDefault();
      step(-1);
    } else if (event.altKey && !command && event.code === "KeyN") {
      event.preventDefault();
      go({ at: "new" });
    } else if (event.key === "Escape" && route().at !== "chats") {
      event.preventDefault();
      go({ at: "chats" });
    } else if (event.key === "?" && !isField(event.target)) {
      event.preventDefault();
      showKeys();
    }
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
