// A home that is gone with the program: for tests, and for bots that need no memory.

import { MemoryDisk } from "../store/memory.js";
import { Queue } from "../store/store.js";
import { type Link, type LinkEvents, OwnLink } from "../tabs/link.js";
import type { Host } from "../driver/host.js";
import type { Session } from "../types.js";
import type { Home } from "./home.js";

export class MemoryHome implements Home {
  #session: Session | undefined;

  async session(): Promise<Session | undefined> {
    return this.#session;
  }

  async keep(session: Session): Promise<void> {
    this.#session = session;
  }

  async forget(): Promise<void> {
    this.#session = undefined;
  }

  async openStore(): Promise<Queue> {
    return new Queue(new MemoryDisk());
  }

  async link(_session: Session, start: () => Promise<Host>, events: LinkEvents): Promise<Link> {
    return new OwnLink(await start(), events);
  }
}
