// What REST calls carry (protocol §1). Times are RFC 3339.

import type { DeviceId, RecordId, Role, UserId } from "../types.js";

export interface LoggedIn {
  token: string;
  userId: UserId;
  deviceId: DeviceId;
  expiresAt: string;
  chatServer: { url: string };
}

export interface Profile {
  userId: UserId;
  /** Absent once the account was erased. */
  username?: string;
  displayName?: string;
  deleted?: boolean;
}

export interface Me {
  userId: UserId;
  username: string;
  displayName: string;
  email?: string;
  createdAt: string;
  /** Whether others see one's presence, read and delivered marks, and that one types. */
  presence: "on" | "off";
  receipts: "on" | "off";
  typing: "on" | "off";
}

export interface Contact {
  userId: UserId;
  username?: string;
  displayName?: string;
  since: string;
  presence?: "online" | "away" | "offline";
}

export interface Device {
  deviceId: DeviceId;
  name: string;
  createdAt: string;
  lastSeen?: string;
  /** Whether it is this one. */
  current: boolean;
}

export interface NewGroup {
  title?: string;
  /** Founders beside oneself, at most 100. */
  members: readonly UserId[];
  encryption?: "none" | "mls";
  /** What new members see: from their joining on (the default), or all. */
  history?: "joined" | "all";
  clientMessageId?: RecordId;
}

export interface Member {
  userId: UserId;
  role: Role;
  since: string;
}

