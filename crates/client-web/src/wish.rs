//! Wishes as a screen tells them.

use chinwag_client::{Record, Wish};
use chinwag_proto::{ChatId, ClientMessageId, Content, ReactionKey, Seq, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Wanted {
    Record {
        chat_id: ChatId,
        id: ClientMessageId,
        at_ms: i64,
        record: Put,
        /// The screen has told this before, perhaps to an engine that is no more.
        #[serde(default)]
        again: bool,
    },
    Retry {
        chat_id: ChatId,
        id: ClientMessageId,
        fresh: ClientMessageId,
    },
    Discard {
        chat_id: ChatId,
        id: ClientMessageId,
    },
    Draft {
        chat_id: ChatId,
        text: String,
    },
    Pin {
        chat_id: ChatId,
        on: bool,
    },
    Mute {
        chat_id: ChatId,
        on: bool,
    },
    Open(Option<ChatId>),
    /// What is around a seq of the open chat.
    At(Seq),
    Older,
    Newer,
    Newest,
    Read {
        chat_id: ChatId,
        seq: Seq,
    },
    Typing {
        chat_id: ChatId,
        on: bool,
    },
    Active(bool),
    Watch(Vec<UserId>),
    Search {
        ticket: u64,
        query: String,
    },
    Look {
        ticket: u64,
        chat_id: ChatId,
        from: Seq,
        to: Seq,
    },
    Connect,
    Disconnect,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Put {
    Message { content: Content, reply_to: Option<Seq> },
    Edit { target: Seq, content: Content },
    Delete { target: Seq },
    React { target: Seq, key: ReactionKey, on: bool },
}

impl From<Put> for Record {
    fn from(put: Put) -> Self {
        match put {
            Put::Message { content, reply_to } => Self::Message { content, reply_to },
            Put::Edit { target, content } => Self::Edit { target, content },
            Put::Delete { target } => Self::Delete { target },
            Put::React { target, key, on } => Self::React { target, key, on },
        }
    }
}

impl Wanted {
    /// The engine's word for it, where it does not depend on the screens.
    pub(crate) fn wish(self) -> Option<Wish> {
        Some(match self {
            Self::Record { chat_id: chat, id, at_ms, record, .. } => {
                Wish::Record { chat, id, at_ms, record: record.into() }
            }
            Self::Retry { chat_id: chat, id, fresh } => Wish::Retry { chat, id, fresh },
            Self::Discard { chat_id: chat, id } => Wish::Discard { chat, id },
            Self::Draft { chat_id: chat, text } => Wish::Draft { chat, text },
            Self::Pin { chat_id: chat, on } => Wish::Pin { chat, on },
            Self::Mute { chat_id: chat, on } => Wish::Mute { chat, on },
            Self::Read { chat_id: chat, seq } => Wish::Read { chat, seq },
            Self::Typing { chat_id: chat, on } => Wish::Typing { chat, on },
            Self::At(seq) => Wish::At(seq),
            Self::Older => Wish::Older,
            Self::Newer => Wish::Newer,
            Self::Newest => Wish::Newest,
            Self::Connect => Wish::Connect,
            Self::Disconnect => Wish::Disconnect,
            Self::Open(_) | Self::Active(_) | Self::Watch(_) | Self::Search { .. } | Self::Look { .. } => {
                return None;
            }
        })
    }
}
