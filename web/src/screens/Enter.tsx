// Getting in: log in, or make an account.

import { createMemo, createSignal, type JSX, Show } from "solid-js";
import { Field } from "../parts/forms.tsx";
import { Button, Icon } from "../parts/parts.tsx";
import { errorWords } from "../talk/errors.ts";
import { t } from "../words/words.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** With a new account. */
  readonly displayName?: string;
}

const NAME = /^[a-z0-9_.-]{3,32}$/;
const bytes = (text: string): number => new TextEncoder().encode(text).length;

export function Enter(props: {
  notice?: string | undefined;
  logIn: (who: Credentials) => Promise<void>;
  register: (who: Credentials) => Promise<void>;
}): JSX.Element {
  const [fresh, setFresh] = createSignal(false);
  const [username, setUsername] = createSignal("");
  const [password, setPassword] = createSignal("");
  const [displayName, setDisplayName] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<string>();
  let nameInput: HTMLInputElement | undefined;
  let passwordInput: HTMLInputElement | undefined;

  const nameError = createMemo(() => {
    if (username() === "") return t("error.required");
    return NAME.test(username()) ? undefined : t("error.username");
  });
  const passwordError = createMemo(() => {
    if (password() === "") return t("error.required");
    if (!fresh()) return undefined;
    if (bytes(password()) < 8) return t("error.passwordShort");
    return bytes(password()) > 1024 ? t("error.passwordLong") : undefined;
  });

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setError(undefined);
    if (nameError() !== undefined) return nameInput?.focus();
    if (passwordError() !== undefined) return passwordInput?.focus();
    setBusy(true);
    try {
      const name = displayName().trim();
      const who = { username: username(), password: password(), ...(name === "" ? {} : { displayName: name }) };
      await (fresh() ? props.register(who) : props.logIn(who));
    } catch (failure) {
      setError(errorWords(failure));
      (fresh() ? nameInput : passwordInput)?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <main class="enter">
      <div class="enter-card">
        <div class="brand"><img src="/icon.svg" alt="" width="56" height="56" /><span>{t("app.name")}</span></div>
        <h1>{fresh() ? t("enter.welcomeNew") : t("enter.welcome")}</h1>
        <p class="enter-pitch">{t("enter.pitch")}</p>
        <Show when={props.notice}><p class="note" role="status"><Icon name="info" />{props.notice}</p></Show>
        <form class="form" noValidate onSubmit={(event) => void submit(event)}>
          <Field
            label={t("enter.username")}
            value={username()}
            onInput={(value) => setUsername(value.trim().toLowerCase())}
            hint={fresh() ? t("enter.usernameHint") : undefined}
            error={tried() ? nameError() : undefined}
            name="username" autocomplete="username" maxLength={64} plain autofocus required
            ref={(element) => (nameInput = element)}
          />
          <Show when={fresh()}>
            <Field
              label={t("enter.displayName")} value={displayName()} onInput={setDisplayName}
              hint={t("enter.displayNameHint")} name="name" autocomplete="name" maxLength={128}
            />
          </Show>
          <Field
            label={t("enter.password")} value={password()} onInput={setPassword} type="password"
            hint={fresh() ? t("enter.passwordHint") : undefined}
            error={tried() ? passwordError() : undefined}
            name="password" autocomplete={fresh() ? "new-password" : "current-password"} required
            ref={(element) => (passwordInput = element)}
          />
          <Show when={error()}><p class="note danger" role="alert"><Icon name="alert" />{error()}</p></Show>
          <Button kind="primary" type="submit" class="wide" disabled={busy()}>
            {busy() ? t("enter.busy") : fresh() ? t("enter.register") : t("enter.logIn")}
          </Button>
        </form>
        <Button kind="quiet" class="wide" onClick={() => {
          setFresh(!fresh());
          setTried(false);
          setError(undefined);
          nameInput?.focus();
        }}>
          {fresh() ? t("enter.toLogIn") : t("enter.toRegister")}
        </Button>
      </div>
    </main>
  );
}
