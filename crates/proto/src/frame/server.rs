//! Frames from the server.

use serde::{Deserialize, Serialize};

use super::peek;
use crate::entry::{Entry, Viewer};
use crate::error::Code;
use crate::ids::{ChatId, DeviceId, MessageId, Seq, UserId};
use crate::rest::Summary;
use crate::text::RequestId;
use crate::time::Timestamp;

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
            #[serde(rename_all = "camelCase")]
            pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
        )+
    };
}

frames! {
    /// The connection is authenticated.
    Ready {
        /// Who.
        user_id: UserId,
        /// On which device.
        device_id: DeviceId,
        /// The server's clock.
        server_time: Timestamp,
        /// How often the client must be heard, milliseconds.
        heartbeat_ms: u64,
        /// Optional parts of the protocol that this server has.
        features: Vec<String>,
    }
    /// A record is durable, ordered, and readable from any node.
    Ack {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// The entry's global label.
        message_id: MessageId,
        /// Its place in the chat.
        seq: Seq,
        /// When the server took it.
        created_at: Timestamp,
        /// Whether it was there already.
        duplicate: bool,
    }
    /// A page of entries, oldest first.
    Page {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// First seq of the page; `after` when it is empty.
        from: Seq,
        /// Last seq of the page; `after` when it is empty.
        to: Seq,
        /// The chat's head.
        head: Seq,
        /// Whether `to` is the head.
        complete: bool,
        /// The entries.
        entries: Vec<Entry>,
    }
    /// A chat that has moved on.
    ChangedHead {
        /// The chat.
        chat_id: ChatId,
        /// Its head.
        head: Seq,
    }
    /// What to sync after an absence.
    HeadsAnswer {
        /// The request's id.
        id: RequestId,
        /// Chats whose head differs.
        changed: Vec<ChangedHead>,
        /// Chats that are not (or no longer) the user's.
        gone: Vec<ChatId>,
    }
    /// A page of the chat list.
    ChatsPage {
        /// The request's id.
        id: RequestId,
        /// The chats, in a stable order by id.
        chats: Vec<Summary>,
        /// Where the next page begins; absent on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<ChatId>,
    }
    /// One member's marks.
    CursorMark {
        /// The member.
        user_id: UserId,
        /// Read up to and with this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read: Option<Seq>,
        /// Delivered up to and with this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<Seq>,
    }
    /// Marks that have moved, coalesced.
    Cursors {
        /// The chat.
        chat_id: ChatId,
        /// The marks.
        users: Vec<CursorMark>,
    }
    /// Somebody types, or has stopped.
    TypingNotice {
        /// The chat.
        chat_id: ChatId,
        /// Who.
        user_id: UserId,
        /// Whether.
        on: bool,
    }
    /// One user's presence.
    PresenceStatus {
        /// The user.
        user_id: UserId,
        /// Whether and how he is there.
        status: Status,
        /// When a device of his was last connected; absent while one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seen: Option<Timestamp>,
    }
    /// Presence of watched users: all of them after `watch`, then those that changed.
    PresenceFrame {
        /// The users.
        users: Vec<PresenceStatus>,
    }
    /// Live frames were dropped for this connection: sync these chats (or, with `all`, every chat).
    Resync {
        /// The chats, with their heads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chats: Option<Vec<ChangedHead>>,
        /// Every chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        all: Option<bool>,
    }
    /// A request was refused, or went wrong.
    ErrorFrame {
        /// The request's id, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The stable code.
        code: Code,
        /// What is wrong and what to do.
        detail: String,
        /// When to come back, milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// The chat's head, where `after` stood above it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<Seq>,
        /// Seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// The server is about to close with 4000.
    Goaway {
        /// When to connect again, milliseconds.
        reconnect_in_ms: u64,
        /// Where, if elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    }
    /// The answer to `ping`.
    Pong {
        /// The request's id.
        id: RequestId,
    }
}

/// Whether and how a user is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum Status {
    /// At least one device is connected and active.
    Online,
    /// Connected, but no device is active.
    Away,
    /// No device is connected.
    Offline,
}

crate::text::words!(Status { Online = "online", Away = "away", Offline = "offline" });

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ServerFrame {
    /// See [`Ready`].
    Ready(Ready),
    /// See [`Ack`].
    Ack(Ack),
    /// A live entry.
    Entry(Entry),
    /// See [`Page`].
    Entries(Page),
    /// See [`HeadsAnswer`].
    Heads(HeadsAnswer),
    /// See [`ChatsPage`].
    Chats(ChatsPage),
    /// See [`Cursors`].
    Cursors(Cursors),
    /// See [`TypingNotice`].
    Typing(TypingNotice),
    /// See [`PresenceFrame`].
    Presence(PresenceFrame),
    /// A chat appeared, or its title, role or settings changed.
    Chat(Box<Summary>),
    /// See [`Resync`].
    Resync(Resync),
    /// See [`ErrorFrame`].
    Error(ErrorFrame),
    /// See [`Goaway`].
    Goaway(Goaway),
    /// See [`Pong`].
    Pong(Pong),
    /// A type this code does not know: to be ignored.
    #[serde(skip)]
    Unknown,
}

impl ServerFrame {
    /// The frame as JSON text. Entries are printed as the sender sees them: see [`Entry::seen_by`].
    pub fn to_json(&self) -> String {
        match self {
            Self::Entry(entry) => entry.to_frame(Viewer::Sender),
            frame => serde_json::to_string(frame).unwrap_or_default(),
        }
    }

    /// Parses a frame as a client does: unknown fields and types are ignored.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let kind =
            peek(text).ok_or_else(|| serde_json::Error::custom("no JSON object with a string `type`"))?;
        Ok(match &*kind {
            "ready" => Self::Ready(serde_json::from_str(text)?),
            "ack" => Self::Ack(serde_json::from_str(text)?),
            "entry" => Self::Entry(serde_json::from_str(text)?),
            "entries" => Self::Entries(serde_json::from_str(text)?),
            "heads" => Self::Heads(serde_json::from_str(text)?),
            "chats" => Self::Chats(serde_json::from_str(text)?),
            "cursors" => Self::Cursors(serde_json::from_str(text)?),
            "typing" => Self::Typing(serde_json::from_str(text)?),
            "presence" => Self::Presence(serde_json::from_str(text)?),
            "chat" => Self::Chat(serde_json::from_str(text)?),
            "resync" => Self::Resync(serde_json::from_str(text)?),
            "error" => Self::Error(serde_json::from_str(text)?),
            "goaway" => Self::Goaway(serde_json::from_str(text)?),
            "pong" => Self::Pong(serde_json::from_str(text)?),
            _ => Self::Unknown,
        })
    }
}
