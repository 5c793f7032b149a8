// Waiting for a condition, with a deadline.

const DEADLINE_MS = 20_000;

/** What `look` answers once it is neither undefined nor false. */
export async function until<Found>(
  what: string,
  look: () => Found | undefined | false | Promise<Found | undefined | false>,
): Promise<Found> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((again) => setTimeout(again, 10));
  }
}
