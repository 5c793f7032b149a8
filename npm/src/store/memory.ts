// A store that is gone with the program.

import type { Op, Range, Row } from "../engine/wire.js";
import { Rows } from "./rows.js";
import type { Disk } from "./store.js";

export class MemoryDisk implements Disk {
  readonly #rows = new Rows();

  async write(ops: Op[]): Promise<void> {
    this.#rows.apply(ops);
  }

  async read(ranges: Range[]): Promise<Row[]> {
    return this.#rows.read(ranges);
  }

  async close(): Promise<void> {}
}
