// A folder for one program at a time: a file with the number of the process that has it.

import { readFile, rm, writeFile } from "node:fs/promises";

import { ChinwagError } from "../errors.js";

/** Files that this process holds. */
const held = new Set<string>();

/** Throws `store_in_use` where another has it; the answer lets go. What a dead process has left is taken over. */
export async function lock(path: string): Promise<() => Promise<void>> {
  for (let last = false; ; last = true) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = Number(await readFile(path, "utf8").catch(() => "0"));
      const lives = owner === process.pid ? held.has(path) : isAlive(owner);
      if (lives || last) throw new ChinwagError("store_in_use", `process ${owner} has ${path}`);
      await rm(path, { force: true });
    }
  }
  held.add(path);
  return async () => {
    held.delete(path);
    await rm(path, { force: true });
  };
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There is one, of somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
