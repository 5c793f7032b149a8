// Days and times as people say them. Pure: the time of now and the language are given.

const DAY_MS = 86_400_000;

/** The calendar day in the place where the user is, as a number that rises by one a day. */
export function dayOf(ms: number): number {
  const date = new Date(ms);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

/** `yyyy-mm-dd`, as input fields for dates take it. */
export function isoDay(ms: number): string {
  const date = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** When a day begins, where the user is; `undefined` for what is no day. */
export function startOfDay(iso: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(iso);
  if (parts === null) return undefined;
  const ms = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}

export interface DayWords {
  readonly today: string;
  readonly yesterday: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, ms: number, options: Intl.DateTimeFormatOptions): string {
  const key = language + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(language, options);
    formats.set(key, made);
  }
  return Number.isNaN(ms) ? "" : made.format(ms);
}

export const clock = (language: string, ms: number): string =>
  format(language, ms, { timeStyle: "short" });

export const fullTime = (language: string, ms: number): string =>
  format(language, ms, { dateStyle: "full", timeStyle: "short" });

/** Between the days of a conversation: “Today”, “Tuesday”, “3 March”, “3 March 2024”. */
export function dayName(language: string, words: DayWords, ms: number, nowMs: number): string {
  const past = dayOf(nowMs) - dayOf(ms);
  if (past === 0) return words.today;
  if (past === 1) return words.yesterday;
  if (past > 1 && past < 7) return format(language, ms, { weekday: "long" });
  const sameYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear();
  return format(language, ms, { day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

/** In the list of chats, short: “14:05”, “Yesterday”, “Tue”, “3/3/24”. */
export function shortTime(language: string, words: DayWords, ms: number, nowMs: number): string {
  const past = dayOf(nowMs) - dayOf(ms);
  if (past <= 0) return clock(language, ms);
  if (past === 1) return words.yesterday;
  if (past < 7) return format(language, ms, { weekday: "short" });
  return format(language, ms, { dateStyle: "short" });
}

/** “5 minutes ago”, “yesterday”. */
export function ago(language: string, justNow: string, ms: number, nowMs: number): string {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const minutes = Math.floor((nowMs - ms) / 60_000);
  if (minutes < 1) return justNow;
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), "hour");
  const days = dayOf(nowMs) - dayOf(ms);
  return days < 30 ? relative.format(-days, "day") : format(language, ms, { dateStyle: "medium" });
}

/** A day of the local calendar after which the next name of a day is due, in milliseconds. */
export function untilMidnight(nowMs: number): number {
  const next = new Date(nowMs);
  next.setHours(24, 0, 0, 0);
  return next.getTime() - nowMs;
}
