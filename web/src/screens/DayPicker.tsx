// Which day to go to.

import { createSignal, createUniqueId, type JSX } from "solid-js";
import { Modal } from "../parts/overlays.tsx";
import { Button } from "../parts/parts.tsx";
import { isoDay, startOfDay } from "../time/days.ts";
import { t } from "../words/words.ts";

export function DayPicker(props: {
  open: boolean;
  first: number | undefined;
  onClose: () => void;
  onDay: (atMs: number) => void;
}): JSX.Element {
  const id = createUniqueId();
  const [day, setDay] = createSignal(isoDay(Date.now()));
  return (
    <Modal open={props.open} title={t("chat.toDate")} onClose={props.onClose}>
      <form class="form row" onSubmit={(event) => {
        event.preventDefault();
        const atMs = startOfDay(day());
        if (atMs !== undefined) props.onDay(atMs);
      }}>
        <div class="field">
          <label class="field-label" for={id}>{t("chat.day")}</label>
          <input id={id} class="field-input" type="date" max={isoDay(Date.now())} value={day()}
            onInput={(event) => setDay(event.currentTarget.value)} />
        </div>
        <Button kind="primary" type="submit">{t("chat.toDateDo")}</Button>
      </form>
    </Modal>
  );
}
