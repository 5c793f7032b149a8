// Takes a picture of every screen, at a desk and on a phone, light and dark, from the built app on a real server; and
// lets axe look at each. `npm run build && npm run screens`; the pictures go to docs/screens.

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { directChat, Person } from "./people.mjs";
import { logIn, stage } from "./stage.mjs";

const OUT = process.env.SCREENS ?? fileURLToPath(new URL("../../docs/screens/", import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

await mkdir(OUT, { recursive: true });
const s = await stage();
const violations = [];
try {
  const world = await people(s.address);
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const theme of ["light", "dark"]) {
      const options = { viewport, colorScheme: theme, hasTouch: size === "phone", isMobile: size === "phone", deviceScaleFactor: 1, reducedMotion: "reduce" };
      const { page, context } = await s.visitor(`${size} ${theme}`, options);
      for (const [name, show] of scenes(world, size)) {
        await show(page).catch((error) => s.problems.push(`${name} ${size} ${theme}: ${error.message}`));
        await page.waitForTimeout(350);
        await page.screenshot({ path: `${OUT}/${name}-${size}-${theme}.png` });
        for (const { id, nodes } of await look(page)) violations.push(`${name} ${size} ${theme}: ${id} (${nodes.length}) ${nodes[0].html.slice(0, 160)}\n   ${nodes[0].failureSummary?.split("\n")[1] ?? ""}`);
      }
      await context.close();
    }
  }
} finally {
  await s.end();
}
for (const line of [...violations, ...s.problems]) console.log(line);
console.log(`${violations.length} violations, ${s.problems.length} problems`);
process.exit(violations.length + s.problems.length > 0 ? 1 : 0);

/** In a world of its own, which the policy of the page does not reach. */
async function look(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: `${axe};0`, contextId: executionContextId });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { resultTypes: ["violations"] }).then((found) => JSON.stringify(found.violations))`,
    contextId: executionContextId, awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  return JSON.parse(result.value);
}

function scenes(world, size) {
  const list = (page) => page.evaluate(() => (location.hash = "#/"));
  const at = (hash) => async (page) => {
    await page.keyboard.press("Escape");
    await page.evaluate((to) => (location.hash = to), hash);
  };
  const inGroup = async (page) => {
    await at(`#/chat/${world.group}`)(page);
    await page.locator(".message", { hasText: "Saturday it is" }).waitFor();
  };
  return [
    ["enter", async (page) => { await page.goto(s.address); await page.getByLabel("User name").waitFor(); }],
    ["register", async (page) => {
      await page.getByRole("button", { name: /New here/ }).click();
      await page.getByLabel("User name").fill("Ad");
      await page.getByRole("button", { name: "Create account" }).click();
    }],
    ["list", async (page) => {
      await logIn(page, s.address, "ada");
      await page.getByText("Bob Ross").first().waitFor();
    }],
    ["chat", async (page) => { await at(`#/chat/${world.direct}`)(page); await page.locator(".message", { hasText: "See you there" }).waitFor(); }],
    ["group", inGroup],
    ["menu", async (page) => {
      await page.locator(".message .bubble", { hasText: "Saturday it is" }).click({ button: "right" });
      await page.getByRole("menu").waitFor();
    }],
    ["emoji", async (page) => {
      await page.getByRole("menuitem", { name: "More emoji" }).click();
      await page.getByRole("button", { name: "grinning face", exact: true }).waitFor();
    }],
    ["group-info", async (page) => { await at(`#/chat/${world.group}/info`)(page); await page.getByText("Dan Brown").last().waitFor(); }],
    ["new", async (page) => { await at("#/new")(page); await page.getByText("People you know").waitFor(); }],
    ["new-group", async (page) => {
      await at("#/new/group")(page);
      await page.getByLabel("Title").fill("Reading circle");
      await page.getByRole("dialog").getByText("Bob Ross").click();
    }],
    ["settings", async (page) => { await at("#/settings")(page); await page.getByText("Terminal").first().waitFor(); }],
    ["keys", async (page) => { await page.getByRole("button", { name: "Show all shortcuts" }).click(); await page.getByRole("dialog").waitFor(); }],
    ["search", async (page) => {
      await at("#/")(page);
      await page.getByRole("textbox", { name: "Search" }).fill("pic");
      await page.getByText("Messages on this device").waitFor();
    }],
    ["hostile", async (page) => {
      await page.getByRole("textbox", { name: "Search" }).fill("");
      await at(`#/chat/${world.hostile}`)(page);
      await page.locator(".message", { hasText: "Zalgo" }).waitFor({ state: "attached" });
    }],
    ["empty-chat", async (page) => { await at(`#/chat/${world.fresh}`)(page); await page.getByText("This is the beginning").waitFor(); }],
    ["offline", async (page) => {
      await inGroup(page);
      await s.killServer();
      await page.getByRole("textbox", { name: /^Message to/ }).fill("This waits until I am back");
      await page.getByRole("textbox", { name: /^Message to/ }).press(size === "phone" ? "Control+Enter" : "Enter");
      await page.getByText("Offline. You can read and write").filter({ visible: true }).waitFor({ timeout: 30_000 });
    }],
    ["empty-list", async (page) => {
      await s.restartServer();
      await page.evaluate(() => localStorage.clear());
      await logIn(page, s.address, "zoe");
      await list(page);
      await page.getByText("No chats yet").waitFor();
    }],
  ];
}

