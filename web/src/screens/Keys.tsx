// All shortcuts on one sheet.

import { For, type JSX } from "solid-js";
import { Modal } from "../parts/overlays.tsx";
import { type Key, t } from "../words/words.ts";

type Stroke = readonly (Key | { readonly sign: string })[];
const sign = (text: string): { sign: string } => ({ sign: text });

const sheet: readonly { readonly title: Key; readonly keys: readonly (readonly [Key, ...Stroke[]])[] }[] = [
  {
    title: "keys.anywhere",
    keys: [
      ["keys.search", ["key.ctrl", sign("K")]],
      ["keys.new", ["key.alt", sign("N")]],
      ["keys.next", ["key.alt", "key.down"]],
      ["keys.previous", ["key.alt", "key.up"]],
      ["keys.back", ["key.esc"]],
      ["keys.help", [sign("?")]],
    ],
  },
  {
    title: "keys.inComposer",
    keys: [
      ["keys.send", ["key.enter"]],
      ["keys.newline", ["key.shift", "key.enter"]],
      ["keys.editLast", ["key.up"]],
    ],
  },
  {
    title: "keys.inMessages",
    keys: [
      ["keys.messages", ["key.up"], ["key.down"]],
      ["keys.actions", ["key.enter"]],
      ["keys.reply", [sign("R")]],
      ["keys.react", [sign("+")]],
      ["keys.edit", [sign("E")]],
    ],
  },
];

export function Keys(props: { open: boolean; onClose: () => void }): JSX.Element {
  return (
    <Modal words open={props.open} title={t("keys.title")} onClose={props.onClose}>
      <For each={sheet}>
        {(part) => (
          <section class="keys">
            <h3 class="part-title">{t(part.title)}</h3>
            <dl>
              <For each={part.keys}>
                {([what, ...strokes]) => (
                  <div>
                    <dt>{t(what)}</dt>
                    <For each={strokes}>
                      {(stroke) => <dd><For each={stroke}>{(key) => <kbd>{typeof key === "string" ? t(key) : key.sign}</kbd>}</For></dd>}
                    </For>
                  </div>
                )}
              </For>
            </dl>
          </section>
        )}
      </For>
    </Modal>
  );
}
