// What the browser tests stand on: a real server with a data folder of its own, the built app in front of it under the
// strict policy, and a Chromium. Everything is on 127.0.0.1, and ends with the test.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CHINWAG = process.env.CHINWAG ?? "chinwag";
const PATIENCE_MS = 20_000;

/** Starts a server; `listen` may name the port of one that was. */
async function startServer(data, publicUrl, listen = "127.0.0.1:0") {
  const env = { ...process.env, CHINWAG_SERVER_PUBLIC_URL: publicUrl };
  const process_ = spawn(CHINWAG, ["serve", "--data", data, "--listen", listen], { stdio: ["ignore", "pipe", "ignore"], env });
  const url = await new Promise((done, failed) => {
    let said = "";
    process_.stdout.on("data", (bytes) => {
      said += bytes;
      const ready = /ready (http:\S+)/.exec(said);
      if (ready) done(ready[1]);
    });
    process_.on("exit", (code) => failed(new Error(`the server ended with ${code}`)));
    setTimeout(() => failed(new Error("the server does not start")), PATIENCE_MS).unref();
  });
  return {
    url,
    kill: () => new Promise((done) => {
      process_.removeAllListeners("exit");
      process_.on("exit", done);
      process_.kill("SIGKILL");
    }),
  };
}

/** A port that is free now. */
const freePort = () => new Promise((done) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

export async function stage() {
  const data = await mkdtemp(join(tmpdir(), "chinwag-web-"));
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  let server = await startServer(join(data, "server"), publicUrl);
  process.env.CHINWAG_SERVER = server.url;
  const front = await preview({ preview: { port, strictPort: true }, logLevel: "silent" });
  const address = `${publicUrl}/`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const problems = [];
  return {
    address,
    problems,
    browser,
    /** A browser of its own: nothing is shared with the others. */
    async visitor(name, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(8_000);
      watch(page, name, problems, address);
      return { name, context, page };
    },
    watch: (page, name) => watch(page, name, problems, address),
    async killServer() {
      await server.kill();
    },
    async restartServer() {
      server = await startServer(join(data, "server"), publicUrl, new URL(server.url).host);
    },
    async end() {
      await browser.close();
      await new Promise((done) => front.httpServer.close(done));
      await server.kill();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Notes what must never be: errors of the page, refusals by the policy, and calls to any other host. */
function watch(page, name, problems, address) {
  page.on("pageerror", (error) => problems.push(`${name}: ${error.stack ?? error}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(text)) problems.push(`${name} says: ${text}`);
  });
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && host !== new URL(address).host) problems.push(`${name} asks ${request.url()}`);
  });
}

/** Waits for a condition, with an end. */
export async function until(what, condition, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export async function register(page, address, username, displayName) {
  await page.goto(address);
  await page.getByRole("button", { name: "New here? Create an account" }).click();
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Your name").fill(displayName);
  await page.getByLabel("Password", { exact: true }).fill(`${username} has a long password`);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
}

export async function logIn(page, address, username) {
  await page.goto(address);
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(`${username} has a long password`);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
}

export async function writeTo(page, username) {
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByLabel("User name").fill(username);
  await page.getByRole("button", { name: "Write to them" }).click();
}

export async function say(page, text) {
  const field = page.getByRole("textbox", { name: /^Message to/ });
  await field.fill(text);
  await field.press("Enter");
}
