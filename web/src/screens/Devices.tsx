// Where one is logged in: see, rename, remove.

import { createResource, createSignal, For, type JSX, Show } from "solid-js";
import { Field } from "../parts/forms.tsx";
import { Button, Icon, IconButton, Skeleton } from "../parts/parts.tsx";
import { errorWords } from "../talk/errors.ts";
import type { Device } from "../talk/types.ts";
import { calmLine } from "../text/calm.ts";
import { ago } from "../time/days.ts";
import { locale, t } from "../words/words.ts";
import { useApp } from "./app.ts";
import { Offline } from "./Settings.tsx";

export function Devices(): JSX.Element {
  const { state } = useApp();
  const [devices, { refetch }] = createResource(async () => {
    const found = await state.talk.rest.devices(state.me);
    return found.sort((a, b) => Number(b.current) - Number(a.current) || (b.lastSeen ?? "").localeCompare(a.lastSeen ?? ""));
  });
  return (
    <Show when={!devices.error} fallback={<Offline error={devices.error} again={() => void refetch()} />}>
      <Show when={devices.latest} fallback={<Skeleton rows={2} label={t("enter.busy")} />}>
        <ul class="rows"><For each={devices.latest}>{(device) => <OneDevice device={device} changed={() => void refetch()} />}</For></ul>
      </Show>
    </Show>
  );
}

function OneDevice(props: { device: Device; changed: () => void }): JSX.Element {
  const app = useApp();
  const { state } = app;
  const [name, setName] = createSignal<string>();
  const shown = (): string => calmLine(props.device.name, 128);
  const seen = (): string => {
    if (props.device.current) return t("settings.thisDevice");
    if (props.device.lastSeen === undefined) return t("settings.never");
    return t("settings.lastUsed", { when: ago(locale(), t("time.now"), Date.parse(props.device.lastSeen), state.now()) });
  };
  const rename = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const wanted = name()?.trim();
    if (!wanted) return;
    try {
      await state.talk.rest.renameDevice(state.me, props.device.deviceId, wanted);
      setName(undefined);
      props.changed();
    } catch (failure) {
      app.notice(errorWords(failure));
    }
  };
  return (
    <li class="row-item device">
      <span class="row-sign" classList={{ on: props.device.current }}><Icon name="device" /></span>
      <Show when={name() !== undefined} fallback={
        <>
          <span class="row-words">
            <span class="theirs oneline">{shown()}</span>
            <span class="soft" classList={{ live: props.device.current }}>{seen()}</span>
          </span>
          <IconButton icon="edit" label={t("settings.renameDevice", { name: shown() })} onClick={() => setName(props.device.name)} />
          <Show when={!props.device.current}>
            <IconButton icon="trash" label={t("settings.revokeDevice", { name: shown() })} onClick={() => app.ask({
              title: t("settings.revokeAsk", { name: shown() }), hint: t("settings.revokeHint"), yes: t("settings.revoke"),
              run: async () => {
                await state.talk.rest.revokeDevice(state.me, props.device.deviceId);
                props.changed();
              },
            })} />
          </Show>
        </>
      }>
        <form class="form row" onSubmit={(event) => void rename(event)}>
          <Field label={t("settings.deviceName")} value={name() ?? ""} onInput={setName} maxLength={128} autofocus />
          <Button kind="quiet" onClick={() => setName(undefined)}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit">{t("settings.save")}</Button>
        </form>
      </Show>
    </li>
  );
}
