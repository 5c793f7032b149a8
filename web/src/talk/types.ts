// The words of the client library that the screens use, in one place.

export type {
  Body, Chat, ChatEvent, ChatId, Client, Connection, Content, Device, DeviceId, Failure, Line, Me, Member, MemberChange,
  Presence, Profile, Rest, RecordId, Role, Seq, Status, Timeline, UserId,
} from "chinwag";
