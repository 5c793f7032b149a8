// Errors in plain words: what happened, and what to do.

import { ChinwagError } from "chinwag";
import { type Key, t } from "../words/words.ts";

const words: Readonly<Record<string, Key>> = {
  unauthenticated: "error.credentials",
  username_taken: "error.usernameTaken",
  unreachable: "error.unreachable",
  unavailable: "error.unavailable",
  not_found: "error.notFound",
  forbidden: "error.forbidden",
  not_member: "error.notMember",
  too_many_members: "error.tooMany",
  payload_too_large: "error.tooLong",
  store_failed: "error.store",
  unsupported: "error.store",
};

export function codeWords(code: string): string {
  const key = words[code];
  return key === undefined ? t("error.other", { code }) : t(key);
}

export function errorWords(error: unknown): string {
  if (!(error instanceof ChinwagError)) return t("error.other", { code: error instanceof Error ? error.name : "?" });
  if (error.code === "rate_limited") {
    return t("error.rateLimited", { seconds: Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000)) });
  }
  return codeWords(error.code);
}

export const hasCode = (error: unknown, code: string): boolean => error instanceof ChinwagError && error.code === code;
