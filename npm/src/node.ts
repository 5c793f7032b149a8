// Where Node keeps things: a folder, or nothing but memory.

import { readFile } from "node:fs/promises";

import { FolderHome as Folder } from "./homes/folder.js";
import { MemoryHome as Memory } from "./homes/memory.js";

const engineBytes = (): Promise<BufferSource> =>
  readFile(new URL("../wasm/chinwag_bg.wasm", import.meta.url)) as Promise<BufferSource>;

/** A log-in and a store in a folder: `Client.open({ home: new FolderHome("./bot") })`. One program at a time. */
export class FolderHome extends Folder {
  engineBytes = engineBytes;
}

/** Gone with the program. */
export class MemoryHome extends Memory {
  engineBytes = engineBytes;
}
