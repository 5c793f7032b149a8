// Two browsers chat over a real server, with all that can get in the way. `npm run build && npm run e2e`.
// `CHINWAG` names the server's binary.

import assert from "node:assert/strict";
import { Person } from "./people.mjs";
import { logIn, register, say, stage, until, writeTo } from "./stage.mjs";

const s = await stage();
const failed = [];
let ada;
let bob;

const message = ({ page }, text) => page.locator(".message").filter({ hasText: text });
/** Long enough for the pauses between tries to connect. */
const sees = (who, text) => message(who, text).first().waitFor({ timeout: 40_000 });
const status = (who, text) => message(who, text).locator(".sign").getAttribute("title");
const act = async (who, text, action) => {
  await message(who, text).first().locator(".bubble").click({ button: "right", position: { x: 8, y: 8 } });
  await who.page.getByRole("menuitem", { name: action, exact: true }).click();
};
const composer = ({ page }) => page.getByRole("textbox", { name: /^Message to/ });

const steps = {
  "two people make accounts": async () => {
    ada = await s.visitor("ada");
    bob = await s.visitor("bob");
    await register(ada.page, s.address, "ada", "Ada Lovelace");
    await register(bob.page, s.address, "bob", "Bob Ross");
  },
  "a wrong password is told in plain words": async () => {
    const { page, context } = await s.visitor("stranger");
    await page.goto(s.address);
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill("not hers");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("This user name and password do not go together.").waitFor();
    await context.close();
  },
  "nobody has that name": async () => {
    await writeTo(ada.page, "nobody-at-all");
    await ada.page.getByText("Nobody has this user name").waitFor();
    await ada.page.keyboard.press("Escape");
  },
  "one writes and the other sees it": async () => {
    await writeTo(ada.page, "bob");
    await say(ada.page, "Hello **Bob**");
    await bob.page.getByText("Hello Bob").first().click();
    await sees(bob, "Hello Bob");
    assert.equal(await bob.page.locator(".message strong", { hasText: "Bob" }).count(), 1);
  },
  "what is read shows as read": async () => {
    await bob.page.bringToFront();
    await until("it is read", async () => (await status(ada, "Hello Bob")) === "Read");
  },
  "that one types is shown": async () => {
    await composer(bob).pressSequentially("I am");
    await ada.page.locator(".chat-head-below", { hasText: "typing" }).waitFor();
    await composer(bob).fill("");
  },
  "a reply, and the way to what it answers": async () => {
    await act(bob, "Hello Bob", "Reply");
    await say(bob.page, "Hello yourself");
    await message(ada, "Hello yourself").locator(".quote", { hasText: "Hello Bob" }).waitFor();
  },
  "an edit": async () => {
    await act(bob, "Hello yourself", "Edit");
    assert.equal(await composer(bob).inputValue(), "Hello yourself");
    await say(bob.page, "Hello yourself, Ada");
    await sees(ada, "Hello yourself, Ada");
    await message(ada, "Hello yourself, Ada").getByText("edited").waitFor();
  },
  "a reaction, and back": async () => {
    await message(ada, "Hello yourself").locator(".bubble").click({ button: "right", position: { x: 8, y: 8 } });
    await ada.page.getByRole("menuitem", { name: "React with 👍" }).click();
    const pressed = message(bob, "Hello yourself").getByRole("button", { name: /👍\s*Ada Lovelace/ });
    await pressed.waitFor();
    await message(ada, "Hello yourself").getByRole("button", { name: /👍\s*You/ }).click();
    await pressed.waitFor({ state: "detached" });
  },
  "an emoji of all there are": async () => {
    await ada.page.getByRole("button", { name: "Emoji", exact: true }).click();
    await ada.page.getByRole("textbox", { name: "Search emoji" }).fill("rocket");
    await ada.page.getByRole("button", { name: "rocket", exact: true }).click();
    await until("it is in the field", async () => (await composer(ada).inputValue()) === "🚀");
    await composer(ada).press("Enter");
    await sees(bob, "🚀");
  },
  "a deletion": async () => {
    await act(ada, "🚀", "Delete");
    await ada.page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await sees(bob, "Message deleted");
    assert.equal(await message(bob, "🚀").count(), 0);
  },
  "a draft stays with its chat, also after a reload": async () => {
    await composer(ada).fill("half a thou");
    await ada.page.waitForTimeout(600);
    await ada.page.reload();
    await until("the draft is back", async () => (await composer(ada).inputValue()) === "half a thou");
    await composer(ada).fill("");
  },
  "without a server one writes on, and it goes when the server is back": async () => {
    await s.killServer();
    await say(ada.page, "written in the dark");
    assert.equal(await status(ada, "written in the dark"), "Waiting to be sent");
    await ada.page.getByText("Offline. You can read and write").first().waitFor();
    await s.restartServer();
    await sees(bob, "written in the dark");
    await until("it is settled", async () => (await status(ada, "written in the dark")) !== "Waiting to be sent");
  },
  "what waits outlives a reload": async () => {
    await s.killServer();
    await say(ada.page, "before the reload");
    await ada.page.waitForTimeout(300);
    await ada.page.reload();
    await sees(ada, "before the reload");
    await s.restartServer();
    await sees(bob, "before the reload");
    assert.equal(await message(bob, "before the reload").count(), 1);
  },
  "two tabs of one browser are one device": async () => {
    const second = { page: await ada.context.newPage() };
    s.watch(second.page, "ada's other tab");
    await second.page.goto(ada.page.url());
    await sees(second, "before the reload");
    await say(second.page, "from the other tab");
    await sees(ada, "from the other tab");
    await sees(bob, "from the other tab");
    await second.page.close();
  },
  "a group, with its history in words": async () => {
    await ada.page.getByRole("button", { name: "New chat" }).click();
    await ada.page.getByRole("button", { name: /New group/ }).click();
    await ada.page.getByLabel("Title").fill("Painters");
    await ada.page.getByRole("dialog").getByRole("button", { name: /Bob Ross/ }).click();
    await ada.page.getByRole("button", { name: "Create group" }).click();
    await ada.page.getByText("You created the group").waitFor();
    await bob.page.getByText("Painters").first().click();
    await bob.page.getByText("Ada Lovelace created the group").waitFor();
    await say(bob.page, "Nice, @ada");
    await ada.page.locator(".mention.me", { hasText: "@ada" }).waitFor();
  },
  "a title, a role, a removal": async () => {
    const { page } = ada;
    await page.getByRole("button", { name: /Painters.*2 members/ }).click();
    await page.getByRole("button", { name: "Change the title" }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("Painters and poets");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await bob.page.getByText("named the group “Painters and poets”").waitFor();
    await page.getByRole("button", { name: "What to do with Bob Ross" }).click();
    await page.getByRole("menuitem", { name: "Make admin" }).click();
    await bob.page.getByText("made You admin").waitFor();
    await page.getByRole("button", { name: "What to do with Bob Ross" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await bob.page.getByText("You are no longer a member").waitFor();
    await page.keyboard.press("Escape");
  },
  "a hostile message harms neither page nor layout": async () => {
    const eve = await Person.register(s.address, "eve", "\u202eEve\u0301".padEnd(120, "\u0301"));
    const { userId } = await eve.call("GET", "/users?username=ada");
    for (const text of [`<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`, `a${"\u0301".repeat(8_000)}`, "W".repeat(16_000), "\u202e\u2066backwards", "the last of eve"]) {
      await eve.say(userId, text);
    }
    await ada.page.locator(".chat-item", { hasText: "the last of eve" }).locator("a").click();
    await sees(ada, "the last of eve");
    const measured = await ada.page.evaluate(() => ({
      harmed: "harmed" in window,
      wide: document.documentElement.scrollWidth > innerWidth,
      spills: [...document.querySelectorAll(".bubble")].some((one) => one.getBoundingClientRect().right > innerWidth),
      tall: Math.max(...[...document.querySelectorAll(".bubble")].map((one) => one.getBoundingClientRect().height)),
    }));
    assert.deepEqual({ ...measured, tall: measured.tall < 700 }, { harmed: false, wide: false, spills: false, tall: true });
  },
  "a whole conversation by keyboard alone": async () => {
    const { page } = ada;
    await page.keyboard.press("Control+k");
    await page.keyboard.type("bob");
    await page.getByRole("heading", { name: "Messages on this device" }).or(page.locator(".list-part")).first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("the field has the focus", () => composer(ada).evaluate((field) => field === document.activeElement));
    await page.keyboard.type("typed, not clicked");
    await page.keyboard.press("Enter");
    await sees(ada, "typed, not clicked");
    await until("it is settled", async () => (await status(ada, "typed, not clicked")) !== "Waiting to be sent");
    await page.keyboard.press("ArrowUp");
    await until("it is being edited", async () => (await composer(ada).inputValue()) === "typed, not clicked");
    await page.keyboard.press("End");
    await page.keyboard.type(" and edited");
    await page.keyboard.press("Enter");
    await sees(ada, "typed, not clicked and edited");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await until("a message has the focus", () => page.evaluate(() => document.activeElement?.classList.contains("message")));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("r");
    await page.getByText("Reply to You").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByText("Pick up the thread").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
  },
  "a device that is removed is out at once, and says so": async () => {
    const phone = await s.visitor("ada's phone", { viewport: { width: 390, height: 844 } });
    await logIn(phone.page, s.address, "ada");
    await ada.page.getByRole("button", { name: "Settings" }).click();
    await ada.page.getByRole("button", { name: /^Remove / }).first().click();
    await ada.page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await phone.page.getByText("You have been logged out on this device").waitFor();
    await phone.context.close();
  },
  "German is spoken when it is chosen, and stays": async () => {
    await ada.page.getByText("Deutsch").click();
    await ada.page.getByRole("heading", { name: "Einstellungen" }).waitFor();
    await ada.page.reload();
    await ada.page.getByRole("heading", { name: "Einstellungen" }).waitFor();
    await ada.page.getByText("English").click();
    await ada.page.getByRole("heading", { name: "Settings" }).waitFor();
  },
  "logging out leaves nothing": async () => {
    await ada.page.getByRole("button", { name: "Log out" }).click();
    await ada.page.getByRole("alertdialog").getByRole("button", { name: "Log out" }).click();
    await ada.page.getByLabel("Password", { exact: true }).waitFor();
    const left = await ada.page.evaluate(async () => ({
      databases: (await indexedDB.databases()).length,
      keys: Object.keys(localStorage).filter((key) => key !== "chinwag.look" && key !== "chinwag.emoji"),
    }));
    assert.deepEqual(left, { databases: 0, keys: [] });
  },
};

for (const [name, step] of Object.entries(steps)) {
  const before = s.problems.length;
  try {
    await step();
    assert.deepEqual(s.problems.slice(before), []);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n      ")}`);
    if (process.env.SHOTS) for (const [who, one] of Object.entries({ ada, bob })) await one?.page.screenshot({ path: `${process.env.SHOTS}/${failed.length}-${who}.png` });
    // What comes after builds on it.
    break;
  }
}
await s.end();
console.log(failed.length === 0 ? "all is well" : `${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
