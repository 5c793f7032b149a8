// The words of the client library that the screens use, and what they need of a client. The real one fits; so does the
// one of the gallery, which needs no server.

import type { Client, Rest } from "chinwag";

export type {
  Body, Chat, ChatEvent, ChatId, Connection, Content, Device, DeviceId, Failure, Line, Me, Member, MemberChange,
  Presence, Profile, RecordId, Role, Seq, Status, Timeline, UserId,
} from "chinwag";

type Public<T> = { [K in keyof T]: T[K] };

export type Calls = Public<Omit<Rest, "register" | "logIn" | "logOut" | "eraseMe">>;
export type Talk = Public<Omit<Client, "rest" | "messages">> & { readonly rest: Calls };
