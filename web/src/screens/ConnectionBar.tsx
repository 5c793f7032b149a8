// How the connection stands: nothing while all is well, and nothing for a moment's hitch.

import { createEffect, createSignal, type JSX, Match, onCleanup, Switch } from "solid-js";
import { Button, Icon } from "../parts/parts.tsx";
import { t } from "../words/words.ts";
import { useApp } from "./app.ts";

/** A connection that is back within this time was never mentioned. */
const PATIENCE_MS = 2_500;

export function ConnectionBar(): JSX.Element {
  const { state } = useApp();
  const [long, setLong] = createSignal(false);
  createEffect(() => {
    if (state.connection().state === "online") return void setLong(false);
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    onCleanup(() => clearTimeout(timer));
  });
  const stopped = (why: string): boolean => {
    const connection = state.connection();
    return connection.state === "stopped" && connection.why === why;
  };
  return (
    <div class="connection" role="status">
      <Switch>
        <Match when={stopped("replaced")}>
          <Icon name="info" /><span>{t("connection.replaced")}</span>
          <Button kind="quiet" onClick={() => state.talk.connect()}>{t("connection.use")}</Button>
        </Match>
        <Match when={stopped("store")}>
          <Icon name="alert" /><span>{t("connection.store")}</span>
          <Button kind="quiet" onClick={() => location.reload()}>{t("connection.reload")}</Button>
        </Match>
        <Match when={stopped("refused")}>
          <Icon name="alert" />
          <span>{t("connection.refused", { code: (state.connection() as { code?: number }).code ?? 0 })}</span>
          <Button kind="quiet" onClick={() => location.reload()}>{t("connection.reload")}</Button>
        </Match>
        <Match when={long() && state.connection().state === "waiting"}>
          <Icon name="offline" /><span>{t("connection.waiting")}</span>
          <Button kind="quiet" onClick={() => state.talk.connect()}>{t("connection.retry")}</Button>
        </Match>
        <Match when={long() && state.connection().state === "connecting"}>
          <Icon name="offline" /><span>{t("connection.connecting")}</span>
        </Match>
      </Switch>
    </div>
  );
}
