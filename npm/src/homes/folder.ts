// The home of a program: a folder with the log-in and the store, for one program at a time.

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Host } from "../driver/host.js";
import { lock } from "../store/lock.js";
import { LogDisk } from "../store/log.js";
import { Queue } from "../store/store.js";
import { type Link, type LinkEvents, OwnLink } from "../tabs/link.js";
import type { Session } from "../types.js";
import type { Home } from "./home.js";

export class FolderHome implements Home {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async session(): Promise<Session | undefined> {
    try {
      return JSON.parse(await readFile(this.#path("session.json"), "utf8")) as Session;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async keep(session: Session): Promise<void> {
    const [path, fresh] = [this.#path("session.json"), this.#path("session.json.new")];
    await writeFile(fresh, JSON.stringify(session), { mode: 0o600, flush: true });
    await rename(fresh, path);
  }

  async forget(): Promise<void> {
    for (const name of ["session.json", "store.log", "store.log.new"]) await rm(this.#path(name), { force: true });
  }

  async openStore(session: Session, fresh: boolean): Promise<Queue> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const unlock = await lock(this.#path("lock"));
    try {
      const disk = await LogDisk.open(this.#path("store.log"), session.stamp, fresh);
      return new Queue({
        write: (ops) => disk.write(ops),
        read: (ranges) => disk.read(ranges),
        close: () => disk.close().finally(unlock),
      });
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  async link(_session: Session, start: () => Promise<Host>, events: LinkEvents): Promise<Link> {
    return new OwnLink(await start(), events);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
