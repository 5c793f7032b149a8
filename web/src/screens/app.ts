// What every screen of somebody who is logged in can reach.

import { createContext, useContext } from "solid-js";
import type { Question } from "../parts/overlays.tsx";
import type { State } from "../talk/state.ts";

export interface App {
  readonly state: State;
  /** Says something to whoever listens to the screen instead of looking at it. */
  announce(text: string): void;
  /** A short notice that goes by itself; it is announced too. */
  notice(text: string): void;
  ask(question: Question): void;
  logOut(): Promise<void>;
}

export const AppContext = createContext<App>();

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error("a screen outside of the app");
  return app;
}

export async function copy(app: App, text: string, said: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  app.notice(said);
}
