// The client: what a program or a screen holds. It knows what its screen shows, tells what is wished, and leaves all
// that is chat to the engine, which may live in another tab.

import { Host } from "./driver/host.js";
import { type WebSocketClass, webSocketClass } from "./driver/socket.js";
import { loadEngine, parseUpdate } from "./engine/core.js";
import type { News, Put, Update, Wish } from "./engine/wire.js";
import { ChinwagError } from "./errors.js";
import type { Home } from "./homes/home.js";
import { Listeners } from "./listeners.js";
import { type Finding, Messages } from "./messages.js";
import { Outgoing, type Sending } from "./outgoing.js";
import { type Fetch, Rest } from "./rest/rest.js";
import { Screen } from "./screen.js";
import type { Link, LinkEvents } from "./tabs/link.js";
import type {
  Changes, Chat, ChatId, Connection, Content, DeviceId, Line, Message, Presence, RecordId, Seq, Session, Timeline,
  UserId,
} from "./types.js";

/** Where and how. */
export interface Options {
  /** `https://chat.example`. In browsers: the page's own origin where it is left out. */
  server?: string;
  /** Where the log-in and the store are kept. In browsers: this browser; Node has to say. */
  home?: Home;
  /** Where the platform has none: Node before 22. */
  webSocket?: WebSocketClass;
  fetch?: Fetch;
}

export interface LogIn extends Options {
  username: string;
  password: string;
  /** What the user calls this device; 1–128 characters. */
  deviceName?: string;
}

export interface Register extends LogIn {
  email?: string;
  displayName?: string;
  /** Where the server asks for one. */
  invite?: string;
}

/** Seqs of one look. */
const LOOK_MAX = 200;

export class Client {
  /** Calls for accounts, groups, members, devices, contacts. */
  readonly rest: Rest;
  readonly #session: Session;
  readonly #home: Home;
  readonly #options: Options;
  readonly #screen = new Screen();
  readonly #outgoing: Outgoing;
  readonly #listeners = new Listeners<Changes>();
  readonly #tickets = new Map<number, { wish: Wish; done: (answer: never) => void; failed: (error: unknown) => void }>();
  #ticketNumbers = 0;
  #link: Link | undefined;
  #open: ChatId | null | undefined;
  #active: boolean | undefined;
  #watched: readonly UserId[] | undefined;
  #closed = false;

  private constructor(session: Session, home: Home, options: Options) {
    this.#session = session;
    this.#home = home;
    this.#options = options;
    this.rest = new Rest(session.server, session.token, options.fetch);
    this.#outgoing = new Outgoing((number, wish) => this.#link?.wish(number, wish));
  }

  /** Makes an account and logs in. */
  static async register(options: Register): Promise<Client> {
    const { username, password, email, displayName, invite } = options;
    await new Rest(serverOf(options), undefined, options.fetch).register({
      username,
      password,
      ...(email === undefined ? {} : { email }),
      ...(displayName === undefined ? {} : { displayName }),
      ...(invite === undefined ? {} : { invite }),
    });
    return Client.logIn(options);
  }

  /** Logs in as a new device. A log-in that was kept here before ends. */
  static async logIn(options: LogIn): Promise<Client> {
    const home = await homeOf(options);
    const server = serverOf(options);
    const before = await home.session();
    if (before) await Client.#end(before, home, options);
    const { username, password, deviceName } = options;
    const rest = new Rest(server, undefined, options.fetch);
    const login = await rest.logIn({ username, password, device: { name: deviceName ?? defaultName() } });
    const session: Session = {
      server,
      socket: login.chatServer.url,
      token: login.token,
      userId: login.userId,
      deviceId: login.deviceId,
      stamp: randomId(),
    };
    return Client.#start(session, home, options, true);
  }

  /**
   * Goes on with the log-in that is kept here. Needs no connection. Throws `no_session` where there is none, and
   * `store_evicted` where the browser has cleared the store that belonged to it.
   */
  static async open(options: Options = {}): Promise<Client> {
    const home = await homeOf(options);
    const session = await home.session();
    if (!session) throw new ChinwagError("no_session", "nobody is logged in here");
    return Client.#start(session, home, options, false);
  }

