//! Where encryption is put in: content passes through a [`Seal`] on its way out and in.
//!
//! Leaves out encryption itself. [`Plain`] is the seal of chats that the server can read.

use chinwag_proto::{ChatId, ClientMessageId, Content, Entry, Seq};

use crate::store::Op;

/// What became of the content of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It can be shown.
    Content(Content),
    /// What opens it has not come yet: try again when [`crate::Event::Unsealed`] says so.
    NotYet,
    /// It will never be readable.
    Unreadable(Cause),
}

/// Why content is unreadable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no seal that understands it.
    NoSeal,
    /// A seal's own word for it: short, without any content.
    Other(String),
}

/// What became of content that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// What travels, byte for byte on every resend; `after` in encrypted chats.
    Content {
        /// The content as the server gets it.
        content: Content,
        /// Seq of the last MLS commit record it was sealed for.
        after: Option<Seq>,
    },
    /// It cannot be sealed yet: try again when [`crate::Event::Unsealed`] says so.
    NotYet,
    /// It can never be sealed.
    Refused(Cause),
}

/// Opens and seals content. Free of I/O; opening the same entry twice must give the same. What it wants kept
/// goes into `ops`, under keys that begin with `s/`: it is stored in one batch with what caused it.
pub trait Seal {
    /// The content of a `message` or `edit` entry.
    fn open(&mut self, entry: &Entry, content: &Content) -> Opened;

    /// Seals content for a chat. Called again for the same id only when the earlier result was refused by
    /// the server as stale.
    fn seal(&mut self, chat: ChatId, id: &ClientMessageId, content: &Content, ops: &mut Vec<Op>) -> Sealed;

    /// Sees each entry that is newly held, in the order of seq within its chat, history before the first
    /// held seq excepted; after a crash the same entry may come again.
    fn saw(&mut self, _entry: &Entry, _ops: &mut Vec<Op>) {}
}

/// The identity: for chats without encryption. An encrypted envelope is unreadable to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Seal for Plain {
    fn open(&mut self, _entry: &Entry, content: &Content) -> Opened {
        if content.is_sealed() { Opened::Unreadable(Cause::NoSeal) } else { Opened::Content(content.clone()) }
    }

    fn seal(
        &mut self,
        _chat: ChatId,
        _id: &ClientMessageId,
        content: &Content,
        _ops: &mut Vec<Op>,
    ) -> Sealed {
        Sealed::Content { content: content.clone(), after: None }
    }
}
