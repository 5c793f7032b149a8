// The package in Node against a real server.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { ChinwagError, Client, type Home, type Message } from "chinwag";
import { FolderHome, MemoryHome } from "chinwag/node";

import { Server } from "../support/server.js";
import { until } from "../support/until.js";

const patience = { timeout: 60_000 };
const password = "correct horse";

async function joins(t: TestContext, server: Server, username: string, home: Home = new MemoryHome()): Promise<Client> {
  const client = await Client.register({ server: server.address, username, password, home });
  t.after(() => client.close());
  return client;
}

async function next(messages: AsyncIterator<Message>): Promise<string> {
  const { value } = await messages.next();
  return value.text;
}

test("two programs chat", patience, async (t) => {
  const server = await Server.start(t);
  const [alice, bob] = [await joins(t, server, "alice"), await joins(t, server, "bob")];
  const chat = alice.directChat(bob.userId);
  assert.equal(bob.directChat(alice.userId), chat);
  const inbox = bob.messages();
  const sent = await alice.send(chat, "hello");
  assert.equal(await next(inbox), "hello");
  await bob.react(chat, sent.seq, "👍");
  await alice.edit(chat, sent.seq, "hello there");
  bob.openChat(chat);
  const line = await until("the edit shows", () => {
    const [line] = bob.timeline().lines;
    return line?.edited && line.reactions.length === 1 && line;
  });
  assert.equal(line.body.type === "content" && line.body.text, "hello there");
  assert.equal(bob.chat(chat)?.unread, 1);
  bob.read(chat, sent.seq);
  await until("it is read", () => bob.chat(chat)?.unread === 0);
  await alice.delete(chat, sent.seq);
  await until("it is gone", () => bob.timeline().lines[0]?.body.type === "deleted");
});

test("lines that did not change stay the same objects", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await joins(t, server, "alice");
  const chat = alice.directChat(alice.userId);
  alice.openChat(chat);
  await alice.send(chat, "one");
  await until("it shows", () => alice.timeline().lines[0]?.status === "sent");
  const [before] = alice.timeline().lines;
  await alice.send(chat, "two");
  const after = await until("both show", () => alice.timeline().lines.length === 2 && alice.timeline().lines);
  assert.equal(after[0], before);
});

test("a group is made, and its changes stand in the timeline", patience, async (t) => {
  const server = await Server.start(t);
  const [alice, bob] = [await joins(t, server, "alice"), await joins(t, server, "bob")];
  const { chatId } = await alice.rest.createGroup({ title: "Garden", members: [bob.userId] });
  await until("bob sees it", () => bob.chat(chatId)?.title === "Garden");
  await bob.send(chatId, "hello all");
  await alice.rest.updateGroup(chatId, { title: "Allotment" });
  await until("the title is there", () => bob.chat(chatId)?.title === "Allotment");
  bob.openChat(chatId);
  const kinds = await until("all shows", () => {
    const kinds = bob.timeline().lines.map(({ body }) => (body.type === "event" ? body.event.kind : body.type));
    return kinds.length === 3 && kinds;
  });
  assert.deepEqual(kinds, ["chat", "content", "chat"]);
  await bob.rest.removeMember(chatId, bob.userId);
  await until("bob is out", () => bob.chat(chatId)?.gone);
});

test("what is refused says why, and can be taken back", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await joins(t, server, "alice");
  const chat = alice.directChat(alice.userId);
  await assert.rejects(alice.send(chat, ""), { code: "refused_content" });
  await assert.rejects(alice.send("no chat", "hi"), { code: "invalid_request" });
  await alice.send(chat, "hi");
  const editing = alice.edit(chat, 7, "there is no seventh");
  await assert.rejects(editing, (error: ChinwagError) => error.code !== "" && error instanceof ChinwagError);
  assert.equal(alice.unsettled, 1);
  alice.discard(chat, editing.id);
  await until("nothing waits", () => alice.unsettled === 0);
  await assert.rejects(alice.rest.userByName("nobody"), { code: "not_found" });
  await assert.rejects(Client.logIn({ server: server.address, username: "alice", password: "wrong", home: new MemoryHome() }), {
    code: "unauthenticated",
  });
});

test("a bot goes on where it was, and gets a message again that it had not handled", patience, async (t) => {
  const server = await Server.start(t);
  const alice = await joins(t, server, "alice");
  const home = new FolderHome(join(server.folder, "bot"));
  let bot = await joins(t, server, "bot", home);
  const chat = alice.directChat(bot.userId);
  for (const text of ["one", "two", "three"]) await alice.send(chat, text);
  let messages = bot.messages();
  assert.equal(await next(messages), "one");
  assert.equal(await next(messages), "two");
  await bot.close();
  await alice.send(chat, "four");
  bot = await Client.open({ home });
  t.after(() => bot.close());
  messages = bot.messages();
  assert.deepEqual([await next(messages), await next(messages), await next(messages)], ["two", "three", "four"]);
});

test("what was kept goes out after the program has died and the server was away", patience, async (t) => {
  const server = await Server.start(t);
  const home = new FolderHome(join(server.folder, "alice"));
  const alice = await joins(t, server, "alice", home);
  const chat = alice.directChat(alice.userId);
  await server.kill();
  await alice.send(chat, "kept").kept;
  await alice.close();
  const again = await Client.open({ home });
  t.after(() => again.close());
  assert.equal(again.connection.state, "connecting");
  await server.startAgain();
  await until("it is sent", () => again.listed && again.unsettled === 0);
  again.openChat(chat);
  await until("it shows once", () => again.timeline().lines.length === 1 && again.timeline().lines[0]?.status === "sent");
});

test("a folder is for one program at a time", patience, async (t) => {
  const server = await Server.start(t);
  const home = new FolderHome(join(server.folder, "alice"));
  const alice = await joins(t, server, "alice", home);
  await assert.rejects(Client.open({ home }), { code: "store_in_use" });
  await alice.close();
  const again = await Client.openOrLogIn({ server: server.address, username: "alice", password, home });
  assert.equal(again.deviceId, alice.deviceId);
  await again.close();
});

test("a client that logs out leaves nothing behind", patience, async (t) => {
  const server = await Server.start(t);
  const home = new FolderHome(join(server.folder, "alice"));
  const alice = await joins(t, server, "alice", home);
  await alice.logOut();
  await assert.rejects(Client.open({ home }), { code: "no_session" });
  await assert.rejects(alice.send("d.1.1", "too late"), { code: "closed" });
});