  /** For programs: goes on with the log-in that is kept here, or makes one. */
  static async openOrLogIn(options: LogIn): Promise<Client> {
    const home = await homeOf(options);
    return (await home.session()) ? Client.open({ ...options, home }) : Client.logIn({ ...options, home });
  }

  /** Ends the log-in that is kept here, also one that cannot be opened. Does nothing where there is none. */
  static async forget(options: Options = {}): Promise<void> {
    const home = await homeOf(options);
    const session = await home.session();
    if (session) await Client.#end(session, home, options);
  }

  static async #end(session: Session, home: Home, options: Options): Promise<void> {
    // The server may have ended it already, or be out of reach; the token is forgotten all the same. A device whose
    // store is gone is never used again, so it goes as a whole.
    const rest = new Rest(session.server, session.token, options.fetch);
    await rest.revokeDevice(session.userId, session.deviceId).catch(() => {});
    await home.forget(session);
  }

  static async #start(session: Session, home: Home, options: Options, fresh: boolean): Promise<Client> {
    const webSocket = webSocketClass(options.webSocket);
    const client = new Client(session, home, options);
    const start = async (): Promise<Host> => {
      await loadEngine(home.engineBytes?.bind(home));
      let host: Host | undefined;
      // Whenever this tab comes to host, also much later: what was made once has to be there.
      const store = await home.openStore(session, false, () => host?.storeLost());
      host = await Host.start(session, store, webSocket);
      return host;
    };
    if (fresh) {
      await (await home.openStore(session, true, () => {})).close();
      await home.keep(session);
    }
    client.#link = await home.link(session, start, client.#linkEvents());
    return client;
  }

  get userId(): UserId {
    return this.#session.userId;
  }

  get deviceId(): DeviceId {
    return this.#session.deviceId;
  }

  // ---- the state of the screen ----

  /** The chats in the order of the list. */
  chats(): readonly Chat[] {
    return this.#screen.chats;
  }

  chat(chatId: ChatId): Chat | undefined {
    return this.#screen.chat(chatId);
  }

  /** Whether the whole list of chats has been seen once. */
  get listed(): boolean {
    return this.#screen.listed;
  }

  get connection(): Connection {
    return this.#screen.connection;
  }

  /** Own records of any chat that the server has not settled, or has refused. */
  get unsettled(): number {
    return this.#screen.unsettled;
  }

  /** The lines of the open chat that are in memory, oldest first, what is on its way last. */
  timeline(): Timeline {
    return this.#screen.timeline;
  }

  /** Who types in a chat. */
  typing(chatId: ChatId): readonly UserId[] {
    return this.#screen.typing(chatId);
  }

  /** Of a watched user, where the server shows it. */
  presence(userId: UserId): Presence | undefined {
    return this.#screen.presence.get(userId);
  }

  /** Hears of changes; the answer ends it. State is read from the client. */
  on<Name extends keyof Changes>(name: Name, listener: (change: Changes[Name]) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  // ---- wishes ----

  /** The direct chat with a user; it need not exist, the first message makes it. */
  directChat(other: UserId): ChatId {
    const [low, high] = [BigInt(this.userId), BigInt(other)].sort((a, b) => (a < b ? -1 : 1));
    return `d.${low}.${high}`;
  }

  /** Sends a message. A draft of the chat ends with it. */
  send(chatId: ChatId, content: Content, options: { replyTo?: Seq } = {}): Sending {
    return this.#record(chatId, { message: { content, replyTo: options.replyTo ?? null } });
  }

  /** Gives an own message another content. */
  edit(chatId: ChatId, target: Seq, content: Content): Sending {
    return this.#record(chatId, { edit: { target, content } });
  }

  /** Deletes a message: an own one; in groups admins delete others' too. */
  delete(chatId: ChatId, target: Seq): Sending {
    return this.#record(chatId, { delete: { target } });
  }

  /** Sets a reaction, or takes it back. */
  react(chatId: ChatId, target: Seq, key: string, on = true): Sending {
    return this.#record(chatId, { react: { target, key, on } });
  }

  /** Sends again what was refused. */
  retry(chatId: ChatId, id: RecordId): void {
    this.#wish({ retry: { chatId, id, fresh: randomId() } });
  }

  /** Takes back what was refused, or was never on its way. */
  discard(chatId: ChatId, id: RecordId): void {
    this.#wish({ discard: { chatId, id } });
    this.#outgoing.discarded(id);
  }

  /** Shows a chat, at its newest; `null` for none. */
  openChat(chatId: ChatId | null): void {
    this.#open = chatId;
    this.#wish({ open: chatId });
  }

  /** Shows the open chat around a message. */
  showAround(seq: Seq): void {
    this.#wish({ at: seq });
  }

  /** What is above the screen. */
  older(): void {
    this.#wish("older");
  }

  /** What is below the screen. */
  newer(): void {
    this.#wish("newer");
  }

  /** The newest of the open chat. */
  newest(): void {
    this.#wish("newest");
  }

  /** What stands in the input field; empty removes it. */
  draft(chatId: ChatId, text: string): void {
    this.#wish({ draft: { chatId, text } });
  }

  /** On top of the list, on this device. */
  pin(chatId: ChatId, on = true): void {
    this.#wish({ pin: { chatId, on } });
  }

  /** No notice of new messages, on this device. */
  mute(chatId: ChatId, on = true): void {
    this.#wish({ mute: { chatId, on } });
  }

  /** The user has read up to and with this. */
  read(chatId: ChatId, seq: Seq): void {
    this.#wish({ read: { chatId, seq } });
  }

  /** The user types, or has stopped. To be told at each key press; it goes out every few seconds. */
  setTyping(chatId: ChatId, on = true): void {
    this.#wish({ typing: { chatId, on } });
  }

  /** Whether the user is at this tab or program. */
  setActive(on: boolean): void {
    this.#active = on;
    this.#wish({ active: on });
  }

  /** Whose presence is on screen; at most 200. */
  watch(users: readonly UserId[]): void {
    this.#watched = users;
    this.#wish({ watch: users });
  }

  /** Messages held on this device that contain all these beginnings of words, newest first. */
  search(query: string): Promise<{ chatId: ChatId; seq: Seq }[]> {
    return this.#ask((ticket) => ({ search: { ticket, query } }));
  }

  /** Lines that are held, from a seq to a seq, at most 200, without opening their chat; what is not held is left out. */
  look(chatId: ChatId, from: Seq, to: Seq = from + LOOK_MAX - 1): Promise<Line[]> {
    return this.#ask((ticket) => ({ look: { ticket, chatId, from, to } }));
  }

  /** Connects now, also after it has stopped. */
  connect(): void {
    this.#wish("connect");
  }

  /** Breaks the connection and stays offline. */
  disconnect(): void {
    this.#wish("disconnect");
  }

  /**
   * For bots: messages of others that were not handled yet, and all that come. One counts as handled when the next is
   * asked for; that is kept in the store, so a bot that was away goes on where it was, and one that died in the middle
   * of a message gets it again. At the very first time it begins with what is unread. Of one chat they come in their
   * order; deleted and unreadable ones are left out.
   */
  messages(): AsyncIterableIterator<Message> {
    const finding: Finding = {
      chats: () => (this.listed ? this.chats() : undefined),
      look: (chatId, from, to) => this.look(chatId, from, to),
      positions: () => this.#linked().positions(),
      keep: (chatId, seq) => this.#linked().keepPosition(chatId, seq),
      onChange: (listener) => {
        const ends = [this.on("chats", listener), this.on("connection", listener), this.on("closed", listener)];
        return () => ends.forEach((end) => end());
      },
      isOver: () => this.#closed,
    };
    return new Messages(finding);
  }

  /** Ends this device, here and at the server. */
  async logOut(): Promise<void> {
    await this.close();
    await Client.#end(this.#session, this.#home, this.#options);
  }

  /** Lets go of everything; what was sent is kept and goes out when a client is opened again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#link?.close();
    this.#link = undefined;
    const error = new ChinwagError("closed", "the client is closed");
    this.#outgoing.close(error);
    for (const { failed } of this.#tickets.values()) failed(error);
    this.#listeners.tell("closed", undefined);
    this.#listeners.clear();
  }

  #linked(): Link {
    if (this.#link) return this.#link;
    throw new ChinwagError("closed", "the client is closed");
  }

  #wish(wish: Wish): void {
    if (!this.#closed) this.#outgoing.wish(wish);
  }

  #record(chatId: ChatId, put: Put): Sending {
    const id = randomId();
    return this.#outgoing.record(id, { record: { chatId, id, atMs: Date.now(), record: put } });
  }

  #ask<Answer>(wish: (ticket: number) => Wish): Promise<Answer> {
    const ticket = ++this.#ticketNumbers;
    return new Promise<Answer>((done, failed) => {
      if (this.#closed) return failed(new ChinwagError("closed", "the client is closed"));
      const asked = wish(ticket);
      this.#tickets.set(ticket, { wish: asked, done: done as (answer: never) => void, failed });
      this.#link?.wish(0, asked);
    });
  }

  #linkEvents(): LinkEvents {
    return {
      attached: () => this.#onAttached(),
      update: (text) => this.#onUpdate(parseUpdate(text)),
      kept: (number) => this.#outgoing.kept(number),
      misunderstood: (number, reason) => this.#outgoing.misunderstood(number, reason),
      failed: () => void this.close(),
    };
  }

  /** A host that knows nothing of this screen: what it shows, and whatever the one before may not have kept. */
  #onAttached(): void {
    this.#screen.forgetLines();
    if (this.#watched) this.#link?.wish(0, { watch: this.#watched });
    if (this.#open !== undefined) this.#link?.wish(0, { open: this.#open });
    if (this.#active !== undefined) this.#link?.wish(0, { active: this.#active });
    this.#outgoing.tellAgain();
    for (const { wish } of this.#tickets.values()) this.#link?.wish(0, wish);
  }

  #onUpdate(update: Update): void {
    const difference = this.#screen.apply(update);
    for (const news of update.news ?? []) this.#onNews(news);
    if (difference.connection) this.#listeners.tell("connection", this.connection);
    if (difference.chats) this.#listeners.tell("chats", difference.chats);
    if (difference.timeline) this.#listeners.tell("timeline", this.timeline());
    for (const chatId of difference.typing) this.#listeners.tell("typing", chatId);
    if (difference.presence) this.#listeners.tell("presence", [...this.#screen.presence.values()]);
  }

  #onNews(news: News): void {
    if (news.type === "found" || news.type === "looked") {
      const ticket = this.#tickets.get(news.ticket);
      this.#tickets.delete(news.ticket);
      return ticket?.done((news.type === "found" ? news.hits : news.lines) as never);
    }
    this.#outgoing.news(news);
    if (news.type === "notify") this.#listeners.tell("notify", news);
    if (news.type === "failed") this.#listeners.tell("failed", news);
  }
}

/** Fresh and random: 128 bits as 32 hexadecimal digits. */
export function randomId(): RecordId {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function serverOf({ server }: Options): string {
  const found = server ?? (globalThis as { location?: { origin: string } }).location?.origin;
  if (found === undefined) throw new ChinwagError("unsupported", "the option `server` is missing");
  return found.replace(/\/+$/, "");
}

async function homeOf({ home }: Options): Promise<Home> {
  if (home) return home;
  if (typeof indexedDB !== "undefined") return new (await import("./homes/browser.js")).BrowserHome();
  throw new ChinwagError("unsupported", "say where to keep things: the option `home`, see chinwag/node");
}

const defaultName = (): string => (typeof document === "undefined" ? "program" : "browser");
