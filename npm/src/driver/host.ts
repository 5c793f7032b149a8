// The engine at work: events go in one at a time, effects are carried out in their order. There is one host for a
// device, however many tabs show it; each tab is a screen of it.

import { Core } from "../engine/core.js";
import type { Effect, EngineEvent, Row, Wish } from "../engine/wire.js";
import type { Queue } from "../store/store.js";
import type { ChatId, Seq, Session } from "../types.js";
import { Socket, type WebSocketClass } from "./socket.js";
import { Timers } from "./timers.js";

/** Where a screen is told what is different. */
export interface ScreenEvents {
  /** An `Update`, as text. */
  update(text: string): void;
  /** All wishes of this screen up to this number are on disk. */
  kept(number: number): void;
  /** A wish that could not be understood, and does nothing. */
  misunderstood(number: number, reason: string): void;
}

interface Attached {
  events: ScreenEvents;
  /** Wishes that wait for a batch. */
  waiting: { number: number; batch: number }[];
}

/** Rows of bots: how far the messages of a chat have been handled. */
const POSITION = "n/";

export class Host {
  readonly #core: Core;
  readonly #store: Queue;
  readonly #socket: Socket;
  readonly #timers: Timers;
  readonly #session: Session;
  readonly #screens = new Map<number, Attached>();
  #screenNumbers = 0;
  #connects = 0;
  #given = 0;
  #stored = 0;
  #flushing = false;
  #closed = false;

  private constructor(session: Session, store: Queue, rows: Row[], webSocket: WebSocketClass) {
    this.#session = session;
    this.#store = store;
    this.#core = new Core(session.userId, session.deviceId, rows);
    this.#timers = new Timers((timer) => this.#event({ fired: timer }));
    this.#socket = new Socket(webSocket, session.token, {
      frame: (text) => this.#frame(text),
      closed: (code) => this.#event({ disconnected: { code } }),
    });
  }

  /** Goes on from what the store holds, and connects. */
  static async start(session: Session, store: Queue, webSocket: WebSocketClass): Promise<Host> {
    const rows = await store.read(Core.startupRanges());
    const host = new Host(session, store, rows, webSocket);
    host.#event("started");
    return host;
  }

  /** A screen begins; its number. Its first update holds everything. */
  attach(events: ScreenEvents): number {
    const screen = ++this.#screenNumbers;
    this.#screens.set(screen, { events, waiting: [] });
    this.#core.attach(screen);
    this.#flushSoon();
    return screen;
  }

  detach(screen: number): void {
    if (this.#closed || !this.#screens.delete(screen)) return;
    this.#run(() => this.#core.detach(screen));
  }

  /** `number` rises with each wish of a screen; `kept` tells when it is on disk. */
  wish(screen: number, number: number, wish: Wish): void {
    const attached = this.#screens.get(screen);
    if (this.#closed || !attached) return;
    try {
      this.#run(() => this.#core.wish(screen, wish));
    } catch (error) {
      return attached.events.misunderstood(number, String(error));
    }
    attached.waiting.push({ number, batch: this.#given });
    this.#tellKept();
  }

  /** How far the messages of each chat have been handled. */
  async positions(): Promise<[ChatId, Seq][]> {
    const range = { from: POSITION, to: "n0", limit: 2 ** 32 - 1, backwards: false };
    const rows = await this.#store.read([range]);
    return rows.map(([key, value]) => [key.slice(POSITION.length), Number(value)]);
  }

  /** Resolves when it is on disk. */
  keepPosition(chatId: ChatId, seq: Seq): Promise<void> {
    return this.#store.write([{ put: [POSITION + chatId, String(seq)] }]);
  }

  /** The store was taken away. */
  storeLost(): void {
    this.#event("storeFailed");
  }

  /** What was wished is on disk afterwards. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clear();
    this.#socket.drop();
    await this.#store.close();
    this.#core.free();
  }

  #event(event: EngineEvent): void {
    if (!this.#closed) this.#run(() => this.#core.event(event));
  }

  #frame(text: string): void {
    if (this.#closed) return;
    try {
      this.#run(() => this.#core.frame(text));
    } catch {
      // The other side breaks the protocol.
      this.#socket.drop();
      this.#event({ disconnected: { code: null } });
    }
  }

  #run(step: () => Effect[]): void {
    for (const effect of step()) this.#carryOut(effect);
    this.#flushSoon();
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "connect":
        return this.#socket.connect(effect.url ?? this.#address());
      case "disconnect":
        return this.#socket.drop();
      case "send":
        return this.#socket.send(effect.text);
      case "timer":
        return this.#timers.set(effect.timer, effect.atMs);
      case "store": {
        this.#given = effect.number;
        const stored = () => this.#onStored(effect.number);
        return void this.#store.write(effect.ops).then(stored, () => this.#event("storeFailed"));
      }
      case "load": {
        const { number, ranges } = effect;
        const loaded = (rows: Row[]) => this.#event({ loaded: { number, rows } });
        return void this.#store.read(ranges).then(loaded, () => this.#event("storeFailed"));
      }
    }
  }

  /** The address that log-in has named, and in turn the one that every server has, in case that one is no more. */
  #address(): string {
    const own = this.#session.server.replace(/^http/, "ws") + "/ws";
    return this.#connects++ % 2 === 0 ? this.#session.socket || own : own;
  }

  #onStored(number: number): void {
    this.#stored = Math.max(this.#stored, number);
    this.#event({ stored: number });
    this.#tellKept();
  }

  #tellKept(): void {
    for (const { events, waiting } of this.#screens.values()) {
      let kept: number | undefined;
      while (waiting[0] && waiting[0].batch <= this.#stored) kept = waiting.shift()?.number;
      if (kept !== undefined) events.kept(kept);
    }
  }

  /** Once in a turn of the event loop. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (this.#closed) return;
      for (const [screen, { events }] of this.#screens) {
        const update = this.#core.update(screen);
        if (update !== undefined) events.update(update);
      }
    });
  }
}
