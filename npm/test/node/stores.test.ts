// The stores of Node by themselves.

import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

// Not part of what the package promises.
import { LogDisk } from "../../dist/store/log.js";
import { Queue } from "../../dist/store/store.js";
import { Rows } from "../../dist/store/rows.js";

async function file(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "chinwag-log-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "store.log");
}

const all = { from: "a", to: "z", limit: 1_000, backwards: false };

test("rows come in the order of their bytes, from either end", () => {
  const rows = new Rows();
  // U+FF21 stands below U+1F44D in UTF-8, and above it in UTF-16.
  const keys = ["w/a", "w/\u{ff21}", "w/\u{1f44d}", "w/é"];
  rows.apply(keys.map((key) => ({ put: [key, key] })));
  const range = { ...all, from: "w/", to: "w/\u{10ffff}" };
  assert.deepEqual(rows.read([range]).map(([key]) => key), ["w/a", "w/é", "w/\u{ff21}", "w/\u{1f44d}"]);
  assert.deepEqual(rows.read([{ ...range, backwards: true, limit: 1 }]).map(([key]) => key), ["w/\u{1f44d}"]);
  rows.apply([{ clear: ["w/b", "w/\u{1f44d}"] }, { put: ["w/b", "new"] }, { delete: "w/a" }]);
  assert.deepEqual(rows.read([range]), [["w/b", "new"], ["w/\u{1f44d}", "w/\u{1f44d}"]]);
});

test("what was written is there again, and a line that was cut off is not", async (t) => {
  const path = await file(t);
  const disk = await LogDisk.open(path, "stamp", true);
  await disk.write([{ put: ["k", "one\ntwo"] }]);
  await disk.close();
  await appendFile(path, '0badf00d [{"put":["k","half');
  const again = await LogDisk.open(path, "stamp", false);
  assert.deepEqual(await again.read([all]), [["k", "one\ntwo"]]);
  await again.write([{ put: ["l", "after"] }]);
  await again.close();
  const third = await LogDisk.open(path, "stamp", false);
  assert.deepEqual(await third.read([all]), [["k", "one\ntwo"], ["l", "after"]]);
  await third.close();
});

test("a damaged file, and one of another log-in, are refused", async (t) => {
  const path = await file(t);
  const disk = await LogDisk.open(path, "stamp", true);
  await disk.write([{ put: ["k", "value"] }]);
  await disk.write([{ put: ["l", "value"] }]);
  await disk.close();
  await assert.rejects(LogDisk.open(path, "other", false), { code: "store_evicted" });
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace('"k"', '"x"'));
  await assert.rejects(LogDisk.open(path, "stamp", false), { code: "store_failed" });
});

test("a log that holds much that is no more is rewritten", async (t) => {
  const path = await file(t);
  const disk = await LogDisk.open(path, "stamp", true);
  for (let n = 0; n < 1_200; n++) await disk.write([{ put: ["k", String(n)] }]);
  await disk.close();
  const before = (await stat(path)).size;
  await (await LogDisk.open(path, "stamp", false)).close();
  assert.ok((await stat(path)).size < before / 100);
  const again = await LogDisk.open(path, "stamp", false);
  assert.deepEqual(await again.read([all]), [["k", "1199"]]);
  await again.close();
});

test("a read sees every batch given before it, and a disk that refuses one is asked for nothing more", async () => {
  const written: string[] = [];
  const rows = new Rows();
  const queue = new Queue({
    async write(ops) {
      if (written.length === 2) throw new Error("full");
      written.push(JSON.stringify(ops));
      rows.apply(ops);
    },
    read: async (ranges) => rows.read(ranges),
    close: async () => {},
  });
  void queue.write([{ put: ["k", "1"] }]);
  void queue.write([{ put: ["k", "2"] }]);
  assert.deepEqual(await queue.read([all]), [["k", "2"]]);
  assert.equal(written.length, 1, "what waits is written together");
  // Given the moment that the queue has come to its end.
  await queue.write([{ put: ["k", "3"] }]).then(() => queue.read([all]));
  await assert.rejects(queue.write([{ put: ["k", "4"] }]), /full/);
  await assert.rejects(queue.write([{ put: ["k", "5"] }]), /full/);
  assert.equal(written.length, 2);
});
