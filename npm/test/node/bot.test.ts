// The bot of docs/bots.md, as it stands there, in a process of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { Client, Rest } from "chinwag";
import { MemoryHome } from "chinwag/node";

import { Server } from "../support/server.js";
import { until } from "../support/until.js";

const patience = { timeout: 60_000 };
const password = "correct horse";
/** Inside the package, so that a program there finds the package by its name. */
const INSIDE = fileURLToPath(new URL("../", import.meta.url));
const PAGE = new URL("../../../docs/bots.md", import.meta.url);

async function botOfThePage(): Promise<string> {
  const [, bot] = /```js\n(.*?)```/s.exec(await readFile(PAGE, "utf8")) ?? [];
  assert.ok(bot, "the page has a bot");
  assert.ok(bot.trimEnd().split("\n").length <= 15, "and it is short");
  return bot;
}

test("the echo bot of the page answers, also what came while it was dead", patience, async (t) => {
  const server = await Server.start(t);
  await mkdir(INSIDE, { recursive: true });
  const folder = await mkdtemp(join(INSIDE, "bot-"));
  await writeFile(join(folder, "bot.mjs"), await botOfThePage());
  let bot: ChildProcess | undefined;
  const start = () => {
    const env = { ...process.env, CHINWAG_SERVER: server.address, CHINWAG_USER: "echo", CHINWAG_PASSWORD: password };
    bot = spawn(process.execPath, ["bot.mjs"], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  };
  const kill = async () => {
    bot?.kill("SIGKILL");
    if (bot?.exitCode === null && bot.signalCode === null) await once(bot, "exit");
  };
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });

  const { userId } = await new Rest(server.address).register({ username: "echo", password });
  const alice = await Client.register({ server: server.address, username: "alice", password, home: new MemoryHome() });
  t.after(() => alice.close());
  const chat = alice.directChat(userId as string);
  alice.openChat(chat);
  const answers = (count: number) => {
    const lines = alice.timeline().lines.filter((line) => line.senderId === userId);
    return lines.length >= count && lines.map(({ body }) => (body.type === "content" ? body.text : body.type));
  };

  start();
  await alice.send(chat, "one");
  await until("it answers", () => answers(1));
  await kill();
  await alice.send(chat, "two");
  await alice.send(chat, "three");
  start();
  const texts = await until("it answers the rest", () => (answers(3) as string[])?.includes?.("three") && answers(3));
  assert.deepEqual([...new Set(texts)], ["one", "two", "three"]);
});
