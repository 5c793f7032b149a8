// What the screen sees: plain objects, never changed in place. An object that is the same is the very same one
// after an update, so that a screen can compare by identity. Times are milliseconds since 1970.

export type UserId = string;
export type DeviceId = string;
/** `d.LOW.HIGH` for a direct chat, `g.ID` for a group. */
export type ChatId = string;
/** A place in a chat, from 1, without holes. */
export type Seq = number;
/** A client's own id of a record: 1–64 of `A-Za-z0-9_-`. */
export type RecordId = string;

export type Role = "owner" | "admin" | "member";
/** A text, or an object with `type` and a `text` that stands for it. */
export type Content = string | { readonly type: string; readonly text: string; readonly [more: string]: unknown };

export interface Marks {
  readonly read: Seq;
  readonly delivered: Seq;
}

/** A chat of the list. */
export interface Chat {
  readonly chatId: ChatId;
  readonly kind: "direct" | "group";
  /** The other side of a direct chat; oneself in notes to oneself. */
  readonly peer?: UserId;
  /** Of groups. */
  readonly title?: string;
  readonly role: Role;
  readonly encryption: "none" | "mls";
  /** No longer a member; what is held stays readable. */
  readonly gone: boolean;
  /** How many members, in groups. */
  readonly members?: number;
  /** 999 stands for that many or more. */
  readonly unread: number;
  /** The own read mark. */
  readonly read: Seq;
  /** Everything from `first` to `last` is held on this device. */
  readonly first: Seq;
  readonly last: Seq;
  readonly lastAtMs: number;
  /** Others' marks, where they show them. */
  readonly others: Readonly<Record<UserId, Marks>>;
  /** The last message. */
  readonly preview?: Body & { readonly seq: Seq; readonly senderId: UserId; readonly atMs: number };
  /** What stands in the input field. */
  readonly draft: string;
  readonly pinned: boolean;
  readonly muted: boolean;
}

/** What a line shows. */
export type Body =
  | { readonly type: "content"; readonly text: string; readonly content: Content }
  /** Encrypted, and what opens it has not come yet. */
  | { readonly type: "notYet" }
  /** Encrypted, and never to be read here. */
  | { readonly type: "unreadable"; readonly cause: string }
  | { readonly type: "deleted" }
  /** No message: members, title, encryption. */
  | { readonly type: "event"; readonly event: ChatEvent };

export interface MemberChange {
  readonly userId: UserId;
  readonly change: "added" | "removed" | "left" | "role";
  readonly role?: Role;
}

export type ChatEvent =
  | { readonly kind: "member"; readonly changes: readonly MemberChange[] }
  | {
      readonly kind: "chat";
      readonly title?: string;
      readonly members?: readonly { readonly userId: UserId; readonly role: Role }[];
      readonly encryption?: "none" | "mls";
      readonly history?: "joined" | "all";
      readonly whoMayAdd?: "admins" | "members";
    }
  | { readonly kind: "mls"; readonly changes: readonly MemberChange[] }
  | { readonly kind: "other"; readonly name: string };

/** Why an own record failed. `code` is one of protocol §4. */
export type Failure =
  | { readonly why: "refused"; readonly code: string; readonly detail: string }
  | { readonly why: "seal"; readonly detail: string }
  | { readonly why: "store" };

/** How far an own message has come; `received` is another's. */
export type Status = "received" | "sending" | "sent" | "delivered" | "read" | "failed";

/** A line of a timeline. */
export interface Line {
  /** The same as long as the line lives, also when the server gives it its seq. */
  readonly key: string;
  /** Absent while the server has not taken it; those stand last. */
  readonly seq?: Seq;
  /** Of own messages. */
  readonly id?: RecordId;
  readonly senderId: UserId;
  readonly atMs: number;
  readonly replyTo?: Seq;
  readonly body: Body;
  readonly edited: boolean;
  readonly reactions: readonly { readonly key: string; readonly users: readonly UserId[] }[];
  readonly status: Status;
  /** With status `failed`. */
  readonly failure?: Failure;
  /** Own edits, deletions, reactions of this line that the server has not settled. They are shown as if they
   * stood, until they fail; `retry` and `discard` take their ids. */
  readonly pending: readonly { readonly id: RecordId; readonly failure?: Failure }[];
}

/** The open chat, or a stretch of it. */
export interface Timeline {
  readonly chatId: ChatId | null;
  readonly lines: readonly Line[];
  /** Whether more may be had above: `older()`. */
  readonly above: boolean;
  /** Whether there is more below: `newer()`, `newest()`. */
  readonly below: boolean;
}

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "online" }
  /** Made again at this time, of `performance.timeOrigin + performance.now()`. */
  | { readonly state: "waiting"; readonly untilMs: number }
  | {
      readonly state: "stopped";
      /** `loggedOut`: log in again. `replaced`: the same device connected elsewhere. `store`: this device's storage
       * takes no more, or was taken away; nothing is sent until the program starts anew. `refused`: by the server,
       * with the close code. */
      readonly why: "notStarted" | "loggedOut" | "replaced" | "store" | "refused";
      readonly code?: number;
    };

export interface Presence {
  readonly userId: UserId;
  readonly status: "online" | "away" | "offline";
  /** RFC 3339. */
  readonly lastSeen?: string;
}

/** A message of another, as a bot sees it. */
export interface Message {
  readonly chatId: ChatId;
  readonly seq: Seq;
  readonly senderId: UserId;
  readonly atMs: number;
  readonly replyTo?: Seq;
  /** The text, or the text that stands for the content. */
  readonly text: string;
  readonly content: Content;
}

/** Where a record has its place for good. */
export interface Sent {
  readonly chatId: ChatId;
  readonly id: RecordId;
  readonly seq: Seq;
}

/** A log-in of this device. */
export interface Session {
  /** `https://chat.example` */
  readonly server: string;
  /** The WebSocket address that log-in named. */
  readonly socket: string;
  readonly token: string;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Marks the store that belongs to it. */
  readonly stamp: string;
}

/** What a listener hears, by name. State is asked for at the client; these only say that it is different. */
export interface Changes {
  connection: Connection;
  /** The list, or a chat in it; the chats that are different. */
  chats: readonly ChatId[];
  /** The open chat's lines. */
  timeline: Timeline;
  typing: ChatId;
  presence: readonly Presence[];
  /** A new message of another that the user should be told of. Each tab hears it. */
  notify: { readonly chatId: ChatId; readonly seq: Seq };
  /** An own record was refused; it waits for `retry` or `discard`. */
  failed: { readonly chatId: ChatId; readonly id: RecordId; readonly failure: Failure };
  /** The client is closed; nothing follows. */
  closed: undefined;
}
