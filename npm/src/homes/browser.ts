// The home of a browser: the log-in in localStorage, the store in IndexedDB, one engine for all tabs.
//
// Browsers clear the two apart from each other, so that a store that was cleared is noticed by the log-in that is left.

import type { Host } from "../driver/host.js";
import { deleteDatabase, IndexedDbDisk } from "../store/indexeddb.js";
import { Queue } from "../store/store.js";
import type { Link, LinkEvents } from "../tabs/link.js";
import { SharedLink } from "../tabs/shared.js";
import type { Session } from "../types.js";
import type { Home } from "./home.js";

const SESSION = "chinwag.session";
const storeName = (session: Session): string => `chinwag.${session.deviceId}`;

export class BrowserHome implements Home {
  async session(): Promise<Session | undefined> {
    const text = localStorage.getItem(SESSION);
    return text === null ? undefined : (JSON.parse(text) as Session);
  }

  async keep(session: Session): Promise<void> {
    localStorage.setItem(SESSION, JSON.stringify(session));
    // Where the browser refuses, the store may be cleared when space is short; it is noticed then.
    await navigator.storage?.persist?.().catch(() => false);
  }

  async forget(session: Session): Promise<void> {
    localStorage.removeItem(SESSION);
    await deleteDatabase(storeName(session));
  }

  async openStore(session: Session, fresh: boolean, lost: (error: unknown) => void): Promise<Queue> {
    let queue: Queue | undefined;
    const disk = await IndexedDbDisk.open(storeName(session), session.stamp, fresh, () => {
      const error = new Error("the store was taken away");
      queue?.fail(error);
      lost(error);
    });
    queue = new Queue(disk);
    return queue;
  }

  link(session: Session, start: () => Promise<Host>, events: LinkEvents): Promise<Link> {
    return SharedLink.open(storeName(session), start, events);
  }
}
