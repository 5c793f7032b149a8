// A store in the browser's IndexedDB: one transaction for what is written together, on disk before it counts.
//
// Keys are the UTF-8 bytes of the engine's keys: IndexedDB sorts bytes as the engine does, text it would sort otherwise.

import { ChinwagError } from "../errors.js";
import type { Op, Range, Row } from "../engine/wire.js";
import type { Disk } from "./store.js";

const ROWS = "rows";
/** Holds the stamp of the log-in that the store belongs to. */
const META = "meta";
const STAMP = "stamp";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = (key: string): Uint8Array<ArrayBuffer> => encoder.encode(key) as Uint8Array<ArrayBuffer>;

export class IndexedDbDisk implements Disk {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  /**
   * `fresh`: a new one with this stamp, else it has to be there with it: a store that was cleared is `store_evicted`.
   * `lost`: it was deleted or cleared while it was open.
   */
  static async open(name: string, stamp: string, fresh: boolean, lost: () => void): Promise<IndexedDbDisk> {
    const db = await openDatabase(name);
    const found = await promised<string | undefined>(db.transaction(META).objectStore(META).get(STAMP));
    if (found !== stamp && !fresh) {
      db.close();
      if (found === undefined) await promised(indexedDB.deleteDatabase(name));
      throw new ChinwagError("store_evicted", "the browser has cleared what Chinwag had stored");
    }
    if (fresh && found !== stamp) {
      const transaction = db.transaction([META, ROWS], "readwrite", { durability: "strict" });
      transaction.objectStore(ROWS).clear();
      transaction.objectStore(META).put(stamp, STAMP);
      await completed(transaction);
    }
    db.onclose = lost;
    db.onversionchange = () => {
      db.close();
      lost();
    };
    return new IndexedDbDisk(db);
  }

  async write(ops: Op[]): Promise<void> {
    const transaction = this.#db.transaction(ROWS, "readwrite", { durability: "strict" });
    const rows = transaction.objectStore(ROWS);
    for (const op of ops) {
      if ("put" in op) rows.put(op.put[1], bytes(op.put[0]));
      else if ("delete" in op) rows.delete(bytes(op.delete));
      else {
        const range = between(op.clear[0], op.clear[1]);
        if (range) rows.delete(range);
      }
    }
    transaction.commit();
    await completed(transaction);
  }

  async read(ranges: Range[]): Promise<Row[]> {
    const rows = this.#db.transaction(ROWS).objectStore(ROWS);
    return (await Promise.all(ranges.map((range) => readRange(rows, range)))).flat();
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

/** `undefined` where nothing is between: IndexedDB refuses to make such a range. */
function between(from: string, to: string): IDBKeyRange | undefined {
  const [lower, upper] = [bytes(from), bytes(to)];
  return indexedDB.cmp(lower, upper) < 0 ? IDBKeyRange.bound(lower, upper, false, true) : undefined;
}

async function readRange(rows: IDBObjectStore, { from, to, limit, backwards }: Range): Promise<Row[]> {
  const range = between(from, to);
  if (!range) return [];
  if (backwards) return readBackwards(rows, range, limit);
  const [keys, values] = await Promise.all([
    promised(rows.getAllKeys(range, limit)),
    promised<string[]>(rows.getAll(range, limit)),
  ]);
  return keys.map((key, place) => [decoder.decode(key as ArrayBuffer), values[place] as string]);
}

function readBackwards(rows: IDBObjectStore, range: IDBKeyRange, limit: number): Promise<Row[]> {
  return new Promise((done, failed) => {
    const found: Row[] = [];
    const request = rows.openCursor(range, "prev");
    request.onerror = () => failed(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || found.length >= limit) return done(found);
      found.push([decoder.decode(cursor.key as ArrayBuffer), cursor.value as string]);
      cursor.continue();
    };
  });
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ROWS);
    request.result.createObjectStore(META);
  };
  return promised(request).catch((cause: unknown) => {
    throw new ChinwagError("store_failed", "the browser's storage cannot be opened", undefined, { cause });
  });
}

export function deleteDatabase(name: string): Promise<unknown> {
  return promised(indexedDB.deleteDatabase(name));
}

function promised<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((done, failed) => {
    transaction.oncomplete = () => done();
    transaction.onabort = () => failed(transaction.error ?? new Error("the transaction was aborted"));
  });
}
