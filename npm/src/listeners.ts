// Who hears what.

export class Listeners<Changes> {
  readonly #sets = new Map<keyof Changes, Set<(change: never) => void>>();

  /** The answer removes it. */
  add<Name extends keyof Changes>(name: Name, listener: (change: Changes[Name]) => void): () => void {
    const set = this.#sets.get(name) ?? new Set();
    this.#sets.set(name, set);
    // A listener added twice is heard twice, and each is removed by itself.
    const own = (change: never) => listener(change);
    set.add(own);
    return () => void set.delete(own);
  }

  /** A listener that throws does not keep the others from hearing. */
  tell<Name extends keyof Changes>(name: Name, change: Changes[Name]): void {
    for (const listener of [...(this.#sets.get(name) ?? [])]) {
      try {
        listener(change as never);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#sets.clear();
  }
}
