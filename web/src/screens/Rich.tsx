// The text of a message as elements.

import { createMemo, For, type JSX, Match, Show, Switch } from "solid-js";
import { Dynamic } from "solid-js/web";
import { IconButton } from "../parts/parts.tsx";
import { type Block, type Inline, parseBlocks } from "../text/markdown.ts";
import { t } from "../words/words.ts";
import { copy, useApp } from "./app.ts";
import { mentioned } from "./mentioned.ts";

const tags = { strong: "strong", emphasis: "em", strike: "s" } as const;

/** `text` is calm. */
export function Rich(props: { text: string }): JSX.Element {
  const blocks = createMemo(() => parseBlocks(props.text));
  return <For each={blocks()}>{(block) => <OneBlock block={block} />}</For>;
}

function OneBlock(props: { block: Block }): JSX.Element {
  const { block } = props;
  switch (block.is) {
    case "paragraph": return <p><Lines lines={block.lines} /></p>;
    case "quote": return <blockquote><Lines lines={block.lines} /></blockquote>;
    case "codeBlock": return <Code language={block.language} text={block.text} />;
    case "list":
      return (
        <Dynamic component={block.ordered ? "ol" : "ul"} class="md-list" {...(block.ordered ? { start: block.start } : {})}>
          <For each={block.items}>{(item) => <li><Inlines inlines={item} /></li>}</For>
        </Dynamic>
      );
  }
}

function Lines(props: { lines: readonly (readonly Inline[])[] }): JSX.Element {
  return <For each={props.lines}>{(line, place) => <><Show when={place() > 0}><br /></Show><Inlines inlines={line} /></>}</For>;
}

function Inlines(props: { inlines: readonly Inline[] }): JSX.Element {
  return <For each={props.inlines}>{(inline) => <One inline={inline} />}</For>;
}

function One(props: { inline: Inline }): JSX.Element {
  const { inline } = props;
  switch (inline.is) {
    case "text": return inline.text;
    case "code": return <code dir="auto">{inline.text}</code>;
    case "link": return <a href={inline.href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">{inline.text}</a>;
    case "mention": return <Mention name={inline.name} />;
    default: return <Dynamic component={tags[inline.is]}><Inlines inlines={inline.inner} /></Dynamic>;
  }
}

function Mention(props: { name: string }): JSX.Element {
  const { state } = useApp();
  const person = createMemo(() => mentioned(state, props.name));
  return (
    <Switch fallback={`@${props.name}`}>
      <Match when={person()}>
        {(found) => <span class="mention" classList={{ me: found().userId === state.me }}>@{props.name}</span>}
      </Match>
    </Switch>
  );
}

function Code(props: { language: string; text: string }): JSX.Element {
  const app = useApp();
  return (
    <figure class="code-block">
      <figcaption>
        <span>{props.language}</span>
        <IconButton icon="copy" label={t("chat.copyCode")} tabIndex={-1} onClick={() => void copy(app, props.text, t("chat.copied"))} />
      </figcaption>
      <pre class="scroll" dir="ltr" tabIndex={0}><code>{props.text}</code></pre>
    </figure>
  );
}
