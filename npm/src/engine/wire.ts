// The texts that pass between JavaScript and the engine, as types. `crates/client-web` is their other side.

import type {
  Chat, ChatId, Connection, Content, Failure, Line, Presence, RecordId, Seq, UserId,
} from "../types.js";

/** The engine's name for it. */
export type TimerName = string;
export type Row = [key: string, value: string];
export type Op = { put: [string, string] } | { delete: string } | { clear: [from: string, to: string] };

/** Keys from `from` up to, not including, `to`, in the order of their UTF-8 bytes. */
export interface Range {
  from: string;
  to: string;
  /** Rows at most. */
  limit: number;
  /** From the end. */
  backwards: boolean;
}

export type EngineEvent =
  | "started"
  | "storeFailed"
  | { disconnected: { code: number | null } }
  | { fired: TimerName }
  | { stored: number }
  | { loaded: { number: number; rows: Row[] } };

export type Effect =
  | { type: "connect"; url: string | null }
  | { type: "disconnect" }
  | { type: "send"; text: string }
  | { type: "store"; number: number; ops: Op[] }
  | { type: "load"; number: number; ranges: Range[] }
  | { type: "timer"; timer: TimerName; atMs: number };

export type Put =
  | { message: { content: Content; replyTo: Seq | null } }
  | { edit: { target: Seq; content: Content } }
  | { delete: { target: Seq } }
  | { react: { target: Seq; key: string; on: boolean } };

export type Wish =
  | { record: { chatId: ChatId; id: RecordId; atMs: number; record: Put; again?: boolean } }
  | { retry: { chatId: ChatId; id: RecordId; fresh: RecordId } }
  | { discard: { chatId: ChatId; id: RecordId } }
  | { draft: { chatId: ChatId; text: string } }
  | { pin: { chatId: ChatId; on: boolean } }
  | { mute: { chatId: ChatId; on: boolean } }
  | { open: ChatId | null }
  | { at: Seq }
  | "older" | "newer" | "newest"
  | { read: { chatId: ChatId; seq: Seq } }
  | { typing: { chatId: ChatId; on: boolean } }
  | { active: boolean }
  | { watch: readonly UserId[] }
  | { search: { ticket: number; query: string } }
  | { look: { ticket: number; chatId: ChatId; from: Seq; to: Seq } }
  | "connect" | "disconnect";

export type News =
  | { type: "notify"; chatId: ChatId; seq: Seq }
  | { type: "settled"; chatId: ChatId; id: RecordId; seq: Seq }
  | { type: "failed"; chatId: ChatId; id: RecordId; failure: Failure }
  | { type: "refused"; id: RecordId; why: "full" | "used" | "content" | "noStore" }
  | { type: "found"; ticket: number; hits: { chatId: ChatId; seq: Seq }[] }
  | { type: "looked"; ticket: number; lines: Line[] };

/** What is different for a screen since its last update. */
export interface Update {
  connection?: Connection;
  listed?: boolean;
  unsettled: number;
  chats?: Chat[];
  order?: ChatId[];
  /** A number stands for the line that was in that place before. */
  timeline?: { chatId: ChatId | null; above: boolean; below: boolean; lines?: (number | Line)[] };
  typing?: { chatId: ChatId; users: UserId[] }[];
  presence?: Presence[];
  news?: News[];
}
