// Some people: of those one knows, or by their exact name.

import { createSignal, For, type JSX, Show } from "solid-js";
import { Field } from "../parts/forms.tsx";
import { Avatar, Button, Icon } from "../parts/parts.tsx";
import { errorWords } from "../talk/errors.ts";
import type { UserId } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { known } from "./known.ts";

const CHOSEN_MAX = 100;

export function PeoplePicker(props: {
  label: string;
  chosen: readonly UserId[];
  without: readonly UserId[];
  onChange: (chosen: readonly UserId[]) => void;
}): JSX.Element {
  const { state } = useApp();
  const [name, setName] = createSignal("");
  const [error, setError] = createSignal<string>();
  const add = (userId: UserId): void => {
    if (!props.chosen.includes(userId) && !props.without.includes(userId) && props.chosen.length < CHOSEN_MAX) {
      props.onChange([...props.chosen, userId]);
    }
  };
  const remove = (userId: UserId): void => props.onChange(props.chosen.filter((one) => one !== userId));
  const find = async (): Promise<void> => {
    if (name() === "") return;
    setError(undefined);
    try {
      const profile = await state.talk.rest.userByName(name());
      state.people.learn(profile);
      add(profile.userId);
      setName("");
    } catch (failure) {
      setError(errorWords(failure));
    }
  };
  const others = (): ReturnType<typeof known> =>
    known(state).filter(({ userId, username }) =>
      !props.chosen.includes(userId) && !props.without.includes(userId) && (username ?? "").includes(name()));
  return (
    <div class="picker">
      <Show when={props.chosen.length > 0}>
        <ul class="chips">
          <For each={props.chosen}>
            {(userId) => (
              <li>
                <button type="button" class="chip" onClick={() => remove(userId)}>
                  <Avatar id={userId} name={state.people.name(userId)} size="s" />
                  <span class="theirs oneline" aria-hidden="true">{state.people.name(userId)}</span><Icon name="close" />
                  <span class="unseen">{t("group.remove", { name: state.people.name(userId) })}</span>
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <div class="form row" onKeyDown={(event) => {
        if (event.key !== "Enter" || name() === "") return;
        event.preventDefault();
        void find();
      }}>
        <Field label={props.label} hint={t("new.byNameHint")} value={name()} error={error()} plain maxLength={64}
          onInput={(value) => {
            setName(value.trim().replace(/^@/, "").toLowerCase());
            setError(undefined);
          }} />
        <Button onClick={() => void find()} disabled={name() === ""}>{t("group.add")}</Button>
      </div>
      <Show when={others().length > 0}>
        <ul class="rows short scroll">
          <For each={others()}>
            {(person) => (
              <li>
                <button type="button" class="row-link" onClick={() => add(person.userId)}>
                  <Avatar id={person.userId} name={state.people.name(person.userId)} size="s" />
                  <span class="row-words line">
                    <span class="theirs oneline">{state.people.name(person.userId)}</span>
                    <span class="soft oneline">@{person.username}</span>
                  </span>
                  <Icon name="plus" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </div>
  );
}
