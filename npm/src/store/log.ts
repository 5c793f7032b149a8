// A store in one file: a line for each batch, appended and synced before it counts; all rows in memory. Rewritten when
// it is opened and holds much that is no more.
//
// A line is the CRC-32 of its text as 8 hexadecimal digits, a space, the text (a JSON list of ops), a line feed. A last
// line that is not whole is a batch that never counted; it is cut off. A line in the middle that is not whole is a
// damaged file, and an error.

import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { ChinwagError } from "../errors.js";
import type { Op, Range, Row } from "../engine/wire.js";
import { crc32 } from "./crc32.js";
import { Rows } from "./rows.js";
import type { Disk } from "./store.js";

const STAMP = "!stamp";
/** Below this many ops it is not worth rewriting. */
const REWRITE_MIN = 1_000;

export class LogDisk implements Disk {
  readonly #file: FileHandle;
  readonly #rows: Rows;

  private constructor(file: FileHandle, rows: Rows) {
    this.#file = file;
    this.#rows = rows;
  }

  /** `fresh`: a new one with this stamp, else it has to be there with it. */
  static async open(path: string, stamp: string, fresh: boolean): Promise<LogDisk> {
    const file = await open(path, fresh ? "w+" : "a+", 0o600);
    try {
      if (fresh) {
        await file.appendFile(line([{ put: [STAMP, stamp] }]));
        await file.sync();
        await syncFolder(path);
      }
      const { rows, ops, end } = readLog(await readAll(file), path);
      const [found] = rows.read([{ from: STAMP, to: `${STAMP}!`, limit: 1, backwards: false }]);
      if (found?.[1] !== stamp) {
        throw new ChinwagError("store_evicted", `${path} is not the store of this log-in`);
      }
      await file.truncate(end);
      if (ops < REWRITE_MIN || ops < 2 * rows.size) return new LogDisk(file, rows);
      await file.close();
      return new LogDisk(await rewritten(path, rows), rows);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async write(ops: Op[]): Promise<void> {
    await this.#file.appendFile(line(ops));
    await this.#file.datasync();
    this.#rows.apply(ops);
  }

  async read(ranges: Range[]): Promise<Row[]> {
    return this.#rows.read(ranges);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function line(ops: readonly Op[]): string {
  const text = JSON.stringify(ops);
  return `${crc32(Buffer.from(text)).toString(16).padStart(8, "0")} ${text}\n`;
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}

function readLog(bytes: Buffer, path: string): { rows: Rows; ops: number; end: number } {
  const rows = new Rows();
  let [ops, at] = [0, 0];
  while (at < bytes.length) {
    const feed = bytes.indexOf(10, at);
    const text = bytes.subarray(at + 9, feed < 0 ? bytes.length : feed);
    const whole = feed >= 0 && Number.parseInt(bytes.toString("latin1", at, at + 8), 16) === crc32(text);
    if (!whole) {
      if (feed < 0 || feed === bytes.length - 1) break;
      throw new ChinwagError("store_failed", `${path} is damaged at byte ${at}`);
    }
    const batch = JSON.parse(text.toString("utf8")) as Op[];
    rows.apply(batch);
    ops += batch.length;
    at = feed + 1;
  }
  return { rows, ops, end: at };
}

/** Written beside it, synced, and put in its place. */
async function rewritten(path: string, rows: Rows): Promise<FileHandle> {
  const fresh = await open(`${path}.new`, "w+", 0o600);
  try {
    let batch: Op[] = [];
    for (const row of rows.entries()) {
      batch.push({ put: row });
      if (batch.length === 256) await fresh.appendFile(line(batch.splice(0)));
    }
    if (batch.length > 0) await fresh.appendFile(line(batch));
    await fresh.sync();
  } catch (error) {
    await fresh.close();
    throw error;
  }
  await rename(`${path}.new`, path);
  await syncFolder(path);
  return fresh;
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders; renames are durable there.
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  await folder.sync();
  await folder.close();
}
