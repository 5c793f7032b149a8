import { describe, expect, it } from "vitest";
import { parseRoute, printRoute, type Route } from "./route.ts";

const routes: Route[] = [
  { at: "chats" }, { at: "chat", chatId: "d.1.22", info: false }, { at: "chat", chatId: "g.7", info: true },
  { at: "new" }, { at: "newGroup" }, { at: "settings" }, { at: "user", username: "a.b-c" },
];

describe("an address", () => {
  it.each(routes)("of $at leads back to itself", (route) => expect(parseRoute(printRoute(route))).toEqual(route));
  it.each(["#/chat/u.1", "#/chat/../x", "#/chat/g.1/info/x", "#/user/AB", "#/user/<b>", "#/settings/x", "#/x"])(
    "%s leads nowhere", (hash) => expect(parseRoute(hash)).toEqual({ at: "nowhere" }));
});
