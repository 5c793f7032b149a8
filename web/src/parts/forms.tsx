// Fields, switches, choices.

import { RadioGroup } from "@kobalte/core/radio-group";
import { Switch } from "@kobalte/core/switch";
import { TextField } from "@kobalte/core/text-field";
import { createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import { t } from "../words/words.ts";
import { IconButton } from "./parts.tsx";

export function Field(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
  error?: string | undefined;
  type?: "text" | "password";
  name?: string;
  autocomplete?: string;
  maxLength?: number;
  required?: boolean;
  plain?: boolean;
  autofocus?: boolean;
  ref?: (element: HTMLInputElement) => void;
}): JSX.Element {
  const [shown, setShown] = createSignal(false);
  const secret = (): boolean => props.type === "password";
  return (
    <TextField class="field" value={props.value} onChange={props.onInput} validationState={props.error ? "invalid" : "valid"} required={props.required ?? false}>
      <TextField.Label class="field-label">{props.label}</TextField.Label>
      <div class="field-box">
        <TextField.Input
          ref={(element: HTMLInputElement) => {
            props.ref?.(element);
            if (props.autofocus) queueMicrotask(() => element.focus());
          }}
          data-autofocus={props.autofocus ? "" : undefined}
          class="field-input"
          type={secret() && !shown() ? "password" : "text"}
          name={props.name}
          autocomplete={props.autocomplete ?? "off"}
          autocapitalize={props.plain ? "none" : undefined}
          spellcheck={props.plain ? false : undefined}
          maxLength={props.maxLength}
        />
        <Show when={secret()}>
          <button type="button" class="field-show" aria-pressed={shown()} onClick={() => setShown(!shown())}>
            {shown() ? t("enter.hide") : t("enter.show")}
          </button>
        </Show>
      </div>
      <Show when={props.hint && !props.error}>
        <TextField.Description class="field-hint">{props.hint}</TextField.Description>
      </Show>
      <TextField.ErrorMessage class="field-error">{props.error}</TextField.ErrorMessage>
    </TextField>
  );
}

export function Toggle(props: { label: string; hint?: string; on: boolean; disabled?: boolean; onChange: (on: boolean) => void }): JSX.Element {
  return (
    <Switch class="toggle" checked={props.on} disabled={props.disabled ?? false} onChange={props.onChange}>
      <div class="toggle-words">
        <Switch.Label class="toggle-label">{props.label}</Switch.Label>
        <Show when={props.hint}><Switch.Description class="field-hint">{props.hint}</Switch.Description></Show>
      </div>
      <Switch.Input class="toggle-input" />
      <Switch.Control class="toggle-track"><Switch.Thumb class="toggle-thumb" /></Switch.Control>
    </Switch>
  );
}

export function Choice<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}): JSX.Element {
  return (
    <RadioGroup class="choice" value={props.value} disabled={props.disabled ?? false} onChange={(value) => props.onChange(value as Value)}>
      <RadioGroup.Label class="field-label">{props.label}</RadioGroup.Label>
      <div class="choice-options">
        <For each={props.options}>
          {(option) => (
            <RadioGroup.Item class="choice-option" value={option.value}>
              <RadioGroup.ItemInput class="choice-input" />
              <RadioGroup.ItemControl class="choice-control" />
              <RadioGroup.ItemLabel class="choice-label">{option.label}</RadioGroup.ItemLabel>
            </RadioGroup.Item>
          )}
        </For>
      </div>
    </RadioGroup>
  );
}

export function SearchField(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  ref?: (element: HTMLInputElement) => void;
}): JSX.Element {
  const id = createUniqueId();
  let input: HTMLInputElement | undefined;
  return (
    <div class="search" role="search">
      <label class="unseen" for={id}>{props.label}</label>
      <input
        ref={(element) => {
          input = element;
          props.ref?.(element);
        }}
        id={id}
        class="search-input"
        type="text"
        inputMode="search"
        enterkeyhint="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={props.label}
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        onKeyDown={(event) => props.onKeyDown?.(event)}
      />
      <Show when={props.value !== ""}>
        <IconButton icon="close" label={t("list.searchClear")} class="search-clear" onClick={() => {
          props.onInput("");
          input?.focus();
        }} />
      </Show>
    </div>
  );
}
