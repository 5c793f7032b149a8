//! WebSocket frames (protocol §2): what clients send, what servers send, and how a text becomes one.
//!
//! The server parses strictly (unknown fields are refused, the field named); clients ignore what they
//! do not know.

mod client;
mod server;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

pub use client::{
    Active, Auth, Chats, ClientFrame, Delete, Edit, Heads, Mark, Mls, Open, Ping, React, Receiver, Send,
    Sync, Typing, Watch,
};
pub use server::{
    Ack, ChangedHead, ChatsPage, CursorMark, Cursors, ErrorFrame, Goaway, HeadsAnswer, Page, Pong,
    PresenceFrame, PresenceStatus, Ready, Resync, ServerFrame, Status, TypingNotice,
};

pub use crate::strict::error_text as parse_error_text;
use crate::text::RequestId;

/// The WebSocket subprotocol of JSON text frames.
pub const SUBPROTOCOL: &str = "chinwag.v1";
/// The WebSocket subprotocol of CBOR binary frames.
pub const SUBPROTOCOL_CBOR: &str = "chinwag.v1.cbor";

/// Stands for the member `type` of a frame, which the enum reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Tag;

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// Why a client's frame was refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// Not a JSON object with a string `type`: the connection closes with 4400.
    #[error("not a JSON object with a string `type`")]
    Bad,
    /// A frame that breaks a rule: answered by `error invalid_request`, the connection lives.
    #[error("{detail}")]
    Invalid {
        /// The request's id, where it has a valid one.
        id: Option<RequestId>,
        /// What is wrong; quotes no more of the frame than a field's name.
        detail: String,
    },
}

/// The `type` of a frame, and its id where there is one.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct PeekId {
    id: Option<RequestId>,
}

fn peek(text: &str) -> Option<Cow<'_, str>> {
    // A derived parser would take a list for an object.
    let text = Some(text).filter(|text| text.trim_start().starts_with('{'))?;
    serde_json::from_str::<Peek<'_>>(text).ok().map(|peek| peek.kind)
}

fn peek_id(text: &str) -> Option<RequestId> {
    serde_json::from_str::<PeekId>(text).ok().and_then(|peek| peek.id)
}
