// Calls over REST (protocol §1): accounts, groups, members, devices, contacts. What a chat holds comes over the
// WebSocket instead.

import { ChinwagError } from "../errors.js";
import type { ChatId, DeviceId, Presence, Role, Seq, UserId } from "../types.js";
import type { Contact, Device, LoggedIn, Me, Member, NewGroup, Profile } from "./bodies.js";

export type Fetch = typeof globalThis.fetch;

/** A call that has no answer by then counts as unanswered. */
const PATIENCE_MS = 30_000;

const path = (parts: TemplateStringsArray, ...values: string[]): string =>
  String.raw({ raw: parts }, ...values.map(encodeURIComponent));

export class Rest {
  readonly #server: string;
  readonly #token: string | undefined;
  readonly #fetch: Fetch;

  /** `server`: `https://chat.example`, without a slash at the end. */
  constructor(server: string, token?: string, fetch: Fetch = globalThis.fetch.bind(globalThis)) {
    this.#server = server;
    this.#token = token;
    this.#fetch = fetch;
  }

  /** Without `userId` where the server verifies mail addresses first. */
  register(account: {
    username: string;
    password: string;
    email?: string;
    displayName?: string;
    invite?: string;
  }): Promise<{ userId?: UserId; username: string }> {
    return this.#call("POST", "/users/register", account);
  }

  /** With `device.id` of one of the user's own devices: the same device, a new token, the old one dies. */
  logIn(
    who: ({ username: string } | { email: string }) & { password: string; device: { name: string; id?: DeviceId } },
  ): Promise<LoggedIn> {
    return this.#call("POST", "/users/login", who);
  }

  logOut(): Promise<void> {
    return this.#call("POST", "/users/logout");
  }

  me(): Promise<Me> {
    return this.#call("GET", "/users/me");
  }

  updateMe(change: Partial<Pick<Me, "displayName" | "presence" | "receipts" | "typing">>): Promise<Me> {
    return this.#call("PATCH", "/users/me", change);
  }

  eraseMe(password: string): Promise<void> {
    return this.#call("DELETE", "/users/me", { password });
  }

  changePassword(change: { current: string; new: string; logoutOthers?: boolean }): Promise<void> {
    return this.#call("PUT", "/users/me/password", change);
  }

  user(userId: UserId): Promise<Profile> {
    return this.#call("GET", path`/users/${userId}`);
  }

  /** The exact name; nothing but the exact name finds a user. */
  userByName(username: string): Promise<Profile> {
    return this.#call("GET", path`/users?username=${username}`);
  }

  async contacts(me: UserId): Promise<Contact[]> {
    const answer = await this.#call<{ contacts: Contact[] }>("GET", path`/users/${me}/contacts`);
    return answer.contacts;
  }

  setContact(me: UserId, other: UserId, on: boolean): Promise<void> {
    return this.#call(on ? "PUT" : "DELETE", path`/users/${me}/contacts/${other}`);
  }

  async blocks(me: UserId): Promise<{ userId: UserId; since: string }[]> {
    const answer = await this.#call<{ blocks: { userId: UserId; since: string }[] }>(
      "GET",
      path`/users/${me}/blocks`,
    );
    return answer.blocks;
  }

  setBlock(me: UserId, other: UserId, on: boolean): Promise<void> {
    return this.#call(on ? "PUT" : "DELETE", path`/users/${me}/blocks/${other}`);
  }

  async devices(me: UserId): Promise<Device[]> {
    return (await this.#call<{ devices: Device[] }>("GET", path`/users/${me}/devices`)).devices;
  }

  renameDevice(me: UserId, deviceId: DeviceId, name: string): Promise<void> {
    return this.#call("PATCH", path`/users/${me}/devices/${deviceId}`, { name });
  }

  revokeDevice(me: UserId, deviceId: DeviceId): Promise<void> {
    return this.#call("DELETE", path`/users/${me}/devices/${deviceId}`);
  }

  createGroup(group: NewGroup): Promise<{ chatId: ChatId; head: Seq }> {
    return this.#call("POST", "/chats", group);
  }

  updateGroup(
    chatId: ChatId,
    change: { title?: string; history?: "joined" | "all"; whoMayAdd?: "admins" | "members" },
  ): Promise<void> {
    return this.#call("PATCH", path`/chats/${chatId}`, change);
  }

  async members(chatId: ChatId, cursor?: UserId): Promise<{ members: Member[]; cursor?: UserId }> {
    const page = path`/chats/${chatId}/members` + (cursor === undefined ? "" : path`?cursor=${cursor}`);
    return this.#call("GET", page);
  }

  /** At most 100 users. */
  addMembers(chatId: ChatId, users: readonly UserId[]): Promise<{ head: Seq }> {
    return this.#call("POST", path`/chats/${chatId}/members`, { users });
  }

  setRole(chatId: ChatId, userId: UserId, role: Role): Promise<void> {
    return this.#call("PUT", path`/chats/${chatId}/members/${userId}`, { role });
  }

  /** Of oneself: to leave. */
  removeMember(chatId: ChatId, userId: UserId): Promise<void> {
    return this.#call("DELETE", path`/chats/${chatId}/members/${userId}`);
  }

  /** Of those whom the caller may see. */
  async presence(users: readonly UserId[]): Promise<Presence[]> {
    return (await this.#call<{ users: Presence[] }>("GET", `/presence?users=${users.join(",")}`)).users;
  }

  async #call<Answer>(method: string, target: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    let answer: Response;
    let text: string;
    try {
      answer = await this.#fetch(this.#server + target, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
        credentials: "omit",
        redirect: "error",
      });
      text = await answer.text();
    } catch (cause) {
      throw new ChinwagError("unreachable", `${this.#server} cannot be reached`, undefined, { cause });
    }
    const parsed = parse(text);
    if (answer.ok) return parsed as Answer;
    const { code, detail, retryAfterMs } = (parsed ?? {}) as { code?: string; detail?: string; retryAfterMs?: number };
    if (code === undefined) {
      throw new ChinwagError("unreachable", `${this.#server} answered ${answer.status} and not as a Chinwag server does`);
    }
    throw new ChinwagError(code, detail ?? code, retryAfterMs);
  }
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
