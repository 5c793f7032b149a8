// One host for all tabs of a browser. Whoever holds the Web Lock of the device hosts; when that tab is gone, however it
// went, the browser hands the lock to another, which goes on from the store.
//
// Tabs speak over a BroadcastChannel. A tab holds a lock of its own as long as it lives: the host waits for it, and so
// learns that a tab is gone.

import type { Host } from "../driver/host.js";
import type { Wish } from "../engine/wire.js";
import { ChinwagError } from "../errors.js";
import type { ChatId, Seq } from "../types.js";
import { type Link, type LinkEvents, OwnLink } from "./link.js";

/** `host` names the one that is meant, or that speaks: what was meant for another is passed over. */
type Said =
  | { say: "whoHosts"; tab: string }
  | { say: "hosting"; host: string }
  | { say: "attach"; host: string; tab: string }
  | { say: "attached"; host: string; to: string }
  | { say: "wish"; host: string; tab: string; number: number; wish: Wish }
  | { say: "update"; host: string; to: string; text: string }
  | { say: "kept"; host: string; to: string; number: number }
  | { say: "misunderstood"; host: string; to: string; number: number; reason: string }
  | { say: "cannotHost"; error: { code: string; message: string } };

/** What a tab that hosts has. */
interface Hosting {
  name: string;
  own: OwnLink;
  host: Host;
  /** The screens of other tabs. */
  screens: Map<string, number>;
}

const newName = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

export class SharedLink implements Link {
  readonly #name: string;
  readonly #tab = newName();
  readonly #channel: BroadcastChannel;
  readonly #start: () => Promise<Host>;
  readonly #events: LinkEvents;
  /** Ends the locks of this tab. */
  readonly #closing = new AbortController();
  readonly #released: Promise<void>;
  #release: () => void = () => {};
  /** The host in another tab that this one is attached to. */
  #host: string | undefined;
  /** The host in this tab. */
  #hosting: Hosting | undefined;
  #closed = false;

  private constructor(name: string, start: () => Promise<Host>, events: LinkEvents) {
    this.#name = name;
    this.#start = start;
    this.#events = events;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Said>) => this.#hear(data);
    this.#released = new Promise((release) => (this.#release = release));
  }

  /** Resolves when this tab hosts, or is attached to the tab that does. */
  static async open(name: string, start: () => Promise<Host>, events: LinkEvents): Promise<SharedLink> {
    if (typeof navigator.locks === "undefined") {
      throw new ChinwagError("unsupported", "this page is not in a secure context: serve it over https or from localhost");
    }
    return new Promise((done, failed) => {
      const link: SharedLink = new SharedLink(name, start, {
        ...events,
        attached: () => {
          done(link);
          // The client learns of its link first.
          queueMicrotask(() => events.attached());
        },
        failed: (error) => {
          void link.close();
          failed(error as Error);
          events.failed(error);
        },
      });
      void link.#begin();
    });
  }

  wish(number: number, wish: Wish): void {
    if (this.#hosting) this.#hosting.own.wish(number, wish);
    else if (this.#host !== undefined) this.#say({ say: "wish", host: this.#host, tab: this.#tab, number, wish });
  }

  positions(): Promise<[ChatId, Seq][]> {
    return this.#ownOnly().positions();
  }

  keepPosition(chatId: ChatId, seq: Seq): Promise<void> {
    return this.#ownOnly().keepPosition(chatId, seq);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#hosting?.host.close();
    this.#closing.abort();
    this.#release();
    this.#channel.close();
  }

  #ownOnly(): OwnLink {
    if (this.#hosting) return this.#hosting.own;
    throw new ChinwagError("unsupported", "another tab hosts: a bot has a browser for itself");
  }

  async #begin(): Promise<void> {
    const { signal } = this.#closing;
    const quiet = () => {};
    // Held before anybody is asked, so that no host can take this tab for gone.
    await new Promise<void>((held) => {
      navigator.locks.request(`${this.#name}.tab.${this.#tab}`, { signal }, () => (held(), this.#released)).catch(quiet);
    });
    navigator.locks.request(this.#name, { signal }, () => this.#becomeHost()).catch(quiet);
    this.#say({ say: "whoHosts", tab: this.#tab });
  }

  /** As long as it is pending, this tab hosts. */
  async #becomeHost(): Promise<void> {
    let host: Host;
    try {
      host = await this.#start();
    } catch (error) {
      const { code, message } = error instanceof ChinwagError ? error : { code: "store_failed", message: String(error) };
      this.#say({ say: "cannotHost", error: { code, message } });
      return this.#events.failed(error);
    }
    if (this.#closed) return host.close();
    const name = newName();
    this.#host = undefined;
    this.#hosting = { name, own: new OwnLink(host, this.#events), host, screens: new Map() };
    this.#say({ say: "hosting", host: name });
    return this.#released;
  }

  #hear(said: Said): void {
    if (this.#closed) return;
    if ("to" in said && said.to !== this.#tab) return;
    if (this.#hosting) this.#hearAsHost(said, this.#hosting);
    else this.#hearAsGuest(said);
  }

  #hearAsGuest(said: Said): void {
    switch (said.say) {
      case "hosting":
        this.#host = undefined;
        return this.#say({ say: "attach", host: said.host, tab: this.#tab });
      case "attached":
        this.#host = said.host;
        return this.#events.attached();
      case "cannotHost":
        return this.#events.failed(new ChinwagError(said.error.code, said.error.message));
      case "update":
        if (said.host === this.#host) this.#events.update(said.text);
        return;
      case "kept":
        if (said.host === this.#host) this.#events.kept(said.number);
        return;
      case "misunderstood":
        if (said.host === this.#host) this.#events.misunderstood(said.number, said.reason);
    }
  }

  #hearAsHost(said: Said, { name, host, screens }: Hosting): void {
    if (said.say === "whoHosts") return this.#say({ say: "hosting", host: name });
    if (!("tab" in said) || !("host" in said) || said.host !== name) return;
    const screen = screens.get(said.tab);
    if (said.say === "wish" && screen !== undefined) host.wish(screen, said.number, said.wish);
    if (said.say === "attach" && screen === undefined) this.#attach(said.tab, name, host, screens);
  }

  #attach(tab: string, name: string, host: Host, screens: Map<string, number>): void {
    const to = { host: name, to: tab };
    this.#say({ say: "attached", ...to });
    screens.set(
      tab,
      host.attach({
        update: (text) => this.#say({ say: "update", ...to, text }),
        kept: (number) => this.#say({ say: "kept", ...to, number }),
        misunderstood: (number, reason) => this.#say({ say: "misunderstood", ...to, number, reason }),
      }),
    );
    const gone = () => {
      const screen = screens.get(tab);
      screens.delete(tab);
      if (screen !== undefined) host.detach(screen);
    };
    navigator.locks.request(`${this.#name}.tab.${tab}`, { signal: this.#closing.signal }, gone).catch(() => {});
  }

  #say(said: Said): void {
    if (!this.#closed) this.#channel.postMessage(said);
  }
}
