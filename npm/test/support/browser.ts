// Real Chromium with the package in its pages: what a page loads from `/test/` comes from the package's folder, from the
// server's own origin, also while the server is down, as an installed app would be.

import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { TestContext } from "node:test";

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const PACKAGE = new URL("../../", import.meta.url);
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

export async function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"];
  if (!executablePath) throw new Error("set CHROMIUM to a Chromium");
  // A page that the test hands in counts as one of another network, which must not reach this machine.
  return chromium.launch({ executablePath, args: ["--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks"] });
}

/** A browser profile of somebody. */
export class Profile {
  readonly #context: BrowserContext;
  readonly #server: string;

  private constructor(context: BrowserContext, server: string) {
    this.#context = context;
    this.#server = server;
  }

  /** Ends with the test. */
  static async create(test: TestContext, browser: Browser, server: string): Promise<Profile> {
    const context = await browser.newContext();
    test.after(() => context.close());
    await context.route(`${server}/test/**`, async (route) => {
      const path = new URL(route.request().url()).pathname.slice("/test/".length);
      if (path === "page.html") return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>test" });
      const body = await readFile(new URL(path, PACKAGE));
      return route.fulfill({ contentType: TYPES[extname(path)] ?? "text/plain", body });
    });
    return new Profile(context, server);
  }

  /** A tab with nothing in it but `chinwag`, the package, and `until`. */
  async tab(): Promise<Tab> {
    const page = await this.#context.newPage();
    const tab = new Tab(page, `${this.#server}/test/page.html`);
    await tab.load();
    return tab;
  }
}

export class Tab {
  readonly page: Page;
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  /** Opens the page, or opens it anew. */
  async load(): Promise<void> {
    await this.page.goto(this.#url);
    await this.page.evaluate(async () => {
      const place = globalThis as unknown as { chinwag: unknown };
      place.chinwag = await import("/test/dist/index.js" as string);
    });
  }

  async register(username: string): Promise<string> {
    return this.page.evaluate(async (username) => {
      client = await chinwag.Client.register({ username, password: "correct horse" });
      return client.userId;
    }, username);
  }

  /** Goes on with the log-in of the profile. */
  async open(): Promise<void> {
    await this.page.evaluate(async () => {
      client = await chinwag.Client.open();
    });
  }

  /** `where`, with the text and status of each line of the open chat. */
  async shows(chatId: string): Promise<string[]> {
    return this.page.evaluate((chatId) => {
      if (client.timeline().chatId !== chatId) client.openChat(chatId);
      return client.timeline().lines.map((line) => (line.body.type === "content" ? line.body.text : line.body.type));
    }, chatId);
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

declare global {
  /** In the page: the package and the client. */
  var chinwag: typeof import("chinwag");
  var client: import("chinwag").Client;
}
