// The app begins: the log-in that this browser keeps, or the way in.

import { Client, ChinwagError } from "chinwag";
import { createSignal, type JSX, Match, onCleanup, Switch } from "solid-js";
import { render } from "solid-js/web";
import "./look/index.ts";
import { applyPrefs } from "./look/prefs.ts";
import { followAddress } from "./route/route.ts";
import { type Credentials, Enter } from "./screens/Enter.tsx";
import { Shell } from "./screens/Shell.tsx";
import { deviceName } from "./talk/deviceName.ts";
import { errorWords } from "./talk/errors.ts";
import { t } from "./words/words.ts";

type Stage =
  | { readonly at: "opening" }
  | { readonly at: "enter"; readonly notice?: string }
  | { readonly at: "in"; readonly client: Client };

function Root(): JSX.Element {
  const [stage, setStage] = createSignal<Stage>({ at: "opening" });
  const enter = (client: Client): void => {
    setStage({ at: "in", client });
    // The server has ended the log-in: what it was for is over here as well.
    const end = client.on("connection", (connection) => {
      if (connection.state !== "stopped" || connection.why !== "loggedOut") return;
      end();
      void client.close().then(() => Client.forget()).finally(() => setStage({ at: "enter", notice: t("enter.ended") }));
    });
  };
  const open = async (): Promise<void> => {
    try {
      enter(await Client.open());
    } catch (error) {
      const code = error instanceof ChinwagError ? error.code : "";
      if (code === "no_session") return void setStage({ at: "enter" });
      if (code === "store_evicted") {
        await Client.forget();
        return void setStage({ at: "enter", notice: t("enter.evicted") });
      }
      setStage({ at: "enter", notice: errorWords(error) });
    }
  };
  void open();
  onCleanup(followAddress());
  const who = ({ username, password }: Credentials): { username: string; password: string; deviceName: string } =>
    ({ username, password, deviceName: deviceName(navigator.userAgent) });
  return (
    <Switch>
      <Match when={stage().at === "opening"}><div class="opening" aria-busy="true" /></Match>
      <Match when={enterStage(stage())}>
        {(at) => (
          <Enter
            notice={at().notice}
            logIn={async (credentials) => enter(await Client.logIn(who(credentials)))}
            register={async (credentials) =>
              enter(await Client.register({
                ...who(credentials),
                ...(credentials.displayName === undefined ? {} : { displayName: credentials.displayName }),
              }))}
          />
        )}
      </Match>
      <Match when={clientOf(stage())} keyed>
        {(client) => <Shell talk={client} onLoggedOut={() => stage().at === "in" && setStage({ at: "enter" })} />}
      </Match>
    </Switch>
  );
}

const enterStage = (stage: Stage): Extract<Stage, { at: "enter" }> | undefined => (stage.at === "enter" ? stage : undefined);
const clientOf = (stage: Stage): Client | undefined => (stage.at === "in" ? stage.client : undefined);

async function start(): Promise<void> {
  await applyPrefs();
  render(Root, document.body);
}

void start();
