//! The state of a chat, and the decision about a record.
//!
//! PLACEHOLDER BODY: signatures are fixed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_proto::entry::{Encryption, History, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{ChatId, Entry, Role, Seq, Timestamp, UserId};

use crate::fingerprint::{Fingerprint, IdKey};
use crate::outcome::Outcome;
use crate::past::{Needs, Past};
use crate::record::Record;

/// The rules that this code knows; a chat's own number decides which apply to it.
pub const RULE_VERSION: u16 = 1;

/// A chat's head: at most 1 KiB, rewritten with every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last seq; 0 before the first entry.
    pub seq: Seq,
    /// Number of messages.
    pub n: u64,
    /// The offset of the last record that was applied.
    pub last_offset: u64,
    /// The rules in force.
    pub rule_version: u16,
    /// The last entry that changed members, roles or settings.
    pub state_seq: Seq,
    /// The last MLS commit record; 0 where there is none.
    pub mls_seq: Seq,
    /// When the last entry was taken.
    pub last_at: Timestamp,
    /// First seq still kept; 1 unless the chat was trimmed.
    pub floor: Seq,
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// His role.
    pub role: Role,
    /// First seq that he may see.
    pub since: Seq,
    /// The entry that made him a member: the order of joining.
    pub joined: Seq,
    /// When that was.
    pub joined_at: Timestamp,
}

/// What the owner has set.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// The title.
    pub title: Option<Name>,
    /// Whether the content is encrypted.
    pub encryption: Encryption,
    /// What new members see.
    pub history: History,
    /// Who may add members.
    pub who_may_add: WhoMayAdd,
}

/// Members, roles and settings: what read rights come from. Shared by readers, replaced on change.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State {
    /// The members.
    pub members: BTreeMap<UserId, MemberState>,
    /// Who was a member once and is not now, with the entry that ended it; the newest 10,000.
    pub former: BTreeMap<UserId, Seq>,
    /// What the owner has set.
    pub settings: Settings,
}

/// One chat: its head, its state and the ids of its last 256 entries.
#[derive(Clone, Debug)]
pub struct Chat {
    id: ChatId,
    head: Head,
    state: Arc<State>,
    recent: std::collections::VecDeque<(IdKey, Fingerprint, Seq)>,
}

impl Chat {
    /// A chat before its first entry. A direct chat and an inbox have their members from their id.
    pub fn new(id: ChatId) -> Self { todo!() }
    /// A chat read back from a store: `recent` holds the ids of its last 256 entries, oldest first.
    pub fn restore(id: ChatId, head: Head, state: State, recent: impl IntoIterator<Item = (IdKey, Fingerprint, Seq)>) -> Self { todo!() }
    /// The chat's id.
    pub fn id(&self) -> ChatId { self.id }
    /// Its head.
    pub fn head(&self) -> &Head { &self.head }
    /// Members, roles and settings.
    pub fn state(&self) -> &Arc<State> { &self.state }
    /// What a decision about this record needs from the store. `key` is the record's id, hashed.
    pub fn needs(&self, record: &Record, key: Option<IdKey>) -> Needs { todo!() }
    /// Decides about a record at its offset in the log, and moves on if it is accepted.
    pub fn apply(&mut self, offset: u64, record: &Record, key: Option<IdKey>, past: &Past) -> Outcome { todo!() }
    /// Takes an entry that was accepted before (replay at start); entries at or below the head change nothing.
    pub fn replay(&mut self, offset: u64, entry: &Entry, recent: Option<(IdKey, Fingerprint)>) { todo!() }
}
