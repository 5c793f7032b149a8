// The keys that work on the message that has the focus.

import type { Held } from "../timeline/held.ts";
import type { Line } from "../talk/types.ts";
import type { App } from "./app.ts";
import { isText } from "./Conversation.tsx";
import type { Menued } from "./MessageMenu.tsx";
import { askDelete, mayDelete } from "./messageActions.ts";

interface Wanted {
  readonly app: App;
  chatId(): string;
  list(): readonly Held[];
  focused(): string | undefined;
  focusRow(index: number): void;
  openMenu(menu: Menued): void;
  reply(line: Line): void;
  edit(line: Line): void;
}

export function messageKeys(wanted: Wanted): (event: KeyboardEvent) => void {
  const { app } = wanted;
  return (event) => {
    const on = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || on.dataset["key"] === undefined) return;
    const list = wanted.list();
    const at = list.findIndex(({ key }) => key === wanted.focused());
    const row = list[at]?.row();
    if (row?.is !== "message") return;
    const { line } = row;
    const step = (by: number): void => {
      for (let next = at + by; next >= 0 && next < list.length; next += by) {
        if (list[next]?.row().is === "message") return wanted.focusRow(next);
      }
    };
    const settled = line.seq !== undefined && line.body.type === "content";
    const act: Record<string, () => void> = {
      ArrowUp: () => step(-1),
      ArrowDown: () => step(1),
      Enter: () => wanted.openMenu({ line, at: on.getBoundingClientRect(), picker: false }),
      ...(settled ? { r: () => wanted.reply(line), "+": () => wanted.openMenu({ line, at: on.getBoundingClientRect(), picker: true }) } : {}),
      ...(settled && line.senderId === app.state.me && isText(line) ? { e: () => wanted.edit(line) } : {}),
      ...(mayDelete(app, wanted.chatId(), line) ? { Delete: () => askDelete(app, wanted.chatId(), line) } : {}),
    };
    const run = act[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
}