async function people(server) {
  const [ada, bob, cleo, dan, eve] = await Promise.all([
    ["ada", "Ada Lovelace"], ["bob", "Bob Ross"], ["cleo", "Cleo Patra"], ["dan", "Dan Brown"], ["eve", "Eve \u202e Mallory"], ["zoe", "Zoe"], ["frida", "Frida Kahlo"],
  ].map(([name, display]) => Person.register(server, name, display)));
  const frida = await Person.logIn(server, "frida");
  const direct = directChat(ada.userId, bob.userId);
  for (const text of ["Morning! Did you see the light over the lake?", "I took a picture before breakfast", "☀️"]) await bob.say(ada.userId, text);
  await ada.say(bob.userId, "I did! It was **unreal**. What colour would you call that?");
  await bob.say(ada.userId, "Somewhere between `#f4a261` and a happy accident");
  await bob.say(ada.userId, "Here is how I mix it:\n\n```python\ndef dawn(hour):\n    # more white than you think\n    return mix(\"cadmium yellow\", \"titanium white\", hour / 24)\n```");
  await ada.say(bob.userId, "Ha, lovely. Shall we paint it on Saturday? The usual place: https://www.openstreetmap.org/#map=15/54.60/-3.13", 2);
  await bob.react(direct, 7, "❤️");
  await ada.react(direct, 5, "😂");
  await bob.say(ada.userId, "Yes please. I bring:\n- two easels\n- tea\n- ~~biscuits~~ cake");
  await ada.say(bob.userId, "See you there!");
  const { chatId: group } = await ada.call("POST", "/chats", { title: "Lake weekend", members: [bob, cleo, dan].map((one) => one.userId), encryption: "none" });
  await cleo.say(group, "So who is in for the weekend at the lake? 🏞️");
  await dan.say(group, "Me! And I can drive four people.");
  await dan.say(group, "The car has no roof rack though, so the canoe stays at home.");
  const { seq: asked } = await cleo.say(group, "Saturday or Sunday?");
  await bob.say(group, "Saturday. The forecast says sun until the evening, and then a thunderstorm that I would rather watch from a dry porch with something warm in my hands.", asked);
  await ada.say(group, "Saturday works for me too, @cleo");
  await ada.say(group, "I bring the **camera** and the big map.");
  const { seq: last } = await cleo.say(group, "Saturday it is! @ada could you share the list again?");
  for (const one of [ada, bob, dan]) await one.react(group, last, "🎉");
  await bob.react(group, last, "👍");
  const { seq: gone } = await dan.say(group, "wrong chat, sorry");
  await dan.call("DELETE", `/messages/${group}/${gone}`);
  const { seq: edited } = await dan.say(group, "I leave at eight");
  await dan.call("PATCH", `/messages/${group}/${edited}`, { content: "I leave at nine, not at eight" });
  await bob.say(group, "Perfect picture already");
  const hostile = directChat(ada.userId, eve.userId);
  for (const text of [
    `Zalgo: H${"\u0301\u0327\u0300".repeat(2_000)}ello`,
    `<script>alert(1)</script><img src=x onerror=alert(1)> [click](javascript:alert(1))`,
    `\u202eThis runs backwards \u2066 and never ends`,
    "W".repeat(3_000),
    `https://bank.example\u202e@evil.example/moc.elgoog`,
    `${"line\n".repeat(200)}`,
    "```\n" + "x".repeat(2_000) + "\n```",
    "﷽".repeat(20),
    "the end of it",
  ]) await eve.say(ada.userId, text);
  await frida.say(ada.userId, "I dream my painting and I paint my dream");
  await ada.say(ada.userId, "Buy: paper, ink, a new ribbon for the machine");
  for (const [name, title] of [[cleo, "Barge club"], [dan, "Symbols and ciphers, a circle for all who like to take a closer look at old paintings"]]) {
    const { chatId } = await name.call("POST", "/chats", { title, members: [ada.userId], encryption: "none" });
    await name.say(chatId, "Welcome, everybody");
    await name.say(chatId, "First meeting on Thursday");
  }
  return { direct, group, hostile, fresh: directChat(ada.userId, dan.userId) };
}
