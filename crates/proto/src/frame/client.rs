//! Frames from a client.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FrameError, Tag, peek, peek_id};
use crate::content::{Content, ContentError};
use crate::entry::{MemberChange, MembershipChange, Role};
use crate::ids::{ChatId, ClientMessageId, ReactionKey, Seq, UserId};
use crate::limits::Limits;
use crate::strict::{object, parse_object};
use crate::text::RequestId;

/// Whom a message is for: a user (the direct chat with him, made on first use) or a whole chat id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// A user.
    User(UserId),
    /// A chat.
    Chat(ChatId),
}

impl Receiver {
    /// The chat that this is for `sender`.
    pub fn chat(self, sender: UserId) -> ChatId {
        match self {
            Self::User(user) => ChatId::direct(sender, user),
            Self::Chat(chat) => chat,
        }
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Chat(chat) => chat.fmt(f),
        }
    }
}

impl FromStr for Receiver {
    type Err = crate::ids::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('.') { text.parse().map(Self::Chat) } else { text.parse().map(Self::User) }
    }
}

impl Serialize for Receiver {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Receiver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_str(deserializer)
    }
}

crate::ids::string_schema!(Receiver);

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub struct $name {
                /// Stands for `type`.
                #[serde(rename = "type", default, skip_serializing)]
                pub tag: Tag,
                $($(#[$fdoc])* pub $field: $type),*
            }
        )+
    };
}

