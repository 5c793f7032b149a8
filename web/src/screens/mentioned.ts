// Who is meant by an `@name`: somebody whom this device knows.

import type { Person } from "../talk/people.ts";
import type { State } from "../talk/state.ts";

export const mentioned = (state: State, name: string): Person | undefined =>
  state.people.all().find((person) => person.username === name);

/** The word with an `@` that the cursor stands in. */
export function wordAt(text: string, cursor: number): { from: number; name: string } | undefined {
  const found = /(?:^|[\s(])@([a-z0-9_.-]{0,32})$/i.exec(text.slice(Math.max(0, cursor - 40), cursor));
  if (found === null) return undefined;
  const name = found[1] ?? "";
  return { from: cursor - name.length - 1, name: name.toLowerCase() };
}
