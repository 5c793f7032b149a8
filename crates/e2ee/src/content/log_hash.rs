//! The hash chain over a chat's log as this device sees it.
//!
//! ```text
//! H(0) = zeroes        H(s) = SHA-256(H(s−1) ‖ entry hash)
//! entry hash = SHA-256 of "chinwag entry 1" ‖ text chat ‖ u64 seq ‖ u64 messageId ‖ text kind ‖ u64 user
//!   ‖ u64 device ‖ option text clientMessageId ‖ text createdAt ‖ option u64 after ‖ option u64 target
//!   ‖ option u64 replyTo ‖ list of changes ‖ option digest[32]
//! ```
//!
//! The digest covers content, data, key and the rest of the kind's members, and outlives a deletion, so H is
//! the same before and after. Two devices that compare H at one seq find whatever the server has shown
//! them differently. Who joined later does not know H: he takes it from the first member who tells.

use chinwag_proto::{Body, Entry, Seq};
use serde::{Deserialize, Serialize};

use crate::canonical::{self, Hash, Writer};
use crate::group::Seen;
use crate::group::data::write_changes;

/// So many of the last hashes are kept, to compare what others have seen: 8 kB.
const KEPT: usize = 256;

/// How what another has seen stands to what this device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The same.
    Same,
    /// Nothing can be said: it says nothing, is too old, or not here yet.
    Unknown,
    /// The server has shown the two something different (check 12).
    Differs,
    /// This device did not know H and knows it now.
    Taken,
}

/// H of one chat, as far as this device has seen its log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHash {
    /// The seq of the last hash.
    seq: Seq,
    /// The last hashes, oldest first; empty where H is not known.
    last: Vec<Hash>,
    /// Entry hashes that wait for H to be known.
    waiting: Vec<Hash>,
}

impl LogHash {
    /// For a log that is seen from its first entry on.
    pub fn from_the_start() -> Self {
        Self { seq: Seq::ZERO, last: vec![[0; 32]], waiting: Vec::new() }
    }

    /// For a log that is seen from the entry after `seq` on.
    pub fn from_later(seq: Seq) -> Self {
        Self { seq, last: Vec::new(), waiting: Vec::new() }
    }

    /// Takes in the next entry; any other is left out. `false` where its digest is not that of its content.
    pub fn push(&mut self, entry: &Entry) -> bool {
        if entry.seq != self.seq.next() {
            return true;
        }
        self.seq = entry.seq;
        let hash = entry_hash(entry);
        match self.last.last() {
            Some(last) => self.last.push(step(last, &hash)),
            None => self.waiting.push(hash),
        }
        let extra = self.last.len().saturating_sub(KEPT);
        self.last.drain(..extra);
        let extra = self.waiting.len().saturating_sub(KEPT);
        self.waiting.drain(..extra);
        entry.compute_digest().is_none_or(|digest| entry.digest == Some(digest))
    }

    /// What this device has seen: for its envelopes and commits.
    pub fn seen(&self) -> Seen {
        match self.last.last() {
            Some(hash) => Seen { seq: self.seq, hash: *hash },
            None => Seen { seq: Seq::ZERO, hash: [0; 32] },
        }
    }

    /// Holds what another says against what this device has seen; takes it where this device knows nothing.
    pub fn compare(&mut self, seen: Seen) -> Compared {
        if seen.seq == Seq::ZERO {
            return if seen.hash == [0; 32] { Compared::Unknown } else { Compared::Differs };
        }
        let Some(back) = self.seq.get().checked_sub(seen.seq.get()) else { return Compared::Unknown };
        let Ok(back) = usize::try_from(back) else { return Compared::Unknown };
        if self.last.is_empty() {
            let Some(from) = self.waiting.len().checked_sub(back) else { return Compared::Unknown };
            self.last.push(seen.hash);
            let waiting = std::mem::take(&mut self.waiting);
            for hash in waiting.get(from..).unwrap_or_default() {
                let next = self.last.last().map(|last| step(last, hash));
                self.last.extend(next);
            }
            return Compared::Taken;
        }
        let index = self.last.len().checked_sub(back.saturating_add(1));
        match index.and_then(|index| self.last.get(index)) {
            Some(hash) if *hash == seen.hash => Compared::Same,
            Some(_) => Compared::Differs,
            None => Compared::Unknown,
        }
    }
}

fn step(last: &Hash, entry: &Hash) -> Hash {
    canonical::hash(&[&last[..], &entry[..]].concat())
}

/// The hash of one entry; the same before and after its content was deleted.
pub fn entry_hash(entry: &Entry) -> Hash {
    let mut writer = Writer::new("chinwag entry 1");
    writer.text(&entry.chat_id.to_string()).u64(entry.seq.get()).u64(entry.message_id.get());
    writer.text(entry.body.kind()).u64(entry.sender_id.get()).u64(entry.device_id.get());
    writer.option(entry.client_message_id.as_ref(), |writer, id| {
        writer.text(id.as_str());
    });
    writer.text(&entry.created_at.to_string());
    let (target, reply_to, changes) = match &entry.body {
        Body::Message { reply_to, .. } => (None, *reply_to, &[][..]),
        Body::Edit { target, .. } | Body::Delete { target } | Body::Reaction { target, .. } => {
            (Some(*target), None, &[][..])
        }
        Body::Member { changes } | Body::Mls { changes, .. } => (None, None, changes.as_slice()),
        Body::Chat(_) | Body::Notice { .. } | Body::Unknown { .. } => (None, None, &[][..]),
    };
    for seq in [entry.after, target, reply_to] {
        writer.option(seq, |writer, seq| {
            writer.u64(seq.get());
        });
    }
    write_changes(&mut writer, changes);
    writer.option(entry.digest.as_ref(), |writer, digest| {
        writer.fixed(digest);
    });
    canonical::hash(&writer.finish())
}
