//! What a test writes down while clients talk to a server: one [`Event`] at a time.
//!
//! Plain types of the checker's own, so that no error in the system's types can hide in the judge.
//! Leaves out content: a text stands here as its digest, any string that is equal exactly when the content is.

use serde::{Deserialize, Serialize};

/// Milliseconds on one clock that all recorders of a history share.
pub type AtMs = u64;

/// What kind of record was asked for, or of entry was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Content of its own.
    Message,
    /// New content for an earlier message.
    Edit,
    /// Takes an earlier message away.
    Delete,
    /// A mark on an earlier message, set or taken back.
    Reaction,
    /// Somebody came, went, or changed role.
    Member,
    /// The chat began, or its settings changed.
    Chat,
    /// Part of the group's key agreement.
    Mls,
    /// Anything else that takes a seq.
    Other,
}

/// What a device asked for, without the name it gave to it.
///
/// Two attempts under one `client_message_id` are the same request exactly when these are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The kind of record.
    pub kind: Kind,
    /// The seq acted on, or replied to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u64>,
    /// Equal exactly when the content is. Give every send content of its own: readers other than the
    /// sender see no `client_message_id`, and then the digest is all that ties an entry to its send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// One try of one send. A resend is the same but for `number`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attempt {
    /// The device that asks.
    pub device: String,
    /// Whose device it is.
    pub user: String,
    /// The chat asked to take the record.
    pub chat: String,
    /// The sender's own name for the record, unique per user and chat.
    pub client_message_id: String,
    /// Which try of this device this is: 1, 2, 3 …
    pub number: u32,
}

/// An accepted record as a reader was given it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Place in the chat, from 1.
    pub seq: u64,
    /// The server's label, the only one of its kind anywhere.
    pub message_id: String,
    /// The user who asked for it.
    pub sender: String,
    /// The device that asked for it.
    pub device: String,
    /// The sender's name for it, where the reader was shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// The kind of entry.
    pub kind: Kind,
    /// The seq acted on, or replied to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u64>,
    /// Equal exactly when the content is; absent where there is none, or where a deletion wiped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whom a `member` or `chat` entry brought in or took out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// One user's coming or going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Who.
    pub user: String,
    /// Comes (`true`) or goes (`false`).
    pub member: bool,
}

/// One thing that happened at a client, in the words of the client.
///
/// The events of one device stand in the order in which they happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A request is about to leave. Written down before its first byte does.
    SendStarted {
        /// When.
        at: AtMs,
        /// Which try of which send.
        attempt: Attempt,
        /// The connection that carries it. Requests of one connection are handled in order; a call that
        /// stands alone (REST) has a number of its own.
        connection: u64,
        /// What is asked for.
        request: Request,
    },
    /// The server said: durable, ordered, readable.
    ///
    /// Where an ack stands in the place of the entry, the recorder adds an [`Event::Observed`] for the entry.
    Acked {
        /// When.
        at: AtMs,
        /// Which try of which send.
        attempt: Attempt,
        /// The place it was given.
        seq: u64,
        /// The label it was given.
        message_id: String,
        /// Whether the server says that it had it already.
        duplicate: bool,
    },
    /// The server said no, and that nothing came of this attempt.
    Refused {
        /// When.
        at: AtMs,
        /// Which try of which send.
        attempt: Attempt,
        /// The error code.
        code: String,
    },
    /// No answer will come to this attempt any more: it may have been accepted or not.
    TimedOut {
        /// When.
        at: AtMs,
        /// Which try of which send.
        attempt: Attempt,
    },
    /// An entry reached a device.
    Observed {
        /// When.
        at: AtMs,
        /// Whom it reached. A client that starts again with an empty view counts as another device.
        device: String,
        /// On which connection.
        connection: u64,
        /// Pushed by the server (`true`), or part of a page that the client asked for.
        live: bool,
        /// Whether the client took it into its view: `false` for what it had already, and for what came
        /// before something that was still missing.
        shown: bool,
        /// In which chat.
        chat: String,
        /// What it was given.
        entry: Entry,
    },
    /// A device's view of a chat begins. Stands before the first entry that the device shows.
    Joined {
        /// When.
        at: AtMs,
        /// The device.
        device: String,
        /// Whose device it is.
        user: String,
        /// The chat.
        chat: String,
        /// The first seq that it may see.
        from_seq: u64,
    },
    /// The device's user is a member no more.
    Left {
        /// When.
        at: AtMs,
        /// The device.
        device: String,
        /// The chat.
        chat: String,
        /// The seq of the entry that took the user out: the last one he gets.
        last_seq: u64,
    },
    /// The device is gone for good and nothing more is expected to reach it.
    Retired {
        /// When.
        at: AtMs,
        /// The device.
        device: String,
    },
    /// A device asked how far a chat goes, and was told.
    HeadSeen {
        /// When the question left.
        asked_at: AtMs,
        /// When the answer came.
        at: AtMs,
        /// The device.
        device: String,
        /// The chat.
        chat: String,
        /// The last seq, says the server.
        head: u64,
    },
    /// From here on nothing is killed, cut or delayed. The last one counts; without one, nothing ever was.
    FaultsStopped {
        /// When.
        at: AtMs,
    },
    /// The test has seen to it that no send is refused for a reason that passes: limits are out of reach, the
    /// disk is large enough, rights do not change. Then what is sent again after a crash keeps its order too.
    RefusalsRuledOut {
        /// When.
        at: AtMs,
    },
    /// What a fresh reader is given at the very end who reads a chat from seq 1.
    FinalLog {
        /// When.
        at: AtMs,
        /// The chat.
        chat: String,
        /// Every entry, in the order given.
        entries: Vec<Entry>,
    },
}

impl Event {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> AtMs {
        match self {
            Self::SendStarted { at, .. }
            | Self::Acked { at, .. }
            | Self::Refused { at, .. }
            | Self::TimedOut { at, .. }
            | Self::Observed { at, .. }
            | Self::Joined { at, .. }
            | Self::Left { at, .. }
            | Self::Retired { at, .. }
            | Self::HeadSeen { at, .. }
            | Self::FaultsStopped { at }
            | Self::RefusalsRuledOut { at }
            | Self::FinalLog { at, .. } => *at,
        }
    }
}
