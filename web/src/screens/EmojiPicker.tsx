// Emoji to choose from, by group and by word in the user's language. Loaded when it is first opened. The data is
// emojibase's; the picture is the system's own.

import compactDe from "emojibase-data/de/compact.json?url";
import compactEn from "emojibase-data/en/compact.json?url";
import { createMemo, createResource, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";
import { Virtualizer } from "virtua/solid";
import { SearchField } from "../parts/forms.tsx";
import { type Key, type Language, language, t } from "../words/words.ts";
import { recentEmoji, useEmoji } from "./emojiRecent.ts";

const sources: Record<Language, string> = { en: compactEn, de: compactDe };
/** Of emojibase: 2 are parts of emoji, nothing that one would send. */
const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
const COLUMNS = 8;

interface CompactEmoji {
  readonly unicode: string;
  readonly label: string;
  readonly tags?: readonly string[];
  readonly group?: number;
}
type Row = { readonly title: string } | { readonly emoji: readonly { readonly sign: string; readonly label: string }[] };
type Sign = { readonly sign: string; readonly label: string };

const loaded = new Map<Language, Promise<CompactEmoji[]>>();

function load(which: Language): Promise<CompactEmoji[]> {
  const before = loaded.get(which);
  if (before !== undefined) return before;
  const loading = fetch(sources[which]).then((answer) => answer.json() as Promise<CompactEmoji[]>);
  loading.catch(() => loaded.delete(which));
  loaded.set(which, loading);
  return loading;
}

const inRows = (signs: readonly Sign[]): Row[] =>
  Array.from({ length: Math.ceil(signs.length / COLUMNS) }, (_, at) => ({ emoji: signs.slice(at * COLUMNS, (at + 1) * COLUMNS) }));

export default function EmojiPicker(props: { onPick: (emoji: string) => void }): JSX.Element {
  const [query, setQuery] = createSignal("");
  const [data] = createResource(language, load);
  const signs = createMemo(() => (data.error ? [] : (data() ?? []).filter((one) => one.group !== undefined && one.group !== 2)));
  const rows = createMemo((): Row[] => {
    const words = query().trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (words.length > 0) {
      const found = signs().filter((one) =>
        words.every((word) => one.label.toLocaleLowerCase().includes(word) || (one.tags ?? []).some((tag) => tag.startsWith(word))));
      return inRows(found.map((one) => ({ sign: one.unicode, label: one.label })));
    }
    const named = new Map(signs().map((one) => [one.unicode, one.label]));
    const recent = recentEmoji().map((sign) => ({ sign, label: named.get(sign) ?? sign }));
    return [
      { title: t("emoji.recent") },
      ...inRows(recent),
      ...GROUPS.flatMap((group): Row[] => [
        { title: t(`emoji.group${group}` as Key) },
        ...inRows(signs().filter((one) => one.group === group).map((one) => ({ sign: one.unicode, label: one.label }))),
      ]),
    ];
  });
  const pick = (emoji: string): void => {
    useEmoji(emoji);
    props.onPick(emoji);
  };
  let grid: HTMLElement | undefined;
  /** Arrows go from one emoji to the next, and out of the field into them. */
  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
    const step = steps[event.key];
    const all = [...(grid?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = all.indexOf(event.target as HTMLElement);
    if (step === undefined || (at === -1 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  };
  return (
    <div class="emoji" onKeyDown={move}>
      <SearchField label={t("emoji.search")} value={query()} onInput={setQuery} />
      <div class="emoji-grid scroll" ref={(element) => (grid = element)}>
        <Switch>
          <Match when={data.error}><p class="loading" role="alert">{t("emoji.failed")}</p></Match>
          <Match when={data.loading}><p class="loading">{t("emoji.loading")}</p></Match>
          <Match when={rows().length === 0}><p class="loading">{t("emoji.none")}</p></Match>
          <Match when={true}>
            <Virtualizer data={rows()}>
              {(row) => (
                <Show when={"emoji" in row && row} fallback={<h3 class="emoji-title">{"title" in row ? row.title : ""}</h3>}>
                  {(signsOfRow) => (
                    <div class="emoji-row">
                      <For each={signsOfRow().emoji}>
                        {({ sign, label }) => <button type="button" aria-label={label} title={label} onClick={() => pick(sign)}>{sign}</button>}
                      </For>
                    </div>
                  )}
                </Show>
              )}
            </Virtualizer>
          </Match>
        </Switch>
      </div>
    </div>
  );
}
