// A long chat: it opens at its end, goes up without a jump, finds a day and the way back. `npm run build` first.

import assert from "node:assert/strict";
import { directChat, Person } from "./people.mjs";
import { logIn, stage, until } from "./stage.mjs";

const COUNT = 1_200;
process.env.CHINWAG_LIMITS_SENDS_PER_SECOND = "5000";
process.env.CHINWAG_LIMITS_SENDS_BURST = "5000";
const s = await stage();
try {
  const ada = await Person.register(s.address, "ada", "Ada");
  const bob = await Person.register(s.address, "bob", "Bob");
  for (let at = 1; at <= COUNT; at += 1) {
    const words = `message ${at}. ${"Some more words to make it longer. ".repeat(at % 7)}`;
    await (at % 5 === 0 ? ada : bob).say(at % 5 === 0 ? bob.userId : ada.userId, words);
  }
  const chat = directChat(ada.userId, bob.userId);
  await ada.call("PUT", `/chats/${chat}/read`, { seq: COUNT });
  const { page } = await s.visitor("ada");
  await logIn(page, s.address, "ada");
  await page.locator(".chat-item a").click();
  await page.locator(".message", { hasText: `message ${COUNT}.` }).waitFor();
  const gap = () => page.locator(".timeline").evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await until("it is at its end", async () => (await gap()) < 4);
  // Nobody scrolls while the chat is still being opened; a hand that does is followed within 150 ms.
  await page.waitForTimeout(400);
  console.log("ok    a long chat opens at its end");

  const jumps = await page.locator(".timeline").evaluate(async (box) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const place = () => new Map([...box.querySelectorAll(".message")].map((one) => [one.dataset.key, one.getBoundingClientRect().top]));
    let worst = 0;
    let before = place();
    let wanted = 0;
    for (let step = 0; step < 500; step += 1) {
      box.dispatchEvent(new WheelEvent("wheel", { deltaY: -60, bubbles: true }));
      box.scrollBy(0, -60);
      wanted = 60;
      await frame();
      await frame();
      const now = place();
      const moves = [...now].filter(([key, top]) => before.has(key) && top > -200 && top < 900).map(([key, top]) => top - before.get(key));
      if (moves.length > 0 && box.scrollTop > 60) worst = Math.max(worst, ...moves.map((by) => Math.abs(by - wanted)));
      before = now;
    }
    return { worst, first: box.querySelector(".message").textContent.slice(0, 14) };
  });
  console.log(jumps);
  assert.ok(jumps.worst <= 2, `it jumped by ${jumps.worst} px`);
  console.log("ok    going up by 30,000 px nothing jumps");

  await page.getByTitle("To the newest message").click();
  await until("it is at its end again", async () => (await gap()) < 4);
  await bob.say(ada.userId, "the very newest");
  await page.locator(".message", { hasText: "the very newest" }).waitFor();
  await until("the end stays in view", async () => (await gap()) < 4);
  console.log("ok    the end stays in view");

  await page.getByRole("button", { name: "Chat menu" }).click();
  await page.getByRole("menuitem", { name: "Go to a day" }).click();
  await page.getByRole("button", { name: "Go", exact: true }).click();
  await page.locator(".message.flash").waitFor();
  await until("the end is out of view", async () => (await page.locator(".message", { hasText: "the very newest" }).count()) === 0);
  console.log("ok    the first message of a day is found among those that are held");
  assert.deepEqual(s.problems, []);
} catch (error) {
  console.log(error);
  process.exitCode = 1;
}
await s.end();
process.exit();
