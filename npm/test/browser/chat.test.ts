// The package in real Chromium against a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Browser } from "playwright-core";

import { launch, Profile, type Tab } from "../support/browser.js";
import { Server } from "../support/server.js";
import { until } from "../support/until.js";

const patience = { timeout: 60_000 };

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const direct = (one: string, other: string): string =>
  "d." + [one, other].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)).join(".");

const isOnline = (tab: Tab) => until("it is online", () => tab.page.evaluate(() => client.connection.state === "online"));

const untilItShows = (tab: Tab, chat: string, texts: string[]) =>
  until(`it shows ${texts.join(", ")}`, async () => {
    const shown = await tab.shows(chat);
    return texts.every((text) => shown.filter((line) => line === text).length === 1) && shown;
  });

test("two browsers chat", patience, async (t) => {
  const server = await Server.start(t);
  const [alice, bob] = [
    await (await Profile.create(t, browser, server.address)).tab(),
    await (await Profile.create(t, browser, server.address)).tab(),
  ];
  const chat = direct(await alice.register("alice"), await bob.register("bob"));
  const sent = await alice.page.evaluate((chat) => client.send(chat, "hello bob"), chat);
  assert.equal(sent.seq, 1);
  await untilItShows(bob, chat, ["hello bob"]);
  await bob.page.evaluate(async (chat) => {
    client.setTyping(chat);
    await client.react(chat, 1, "👍");
    await client.send(chat, "hello alice", { replyTo: 1 });
    client.read(chat, 3);
  }, chat);
  await untilItShows(alice, chat, ["hello bob", "hello alice"]);
  const first = await until("the first line is read", () =>
    alice.page.evaluate(() => {
      const line = client.timeline().lines[0];
      return line?.status === "read" ? line : undefined;
    }),
  );
  assert.deepEqual(first.reactions.map(({ key }) => key), ["👍"]);
  assert.deepEqual(await alice.page.evaluate(() => client.search("ali")), [{ chatId: chat, seq: 3 }]);
});

test("a reload in mid-send loses nothing and doubles nothing", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await (await Profile.create(t, browser, server.address)).tab();
  const me = await alice.register("alice");
  const chat = direct(me, me);
  await alice.page.evaluate((chat) => client.send(chat, "before"), chat);
  await server.kill();
  const kept = await alice.page.evaluate(async (chat) => {
    const sendings = Array.from({ length: 20 }, (_, n) => client.send(chat, `message ${n}`));
    await Promise.all(sendings.slice(0, 10).map(({ kept }) => kept));
    return 10;
  }, chat);
  await alice.load();
  await alice.open();
  const waiting = Array.from({ length: kept }, (_, n) => `message ${n}`);
  await untilItShows(alice, chat, ["before", ...waiting]);
  await server.startAgain();
  await until("all is sent", () => alice.page.evaluate(() => client.unsettled === 0));
  await untilItShows(alice, chat, ["before", ...waiting]);
  const shown = await alice.shows(chat);
  assert.equal(new Set(shown).size, shown.length, "nothing is there twice");
});

test("two tabs share one engine, and the other goes on when the one that hosts is closed", patience, async (t) => {
  const server = await Server.start(t);
  const profile = await Profile.create(t, browser, server.address);
  const [one, two] = [await profile.tab(), await profile.tab()];
  const me = await one.register("alice");
  const chat = direct(me, me);
  await two.open();
  await one.page.evaluate((chat) => client.send(chat, "from one"), chat);
  await untilItShows(two, chat, ["from one"]);
  await two.page.evaluate((chat) => client.send(chat, "from two"), chat);
  await untilItShows(one, chat, ["from one", "from two"]);
  const locks = await one.page.evaluate(async () => (await navigator.locks.query()).held?.length);
  assert.equal(locks, 3, "one lock hosts, and each tab has its own");

  // Nobody can say whether the host has kept what is wished while it goes.
  const sending = two.page.evaluate((chat) => {
    return Promise.all(Array.from({ length: 20 }, (_, n) => client.send(chat, `on the way ${n}`)));
  }, chat);
  await one.close();
  const sent = await sending;
  assert.equal(new Set(sent.map(({ seq }) => seq)).size, 20);
  await two.page.evaluate((chat) => client.send(chat, "alone"), chat);
  await untilItShows(two, chat, ["from one", "from two", "alone", ...Array.from({ length: 20 }, (_, n) => `on the way ${n}`)]);
});

test("a server that is killed and started again is found again", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await (await Profile.create(t, browser, server.address)).tab();
  const me = await alice.register("alice");
  const chat = direct(me, me);
  await isOnline(alice);
  await server.kill();
  await until("it waits", () => alice.page.evaluate(() => client.connection.state !== "online"));
  const sending = alice.page.evaluate((chat) => client.send(chat, "while it was down"), chat);
  await server.startAgain();
  assert.equal((await sending).seq, 1);
});

test("a store that was cleared is noticed, and logging in again makes a new device", patience, async (t) => {
  const server = await Server.start(t);
  const profile = await Profile.create(t, browser, server.address);
  const alice = await profile.tab();
  const me = await alice.register("alice");
  const chat = direct(me, me);
  await alice.page.evaluate((chat) => client.send(chat, "hello"), chat);
  const device = await alice.page.evaluate(() => client.deviceId);

  await alice.page.evaluate(async () => {
    const databases = await indexedDB.databases();
    await Promise.all(
      databases.map(({ name }) => new Promise((done) => (indexedDB.deleteDatabase(name as string).onsuccess = done))),
    );
  });
  const connection = await until("the running client says so", () =>
    alice.page.evaluate(() => client.connection.state === "stopped" && client.connection),
  );
  assert.equal(connection.why, "store");

  await alice.load();
  const code = await alice.page.evaluate(() => chinwag.Client.open().then(() => "opened", (error) => error.code));
  assert.equal(code, "store_evicted");
  await alice.page.evaluate(async () => {
    client = await chinwag.Client.logIn({ username: "alice", password: "correct horse" });
  });
  assert.notEqual(await alice.page.evaluate(() => client.deviceId), device);
  await until("the list is known", () => alice.page.evaluate(() => client.listed));
  await untilItShows(alice, chat, ["hello"]);
  const devices = await alice.page.evaluate(() => client.rest.devices(client.userId));
  assert.equal(devices.length, 1, "the old device is gone");
});

test("the browser is asked to keep the store, and a log-out leaves nothing", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await (await Profile.create(t, browser, server.address)).tab();
  await alice.page.evaluate(() => {
    const asked = globalThis as unknown as { asked: number };
    asked.asked = 0;
    navigator.storage.persist = async () => Boolean(++asked.asked);
  });
  await alice.register("alice");
  assert.equal(await alice.page.evaluate(() => (globalThis as unknown as { asked: number }).asked), 1);
  await alice.page.evaluate(() => client.logOut());
  const left = await alice.page.evaluate(async () => [localStorage.length, (await indexedDB.databases()).length]);
  assert.deepEqual(left, [0, 0]);
});
