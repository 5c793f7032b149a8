// A new group: what it is about, who is in it.

import { createEffect, createMemo, createSignal, type JSX, on, Show } from "solid-js";
import { randomId } from "chinwag";
import { Field } from "../parts/forms.tsx";
import { Modal } from "../parts/overlays.tsx";
import { Button } from "../parts/parts.tsx";
import { go, toChat } from "../route/route.ts";
import { errorWords } from "../talk/errors.ts";
import type { UserId } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { PeoplePicker } from "./PeoplePicker.tsx";

export function NewGroup(props: { open: boolean; onClose: () => void }): JSX.Element {
  const { state } = useApp();
  const [title, setTitle] = createSignal("");
  const [people, setPeople] = createSignal<readonly UserId[]>([]);
  const [tried, setTried] = createSignal(false);
  const [error, setError] = createSignal<string>();
  const [busy, setBusy] = createSignal(false);
  /** The same for each try, so that two tries make one group. */
  const id = createMemo(on([() => props.open, title, people], () => randomId()));
  createEffect(on(() => props.open, () => {
    setTitle("");
    setPeople([]);
    setTried(false);
    setError(undefined);
  }));
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (title().trim() === "") return;
    setBusy(true);
    setError(undefined);
    try {
      const { chatId } = await state.talk.rest.createGroup({
        title: title().trim(), members: people(), encryption: "none", clientMessageId: id(),
      });
      go(toChat(chatId), true);
    } catch (failure) {
      setError(errorWords(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal open={props.open} title={t("new.group")} onClose={props.onClose}>
      <form class="form" noValidate onSubmit={(event) => void create(event)}>
        <Field label={t("group.title")} hint={t("group.titleHint")} value={title()} onInput={setTitle} maxLength={128} autofocus
          error={tried() && title().trim() === "" ? t("error.required") : undefined} />
        <PeoplePicker label={t("group.people")} chosen={people()} onChange={setPeople} without={[state.me]} />
        <Show when={error()}><p class="field-error" role="alert">{error()}</p></Show>
        <div class="form-end"><Button kind="primary" type="submit" disabled={busy()}>{t("group.create")}</Button></div>
      </form>
    </Modal>
  );
}
