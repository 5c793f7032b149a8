// Settings: profile, look, privacy, devices, keys, the way out.

import { createResource, createSignal, type JSX, Show } from "solid-js";
import { prefer, prefs, type TextSize, textSizes, type Theme, themes } from "../look/prefs.ts";
import { Choice, Field, Toggle } from "../parts/forms.tsx";
import { Avatar, Button, Icon, IconButton, Skeleton } from "../parts/parts.tsx";
import { go, printRoute } from "../route/route.ts";
import { errorWords } from "../talk/errors.ts";
import { type Key, type Language, languages, t } from "../words/words.ts";
import { copy, useApp } from "./app.ts";
import { Devices } from "./Devices.tsx";

const themeNames: Record<Theme, Key> = { system: "settings.themeSystem", light: "settings.themeLight", dark: "settings.themeDark" };
const sizeNames: Record<TextSize, Key> = { s: "settings.textS", m: "settings.textM", l: "settings.textL", xl: "settings.textXl" };
const privacy = [
  ["presence", "settings.presence", "settings.presenceHint"],
  ["receipts", "settings.receipts", "settings.receiptsHint"],
  ["typing", "settings.typing", "settings.typingHint"],
] as const;

export function Settings(props: { onKeys: () => void }): JSX.Element {
  const app = useApp();
  const { state } = app;
  const [me, { mutate, refetch }] = createResource(() => state.talk.rest.me());
  const [name, setName] = createSignal<string>();
  const change = async (what: Parameters<typeof state.talk.rest.updateMe>[0]): Promise<void> => {
    try {
      const now = await state.talk.rest.updateMe(what);
      mutate(now);
      state.people.learn({ userId: now.userId, username: now.username, displayName: now.displayName });
      app.notice(t("settings.saved"));
    } catch (failure) {
      app.notice(errorWords(failure));
    }
  };
  const link = (): string => `${location.origin}/${printRoute({ at: "user", username: me.latest?.username ?? "" })}`;
  return (
    <div class="settings">
      <header class="chat-head">
        <IconButton icon="back" label={t("chat.back")} class="back" onClick={() => go({ at: "chats" })} />
        <h1 class="settings-title">{t("settings.title")}</h1>
      </header>
      <div class="settings-scroll scroll" tabIndex={0} role="region" aria-label={t("settings.title")}>
        <div class="settings-column">
          <section aria-labelledby="profile">
            <h2 id="profile">{t("settings.profile")}</h2>
            <div class="settings-box">
              <Show when={!me.error} fallback={<Offline error={me.error} again={() => void refetch()} />}>
                <Show when={me.latest} fallback={<Skeleton rows={1} label={t("enter.busy")} />}>
                  {(now) => (
                    <form class="profile" onSubmit={(event) => {
                      event.preventDefault();
                      const wanted = name()?.trim();
                      if (wanted) void change({ displayName: wanted }).then(() => setName(undefined));
                    }}>
                      <Avatar size="l" id={state.me} name={now().displayName} />
                      <div class="profile-fields">
                        <div class="form row">
                          <Field label={t("settings.name")} value={name() ?? now().displayName} onInput={setName} maxLength={128} autocomplete="name" />
                          <Show when={name() !== undefined && name()?.trim() !== "" && name() !== now().displayName}>
                            <Button kind="primary" type="submit">{t("settings.save")}</Button>
                          </Show>
                        </div>
                        <div class="username">
                          <span class="soft">@{now().username}</span>
                          <Button kind="quiet" icon="copy" onClick={() => void copy(app, link(), t("chat.copied"))}>{t("settings.copyLink")}</Button>
                        </div>
                      </div>
                    </form>
                  )}
                </Show>
              </Show>
            </div>
          </section>
          <section aria-labelledby="look">
            <h2 id="look">{t("settings.look")}</h2>
            <div class="settings-box">
              <Choice<Theme> label={t("settings.theme")} value={prefs().theme} onChange={(theme) => prefer({ theme })}
                options={themes.map((value) => ({ value, label: t(themeNames[value]) }))} />
              <Choice<TextSize> label={t("settings.text")} value={prefs().text} onChange={(text) => prefer({ text })}
                options={textSizes.map((value) => ({ value, label: t(sizeNames[value]) }))} />
              <Choice<Language | "system"> label={t("settings.language")} value={prefs().language} onChange={(wanted) => prefer({ language: wanted })}
                options={[
                  { value: "system", label: t("settings.languageSystem") },
                  ...Object.entries(languages).map(([value, label]) => ({ value: value as Language, label })),
                ]} />
            </div>
          </section>
          <section aria-labelledby="privacy">
            <h2 id="privacy">{t("settings.privacy")}</h2>
            <div class="settings-box">
              {privacy.map(([what, label, hint]) => (
                <Toggle label={t(label)} hint={t(hint)} disabled={me.latest === undefined} on={me.latest?.[what] === "on"}
                  onChange={(on) => void change({ [what]: on ? "on" : "off" })} />
              ))}
            </div>
          </section>
          <section aria-labelledby="devices">
            <h2 id="devices">{t("settings.devices")}</h2>
            <p class="section-hint">{t("settings.devicesHint")}</p>
            <div class="settings-box"><Devices /></div>
          </section>
          <section class="settings-last">
            <Button icon="info" onClick={() => props.onKeys()}>{t("settings.keysOpen")}</Button>
            <Button kind="danger" icon="logOut" onClick={() => app.ask({
              title: t("settings.logOutAsk"),
              hint: t("settings.logOutHint"),
              ...(state.talk.unsettled > 0 ? { extra: t("settings.logOutUnsent", { count: state.talk.unsettled }) } : {}),
              yes: t("settings.logOut"),
              run: () => app.logOut(),
            })}>{t("settings.logOut")}</Button>
          </section>
        </div>
      </div>
    </div>
  );
}

export function Offline(props: { error: unknown; again: () => void }): JSX.Element {
  return (
    <div class="note" role="alert">
      <Icon name="offline" /><span>{errorWords(props.error)}</span>
      <Button kind="quiet" onClick={props.again}>{t("common.tryAgain")}</Button>
    </div>
  );
}
