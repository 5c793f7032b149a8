// A new chat: somebody by name, a group, notes.

import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import { Field } from "../parts/forms.tsx";
import { Modal } from "../parts/overlays.tsx";
import { Avatar, Button, Icon } from "../parts/parts.tsx";
import { go, toChat } from "../route/route.ts";
import { errorWords } from "../talk/errors.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { known } from "./known.ts";

const KNOWN_MAX = 50;

export function NewChat(props: { open: boolean; onClose: () => void }): JSX.Element {
  const { state } = useApp();
  const [name, setName] = createSignal("");
  const [error, setError] = createSignal<string>();
  const [busy, setBusy] = createSignal(false);
  createEffect(on(() => props.open, () => {
    setName("");
    setError(undefined);
  }));
  const find = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (name() === "") return void setError(t("error.required"));
    setBusy(true);
    setError(undefined);
    try {
      const profile = await state.talk.rest.userByName(name());
      state.people.learn(profile);
      go(toChat(state.talk.directChat(profile.userId)), true);
    } catch (failure) {
      setError(errorWords(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal open={props.open} title={t("new.title")} onClose={props.onClose}>
      <form class="form row" noValidate onSubmit={(event) => void find(event)}>
        <Field label={t("new.byName")} hint={t("new.byNameHint")} value={name()} error={error()} plain autofocus maxLength={64}
          onInput={(value) => setName(value.trim().replace(/^@/, "").toLowerCase())} />
        <Button kind="primary" type="submit" disabled={busy()}>{t("new.open")}</Button>
      </form>
      <ul class="rows">
        <li>
          <button type="button" class="row-link" onClick={() => go({ at: "newGroup" }, true)}>
            <span class="row-sign"><Icon name="people" /></span>
            <span class="row-words"><span>{t("new.group")}</span><span class="soft">{t("new.groupHint")}</span></span>
          </button>
        </li>
        <li>
          <button type="button" class="row-link" onClick={() => go(toChat(state.talk.directChat(state.me)), true)}>
            <span class="row-sign"><Icon name="notes" /></span>
            <span class="row-words"><span>{t("new.notes")}</span><span class="soft">{t("new.notesHint")}</span></span>
          </button>
        </li>
      </ul>
      <Show when={known(state).length > 0}>
        <h3 class="part-title">{t("new.recent")}</h3>
        <ul class="rows">
          <For each={known(state).slice(0, KNOWN_MAX)}>
            {(person) => (
              <li>
                <button type="button" class="row-link" onClick={() => go(toChat(state.talk.directChat(person.userId)), true)}>
                  <Avatar id={person.userId} name={state.people.name(person.userId)} />
                  <span class="row-words">
                    <span class="theirs oneline">{state.people.name(person.userId)}</span>
                    <span class="soft oneline">@{person.username}</span>
                  </span>
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </Modal>
  );
}
