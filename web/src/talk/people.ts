// Who is who: names for the ids that entries carry. Asked for once, kept on this device so that names are there
// offline, and asked again after a day.

import { createStore } from "solid-js/store";
import { calmLine } from "../text/calm.ts";
import type { Profile, Rest, UserId } from "./types.ts";

const KNOWN_MAX = 2_000;
const FRESH_MS = 24 * 60 * 60_000;
const AT_ONCE = 4;

export interface Person {
  readonly userId: UserId;
  readonly username?: string;
  readonly displayName?: string;
  readonly deleted?: boolean;
  readonly askedMs: number;
}

export interface People {
  /** What to call a user. Until it is known: the words given, or an empty text. */
  name(userId: UserId): string;
  person(userId: UserId): Person | undefined;
  /** Everybody known, by name. */
  all(): Person[];
  /** What a call has told anyway. */
  learn(profile: Profile): void;
  /** The names may have changed, or calls may work again. */
  again(): void;
  forget(): void;
}

export const storageKey = (me: UserId): string => `chinwag.people.${me}`;

export function createPeople(calls: Pick<Rest, "user">, me: UserId, deletedName: () => string): People {
  const [known, setKnown] = createStore<Record<UserId, Person>>(stored(me));
  const waiting = new Set<UserId>();
  const failed = new Set<UserId>();
  let running = 0;
  let saving = false;

  const save = (): void => {
    if (saving) return;
    saving = true;
    setTimeout(() => {
      saving = false;
      const newest = Object.values(known).sort((a, b) => b.askedMs - a.askedMs).slice(0, KNOWN_MAX);
      try {
        localStorage.setItem(storageKey(me), JSON.stringify(newest));
      } catch {
        // Names are asked for again next time.
      }
    }, 500);
  };
  const learn = (profile: Profile): void => {
    setKnown(profile.userId, { ...profile, askedMs: Date.now() });
    save();
  };
  const run = (): void => {
    for (const userId of waiting) {
      if (running >= AT_ONCE) return;
      waiting.delete(userId);
      running += 1;
      calls.user(userId).then(learn, () => failed.add(userId)).finally(() => {
        running -= 1;
        run();
      });
    }
  };
  const ask = (userId: UserId): void => {
    if (failed.has(userId) || waiting.has(userId)) return;
    waiting.add(userId);
    queueMicrotask(run);
  };
  const person = (userId: UserId): Person | undefined => {
    const found = known[userId];
    if (found === undefined || Date.now() - found.askedMs > FRESH_MS) ask(userId);
    return found;
  };
  return {
    person,
    name(userId) {
      const found = person(userId);
      if (found === undefined) return "";
      if (found.deleted === true) return deletedName();
      return calmLine(found.displayName ?? "", 60) || found.username || deletedName();
    },
    all: () => Object.values(known).filter((one) => one.deleted !== true && one.username !== undefined),
    learn,
    again() {
      failed.clear();
    },
    forget: () => localStorage.removeItem(storageKey(me)),
  };
}

function stored(me: UserId): Record<UserId, Person> {
  try {
    const list = JSON.parse(localStorage.getItem(storageKey(me)) ?? "[]") as Person[];
    return Object.fromEntries(list.map((person) => [person.userId, person]));
  } catch {
    return {};
  }
}
