// What the engine asks of a store, and the order in which it is done: every store here is a `Disk` in a `Queue`.

import { ChinwagError } from "../errors.js";
import type { Op, Range, Row } from "../engine/wire.js";

/** An ordered map of text to text. Called by one `Queue`, one call at a time. */
export interface Disk {
  /** All or nothing; resolves when it is on disk. */
  write(ops: Op[]): Promise<void>;
  /** The rows of each range, one range after the other. */
  read(ranges: Range[]): Promise<Row[]>;
  close(): Promise<void>;
}

type Task =
  | { kind: "write"; ops: Op[]; done: () => void; failed: (error: unknown) => void }
  | { kind: "read"; ranges: Range[]; done: (rows: Row[]) => void; failed: (error: unknown) => void };

/** Batches that may be written together. */
const MERGED_MAX = 64;

/**
 * Does what is asked in the order asked, so that a read sees every batch given before it. Batches that wait are
 * written together. A disk that refuses a batch is asked for nothing more: every later batch is refused too.
 */
export class Queue {
  readonly #disk: Disk;
  readonly #tasks: Task[] = [];
  #running: Promise<void> | undefined;
  #broken: unknown;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Resolves when the batch is on disk. */
  write(ops: Op[]): Promise<void> {
    return new Promise((done, failed) => this.#push({ kind: "write", ops, done, failed }));
  }

  read(ranges: Range[]): Promise<Row[]> {
    return new Promise((done, failed) => this.#push({ kind: "read", ranges, done, failed }));
  }

  /** What was given before is done first. */
  async close(): Promise<void> {
    await this.#running;
    this.#broken ??= new ChinwagError("closed", "the store is closed");
    await this.#disk.close();
  }

  /** The disk was taken away: refuses all that waits and all that comes. */
  fail(error: unknown): void {
    this.#broken ??= error;
  }

  #push(task: Task): void {
    this.#tasks.push(task);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // What is given in one turn of the event loop is taken together.
    await Promise.resolve();
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) {
      if (this.#broken !== undefined) task.failed(this.#broken);
      else if (task.kind === "read") await this.#disk.read(task.ranges).then(task.done, task.failed);
      else await this.#writeMerged(task);
    }
    // In the same step that found nothing more, so that what comes next is not left lying.
    this.#running = undefined;
  }

  async #writeMerged(first: Task & { kind: "write" }): Promise<void> {
    const batches = [first];
    while (batches.length < MERGED_MAX && this.#tasks[0]?.kind === "write") {
      batches.push(this.#tasks.shift() as Task & { kind: "write" });
    }
    try {
      await this.#disk.write(batches.flatMap((batch) => batch.ops));
      for (const batch of batches) batch.done();
    } catch (error) {
      this.#broken = error;
      for (const batch of batches) batch.failed(error);
    }
  }
}
