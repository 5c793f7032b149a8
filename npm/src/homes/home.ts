// Where a device lives: its log-in and its store, and who may use them. Browsers have one, Node has two.

import type { Host } from "../driver/host.js";
import type { Queue } from "../store/store.js";
import type { Link, LinkEvents } from "../tabs/link.js";
import type { Session } from "../types.js";

export interface Home {
  /** The bytes of the engine's module, where it is not fetched. */
  engineBytes?(): Promise<BufferSource>;
  session(): Promise<Session | undefined>;
  keep(session: Session): Promise<void>;
  /** Removes the log-in and the store. */
  forget(session: Session): Promise<void>;
  /**
   * The store of a log-in. `fresh`: one is made, else it has to be there.
   * Throws `store_evicted` where it is gone, `store_failed` where it cannot be opened.
   */
  openStore(session: Session, fresh: boolean, lost: (error: unknown) => void): Promise<Queue>;
  /** Connects a client with the host of the device. `start` makes the host; where the home is shared between tabs,
   * in one of them at a time. */
  link(session: Session, start: () => Promise<Host>, events: LinkEvents): Promise<Link>;
}
