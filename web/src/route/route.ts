// Where in the app the user is. It stands behind `#`, so that it can never be mistaken for an address of the server.

import { createSignal } from "solid-js";

export type Route =
  | { readonly at: "chats" }
  | { readonly at: "chat"; readonly chatId: string; readonly info: boolean }
  | { readonly at: "new" | "newGroup" | "settings" }
  /** A link to chat with somebody. */
  | { readonly at: "user"; readonly username: string }
  | { readonly at: "nowhere" };

const CHAT = /^(?:d\.[0-9]{1,20}\.[0-9]{1,20}|g\.[0-9]{1,20})$/;
const NAME = /^[a-z0-9_.-]{3,32}$/;

export function parseRoute(hash: string): Route {
  const [first = "", second = "", third, ...more] = hash.replace(/^#\/?/, "").split("/");
  if (more.length > 0) return { at: "nowhere" };
  if (first === "") return { at: "chats" };
  if (first === "chat" && CHAT.test(second) && (third === undefined || third === "info")) {
    return { at: "chat", chatId: second, info: third === "info" };
  }
  if (first === "user" && NAME.test(second) && third === undefined) return { at: "user", username: second };
  if (first === "new" && second === "group" && third === undefined) return { at: "newGroup" };
  if ((first === "new" || first === "settings") && second === "") return { at: first };
  return { at: "nowhere" };
}

export function printRoute(route: Route): string {
  switch (route.at) {
    case "chats": return "#/";
    case "chat": return `#/chat/${route.chatId}${route.info ? "/info" : ""}`;
    case "user": return `#/user/${route.username}`;
    case "newGroup": return "#/new/group";
    case "new":
    case "settings": return `#/${route.at}`;
    case "nowhere": return "#/";
  }
}

export const toChat = (chatId: string): Route => ({ at: "chat", chatId, info: false });

const [current, setCurrent] = createSignal<Route>({ at: "chats" });
export const route = current;

/** Follows the address bar; the answer ends that. */
export function followAddress(): () => void {
  const follow = (): void => void setCurrent(parseRoute(location.hash));
  follow();
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}

/** `replace`: the way back does not lead here. */
export function go(to: Route, replace = false): void {
  const hash = printRoute(to);
  if (replace) history.replaceState(history.state, "", hash);
  else if (location.hash !== hash) history.pushState(null, "", hash);
  setCurrent(to);
}
