//! What a store looks up for a decision, before the record is applied.
//!
//! A decision is a function of earlier records alone. After a crash the rows of later records may be
//! there already; every row therefore names the offset of the record that made it, and the machine
//! counts rows with an offset at or above the record's own as absent.

use chinwag_proto::{ReactionKey, Seq, UserId};

use crate::fingerprint::Fingerprint;

/// What [`crate::Chat::needs`] asks the store for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Needs {
    /// The row of (chat, sender, client's id): it is not among the ids in memory, and was asked for.
    pub id: bool,
    /// The target's row.
    pub target: Option<Seq>,
    /// The row of the message that is replied to.
    pub reply_to: Option<Seq>,
}

/// What the store found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Past {
    /// The row of the client's id.
    pub known: Option<Known>,
    /// The target.
    pub target: Option<Target>,
    /// The message that is replied to.
    pub reply_to: Option<Target>,
}

/// A client's id that was used before; outlives the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The entry that it made.
    pub seq: Seq,
    /// The request that it made.
    pub fingerprint: Fingerprint,
    /// The offset of that record.
    pub offset: u64,
}

/// An entry that is edited, deleted, reacted or replied to, with what came after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its seq.
    pub seq: Seq,
    /// Who sent it.
    pub sender: UserId,
    /// Whether it is a message.
    pub is_message: bool,
    /// The offset of its record.
    pub offset: u64,
    /// The entry that deleted it, and that one's offset.
    pub deleted: Option<(Seq, u64)>,
    /// The reaction keys ever used on it, each with the offset of its first use.
    pub keys: Vec<(ReactionKey, u64)>,
}
