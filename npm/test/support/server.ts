// A real server in a process of its own, with its own folder and port.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** The program under test; `cargo xtask web` names it. */
const PROGRAM = process.env["CHINWAG"];

export class Server {
  address = "";
  readonly folder: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Ends with the test. */
  static async start(test: TestContext): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "chinwag-js-")));
    test.after(async () => {
      await server.kill();
      await rm(server.folder, { recursive: true, force: true });
    });
    await server.run("127.0.0.1:0");
    return server;
  }

  /** At the same address, on the same data. */
  async startAgain(): Promise<void> {
    await this.run(new URL(this.address).host);
  }

  /** Without any warning. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  }

  async run(listen: string): Promise<void> {
    if (!PROGRAM) throw new Error("set CHINWAG to the program `chinwag`");
    const child = spawn(PROGRAM, ["serve", "--data", join(this.folder, "data"), "--listen", listen], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const ready = /^ready (\S+)/.exec(line);
      if (ready) {
        this.address = ready[1] as string;
        child.stdout?.resume();
        return;
      }
    }
    throw new Error("the server ended before it was ready");
  }
}
