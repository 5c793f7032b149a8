// The people whom one has something to do with, by name.

import type { Person } from "../talk/people.ts";
import type { State } from "../talk/state.ts";
import { language } from "../words/words.ts";

export function known(state: State): Person[] {
  const order = new Intl.Collator(language());
  return state.people.all()
    .filter(({ userId }) => userId !== state.me)
    .sort((a, b) => order.compare(state.people.name(a.userId), state.people.name(b.userId)));
}