frames! {
    /// The first frame.
    Auth {
        /// The token that the log-in gave.
        token: String,
    }
    /// A message.
    Send {
        /// The request's id.
        id: RequestId,
        /// The chat; either this or `to`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        /// The receiver; either this or `chatId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Receiver>,
        /// The client's own id.
        client_message_id: ClientMessageId,
        /// The content.
        content: Content,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// Set on everything that is sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resend: bool,
        /// In encrypted chats: seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// Another content for an own message.
    Edit {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// The message.
        target: Seq,
        /// Its new content.
        content: Content,
        /// The client's own id.
        client_message_id: ClientMessageId,
        /// Set on everything that is sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resend: bool,
        /// In encrypted chats: seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// The deletion of a message.
    Delete {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// The message.
        target: Seq,
        /// The client's own id.
        client_message_id: ClientMessageId,
        /// Set on everything that is sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resend: bool,
    }
    /// A reaction, set or taken back.
    React {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// The message.
        target: Seq,
        /// What it says.
        key: ReactionKey,
        /// Whether it stands.
        on: bool,
        /// The client's own id.
        client_message_id: ClientMessageId,
        /// Set on everything that is sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resend: bool,
        /// In encrypted chats: seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// An MLS record of an encrypted chat, with the changes of membership bound to it.
    Mls {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// Seq of the chat's previous MLS commit record; 0 where there is none.
        after: Seq,
        /// The client's own id.
        client_message_id: ClientMessageId,
        /// Opaque to the server: an object with `type` and `text`.
        data: Content,
        /// Changes of the server's member list that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "changes")]
        changes: Vec<MemberChange>,
        /// Set on everything that is sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resend: bool,
    }
    /// Asks which chats have moved on.
    Heads {
        /// The request's id.
        id: RequestId,
        /// What the client has: the last seq of each chat.
        chats: BTreeMap<ChatId, Seq>,
    }
    /// Asks for a page of the chat list.
    Chats {
        /// The request's id.
        id: RequestId,
        /// Where the last page ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<ChatId>,
        /// How many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// Asks for the entries of a chat after a seq.
    Sync {
        /// The request's id.
        id: RequestId,
        /// The chat.
        chat_id: ChatId,
        /// The last seq that the client has.
        after: Seq,
        /// How many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// A cursor: `read` or `delivered` up to a seq.
    Mark {
        /// The chat.
        chat_id: ChatId,
        /// Up to and with this.
        seq: Seq,
    }
    /// The user types, or has stopped.
    Typing {
        /// The chat.
        chat_id: ChatId,
        /// Whether.
        on: bool,
    }
    /// Whether the user is at the device.
    Active {
        /// Whether.
        on: bool,
    }
    /// The chat on screen.
    Open {
        /// The chat; null for none.
        #[serde(deserialize_with = "present")]
        chat_id: Option<ChatId>,
    }
    /// Whose presence is on screen; replaces the earlier list.
    Watch {
        /// The users.
        users: Vec<UserId>,
    }
    /// A sign of life.
    Ping {
        /// The request's id.
        id: RequestId,
    }
}

/// Changes as a request carries them: strict, where those of an entry are open to more.
fn changes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<MemberChange>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Members {
        user_id: UserId,
        change: MembershipChange,
        role: Option<Role>,
    }
    #[derive(Deserialize)]
    struct Strict(#[serde(deserialize_with = "object")] Members);
    let changes = Vec::<Strict>::deserialize(deserializer)?.into_iter();
    Ok(changes
        .map(|Strict(Members { user_id, change, role })| MemberChange { user_id, change, role })
        .collect())
}

/// A member that may be null but not absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ChatId>, D::Error> {
    Option::deserialize(deserializer)
}

/// A frame from a client, valid in form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ClientFrame {
    /// See [`Auth`].
    Auth(Auth),
    /// See [`Send`].
    Send(Send),
    /// See [`Edit`].
    Edit(Edit),
    /// See [`Delete`].
    Delete(Delete),
    /// See [`React`].
    React(React),
    /// See [`Mls`].
    Mls(Mls),
    /// See [`Heads`].
    Heads(Heads),
    /// See [`Chats`].
    Chats(Chats),
    /// See [`Sync`].
    Sync(Sync),
    /// A read mark.
    Read(Mark),
    /// A delivered mark.
    Delivered(Mark),
    /// See [`Typing`].
    Typing(Typing),
    /// See [`Active`].
    Active(Active),
    /// See [`Open`].
    Open(Open),
    /// See [`Watch`].
    Watch(Watch),
    /// See [`Ping`].
    Ping(Ping),
}

impl ClientFrame {
    /// The `type` of every frame, in the order of the contract.
    pub const TYPES: &'static [&'static str] = &[
        "auth",
        "send",
        "edit",
        "delete",
        "react",
        "mls",
        "heads",
        "chats",
        "sync",
        "read",
        "delivered",
        "typing",
        "active",
        "open",
        "watch",
        "ping",
    ];

    /// Parses a frame strictly: unknown types and fields are refused, content and lists are held
    /// against the limits.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, FrameError> {
        let kind = peek(text).ok_or(FrameError::Bad)?;
        let frame = match &*kind {
            "auth" => Self::Auth(typed(text)?),
            "send" => Self::Send(typed(text)?),
            "edit" => Self::Edit(typed(text)?),
            "delete" => Self::Delete(typed(text)?),
            "react" => Self::React(typed(text)?),
            "mls" => Self::Mls(typed(text)?),
            "heads" => Self::Heads(typed(text)?),
            "chats" => Self::Chats(typed(text)?),
            "sync" => Self::Sync(typed(text)?),
            "read" => Self::Read(typed(text)?),
            "delivered" => Self::Delivered(typed(text)?),
            "typing" => Self::Typing(typed(text)?),
            "active" => Self::Active(typed(text)?),
            "open" => Self::Open(typed(text)?),
            "watch" => Self::Watch(typed(text)?),
            "ping" => Self::Ping(typed(text)?),
            _ => {
                return Err(invalid(
                    text,
                    format!("unknown frame type; known are {}", Self::TYPES.join(", ")),
                ));
            }
        };
        frame.checked(limits).map_err(|detail| invalid(text, detail))
    }

    /// The frame as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn checked(mut self, limits: &Limits) -> Result<Self, String> {
        match &mut self {
            Self::Send(send) => {
                if send.chat_id.is_some() == send.to.is_some() {
                    return Err("give either `chatId` or `to`".to_owned());
                }
                send.content = Content::check(send.content.raw(), limits).map_err(|e| e.to_string())?;
            }
            Self::Edit(edit) => {
                edit.content = Content::check(edit.content.raw(), limits).map_err(|e| e.to_string())?;
            }
            Self::Mls(mls) => {
                mls.data = Content::check(mls.data.raw(), limits).map_err(|e| format!("data: {e}"))?;
                if !mls.data.json().starts_with('{') {
                    return Err(format!("data: {}", ContentError::Object));
                }
                if mls.changes.len() > limits.members_per_call {
                    return Err(format!("`changes` has at most {} members", limits.members_per_call));
                }
            }
            Self::Heads(heads) if heads.chats.len() > limits.heads_chats => {
                return Err(format!("`chats` has at most {} members", limits.heads_chats));
            }
            Self::Watch(watch) if watch.users.len() > limits.watch_users => {
                return Err(format!("`users` has at most {} members", limits.watch_users));
            }
            Self::Chats(Chats { limit: Some(limit), .. }) | Self::Sync(Sync { limit: Some(limit), .. })
                if *limit == 0 || *limit as usize > limits.page =>
            {
                return Err(format!("`limit` is 1 to {}", limits.page));
            }
            _ => {}
        }
        Ok(self)
    }
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    parse_object(text).map_err(|detail| invalid(text, detail))
}

fn invalid(text: &str, detail: String) -> FrameError {
    FrameError::Invalid { id: peek_id(text), detail }
}
