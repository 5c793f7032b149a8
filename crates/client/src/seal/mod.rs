//! Where encryption is put in: the engine holds the log and moves records, a [`Seal`] opens and seals them.
//!
//! The engine tells the seal what happens ([`Seal::saw`], [`Seal::on`]) and takes what it wants out of
//! [`Seal::wants`] after each event until there is nothing left; rows that the seal wants kept are in the
//! batch of the event that caused them. Leaves out encryption itself. [`Plain`] is the seal of chats that
//! the server can read.

mod backup;
mod chains;
mod content;
mod own;
mod room;
mod rows;
mod sealing;
mod staging;
mod wish;

use chinwag_proto::entry::Encryption;
use chinwag_proto::frame::Ready;
use chinwag_proto::{ChatId, ClientMessageId, Code, Content, Entry, MemberChange, Seq};

use crate::call::{Answer, Call, CallFailure};
use crate::event::{Change, Now, Record};
use crate::store::{Op, Range, Row};

pub use sealing::{Clock, Random, Sealing};
pub use wish::{SealWish, Secret, Told};

/// What became of the content of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It can be shown.
    Content(Content),
    /// What opens it has not come yet: try again when the seal says so.
    NotYet,
    /// It will never be readable.
    Unreadable(Cause),
}

/// Why content is unreadable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no seal that understands it.
    NoSeal,
    /// A seal's own word for it: short, stable, without any content.
    Other(String),
}

/// A record of the user's that is to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct ToSeal<'a> {
    /// The chat.
    pub chat: ChatId,
    /// The record's id.
    pub id: &'a ClientMessageId,
    /// The clock on the wall when it was typed, milliseconds since 1970.
    pub at_ms: i64,
    /// What the user wants.
    pub record: &'a Record,
    /// What the engine knows of the chat.
    pub stand: Stand,
}

/// What the engine knows of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Whether it is encrypted; a direct chat that has not begun is not.
    pub encryption: Encryption,
    /// The last seq that is held.
    pub last: Seq,
    /// Whether that is the head, as far as it is known.
    pub caught_up: bool,
}

/// What became of a record that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// As it is: the server may read it.
    AsItIs,
    /// What travels in place of its content, byte for byte on every resend.
    Content {
        /// The content as the server gets it.
        content: Content,
        /// In encrypted chats: seq of the last MLS commit record it was sealed for.
        after: Option<Seq>,
    },
    /// It cannot be sealed yet: try again when the seal says so.
    NotYet,
    /// It can never be sealed.
    Refused(Cause),
}

/// An MLS record that the seal wants to have in a chat.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MlsRecord {
    /// The chat; a direct one need not exist.
    pub chat: ChatId,
    /// Fresh and random.
    pub id: ClientMessageId,
    /// Seq of the chat's previous MLS commit record.
    pub after: Seq,
    /// Opaque to the server.
    pub data: Content,
    /// Changes of the server's member list that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<MemberChange>,
}

/// What the seal is told.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A connection stands.
    Connected(&'a Ready),
    /// What came of a call of the seal's. A call without an answer is made again by the engine.
    Answered {
        /// The seal's own number for it.
        ticket: u64,
        /// The answer, or the server's refusal.
        answer: &'a Result<Answer, CallFailure>,
    },
    /// The rows of a load of the seal's.
    Loaded {
        /// The seal's own number for it.
        ticket: u64,
        /// The rows.
        rows: &'a [Row],
    },
    /// The server refused an MLS record for good. It is no longer the engine's.
    Refused {
        /// The chat.
        chat: ChatId,
        /// The record.
        id: &'a ClientMessageId,
        /// Why.
        code: Code,
    },
    /// The server claims to have less of an encrypted chat than it has given.
    RolledBack {
        /// The chat.
        chat: ChatId,
        /// The head that it names.
        head: Seq,
    },
    /// What the user wants of encryption.
    Wish(&'a SealWish),
    /// An event is over; the seal may look at what it has put off.
    Settled,
}

/// What a seal wants. The engine does it all and asks again, until there is nothing.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// Rows, under keys that begin with `s/` (loaded at start) or `g/`.
    pub ops: Vec<Op>,
    /// Calls with the seal's own numbers. Each may be made more than once.
    pub calls: Vec<(u64, Call)>,
    /// Reads with the seal's own numbers.
    pub loads: Vec<(u64, Vec<Range>)>,
    /// MLS records: at most one of each chat is kept, stored before it is sent, and sent byte for byte until
    /// its entry is held.
    pub records: Vec<MlsRecord>,
    /// Chats whose MLS record is given up, because another stands in its place.
    pub withdrawn: Vec<ChatId>,
    /// Chats of which more can be opened or sealed than before.
    pub unsealed: Vec<ChatId>,
    /// What the screen is told.
    pub changes: Vec<Change>,
}

impl Wants {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
            && self.calls.is_empty()
            && self.loads.is_empty()
            && self.records.is_empty()
            && self.withdrawn.is_empty()
            && self.unsealed.is_empty()
            && self.changes.is_empty()
    }
}

/// Opens and seals content. Free of I/O; opening the same entry twice must give the same, unless the seal has
/// said that more can be opened.
pub trait Seal {
    /// The content of a `message` or `edit` entry.
    fn open(&mut self, entry: &Entry, content: &Content) -> Opened;

    /// Seals a record. Called again for the same id only when the earlier answer was [`Sealed::NotYet`], or
    /// what it gave was refused by the server as stale.
    fn seal(&mut self, record: ToSeal<'_>) -> Sealed;

    /// Sees each entry that is newly held, in the order of seq within its chat, history before the first
    /// held seq excepted; after a crash the same entry may come again.
    fn saw(&mut self, _now: Now, _entry: &Entry) {}

    /// Is told what happens.
    fn on(&mut self, _now: Now, _news: News<'_>) {}

    /// What it wants since it was asked last.
    fn wants(&mut self) -> Wants {
        Wants::default()
    }
}

/// The identity: for chats without encryption. An encrypted envelope is unreadable to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Seal for Plain {
    fn open(&mut self, _entry: &Entry, content: &Content) -> Opened {
        if content.is_sealed() { Opened::Unreadable(Cause::NoSeal) } else { Opened::Content(content.clone()) }
    }

    fn seal(&mut self, record: ToSeal<'_>) -> Sealed {
        match (record.stand.encryption, record.record) {
            (Encryption::None, _) | (_, Record::Delete { .. }) => Sealed::AsItIs,
            (Encryption::Mls, _) => Sealed::Refused(Cause::NoSeal),
        }
    }
}
