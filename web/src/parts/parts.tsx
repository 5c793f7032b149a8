// The small parts that every screen is made of.

import { Button as KButton } from "@kobalte/core/button";
import { createMemo, type JSX, Show, splitProps } from "solid-js";
import { hue, initials } from "../text/calm.ts";
import { type IconName, icons } from "./icons.ts";

export function Icon(props: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon ${props.class ?? ""}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={icons[props.name]} />
    </svg>
  );
}

type ButtonProps = JSX.ButtonHTMLAttributes<HTMLButtonElement>;

/** A button that is a sign alone; its name is said and shown on hover. */
export function IconButton(props: { icon: IconName; label: string } & ButtonProps): JSX.Element {
  const [own, rest] = splitProps(props, ["icon", "label", "class"]);
  return (
    <KButton {...rest} type={rest.type ?? "button"} class={`icon-button ${own.class ?? ""}`} aria-label={own.label} title={own.label}>
      <Icon name={own.icon} />
    </KButton>
  );
}

export function Button(props: { kind?: "primary" | "quiet" | "danger"; icon?: IconName } & ButtonProps): JSX.Element {
  const [own, rest] = splitProps(props, ["kind", "icon", "class", "children"]);
  return (
    <KButton {...rest} type={rest.type ?? "button"} class={`button ${own.kind ?? ""} ${own.class ?? ""}`}>
      <Show when={own.icon}>{(name) => <Icon name={name()} />}</Show>
      {own.children}
    </KButton>
  );
}

const HUES = 8;

/** Initials on a colour that belongs to the id. Says nothing: the name always stands beside it. */
export function Avatar(props: {
  id: string;
  name: string;
  size?: "s" | "m" | "l";
  icon?: IconName | undefined;
  online?: boolean | undefined;
}): JSX.Element {
  const look = createMemo(() => `avatar ${props.size ?? "m"} hue-${hue(props.id, HUES)}`);
  return (
    <span class={look()} aria-hidden="true">
      <Show when={props.icon} fallback={<bdi>{initials(props.name)}</bdi>}>{(name) => <Icon name={name()} />}</Show>
      <Show when={props.online}><span class="dot" /></Show>
    </span>
  );
}

/** Grey shapes where something will be. */
export function Skeleton(props: { rows: number; label: string }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label={props.label}>
      {Array.from({ length: props.rows }, () => <div class="skeleton-row"><span class="round" /><span class="bars"><i /><i /></span></div>)}
    </div>
  );
}

/** Nothing here, and what to do about it. */
export function Empty(props: { icon: IconName; title: string; hint?: string; children?: JSX.Element }): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-sign"><Icon name={props.icon} /></span>
      <h2>{props.title}</h2>
      <Show when={props.hint}><p>{props.hint}</p></Show>
      <Show when={props.children}><div class="empty-next">{props.children}</div></Show>
    </div>
  );
}
