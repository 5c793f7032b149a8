//! The state of a chat: its head, its members, roles and settings, and the ids of its last entries.
//!
//! `decide` says what becomes of a record, `members` knows the rights and the rule of the successor,
//! `fold` moves the state on by an accepted entry: the same way for a fresh one and for a replayed one.
//! Stored bytes are in [`crate::stored`].

mod decide;
mod fold;
mod invariant;
mod members;
mod messages;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chinwag_proto::entry::{Encryption, History, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{ChatId, Entry, Role, Seq, Timestamp, UserId};

use crate::fingerprint::{Fingerprint, IdKey};
use crate::outcome::Outcome;
use crate::past::{Needs, Past};
use crate::record::Record;

pub use invariant::Broken;

/// The rules that this code knows; a chat's own number decides which apply to it.
pub const RULE_VERSION: u16 = 1;

/// The ids of so many last entries are held in memory.
pub const RECENT_ENTRIES: u64 = 256;

/// So many former members are remembered: 16 bytes each, 160 kB at most. Who left before them is a
/// stranger.
pub const FORMER_MAX: usize = 10_000;

/// A chat begins under the first rules, whatever the code knows: newer ones are raised by a record, so
/// that two versions of the code decide alike.
const FIRST_RULES: u16 = 1;

/// A chat's head: at most 1 KiB, rewritten with every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last seq; 0 before the first entry.
    pub seq: Seq,
    /// Number of messages.
    pub n: u64,
    /// The offset of the last record that was accepted.
    pub last_offset: u64,
    /// The rules in force.
    pub rule_version: u16,
    /// The last entry that changed members, roles or settings; the first entry is one.
    pub state_seq: Seq,
    /// The last MLS commit record; 0 where there is none.
    pub mls_seq: Seq,
    /// When the last entry was taken.
    pub last_at: Timestamp,
    /// First seq still kept; 1 unless the chat was trimmed.
    pub floor: Seq,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            seq: Seq::ZERO,
            n: 0,
            last_offset: 0,
            rule_version: FIRST_RULES,
            state_seq: Seq::ZERO,
            mls_seq: Seq::ZERO,
            last_at: Timestamp::default(),
            floor: Seq::ZERO.next(),
        }
    }
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// His role.
    pub role: Role,
    /// First seq that he may see.
    pub since: Seq,
    /// The entry that made him a member: the order of joining, between equals that of user ids.
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
    /// Who was a member once and is not now, with the entry that ended it; the newest
    /// [`FORMER_MAX`].
    pub former: BTreeMap<UserId, Seq>,
    /// What the owner has set.
    pub settings: Settings,
}

impl State {
    /// The state of a chat before its first entry: a direct chat and an inbox have their members from
    /// their id, a group has none.
    pub fn of(chat: ChatId) -> Self {
        let users = match chat {
            ChatId::Direct(low, high) => vec![low, high],
            ChatId::Inbox(owner) => vec![owner],
            ChatId::Group(_) => Vec::new(),
        };
        let first = Seq::ZERO.next();
        let member =
            MemberState { role: Role::Member, since: first, joined: first, joined_at: Timestamp::default() };
        Self { members: users.into_iter().map(|user| (user, member)).collect(), ..Self::default() }
    }
}

/// One chat: its head, its state and the ids of its last [`RECENT_ENTRIES`] entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    id: ChatId,
    head: Head,
    state: Arc<State>,
    recent: VecDeque<(IdKey, Fingerprint, Seq)>,
}

impl Chat {
    /// A chat before its first entry. A direct chat and an inbox have their members from their id.
    pub fn new(id: ChatId) -> Self {
        Self { id, head: Head::default(), state: Arc::new(State::of(id)), recent: VecDeque::new() }
    }

    /// A chat read back from a store: `recent` holds the ids of its last 256 entries, oldest first
    /// (older ones are dropped). What a store gave is worth a look by [`Chat::invariant`].
    pub fn restore(
        id: ChatId,
        head: Head,
        state: State,
        recent: impl IntoIterator<Item = (IdKey, Fingerprint, Seq)>,
    ) -> Self {
        let mut chat = Self { id, head, state: Arc::new(state), recent: recent.into_iter().collect() };
        chat.forget_old_ids();
        chat
    }

    /// The chat's id.
    pub fn id(&self) -> ChatId {
        self.id
    }

    /// Its head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Members, roles and settings.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The ids in memory, oldest first: what [`Chat::restore`] takes.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = (IdKey, Fingerprint, Seq)> + '_ {
        self.recent.iter().copied()
    }

    /// What a decision about this record needs from the store. `key` is the record's id, hashed.
    /// Nothing is asked for where the outcome is certain without it.
    pub fn needs(&self, record: &Record, key: Option<IdKey>) -> Needs {
        self.what_is_needed(record, key)
    }

    /// Decides about a record at its offset in the log, and moves on if it is accepted. The order of
    /// checks: the chat and the sender's membership, the client's id, encryption and epoch, rights,
    /// target. A former member gets the first result of what was accepted while he was a member, and
    /// nothing else; a stranger learns nothing.
    pub fn apply(&mut self, offset: u64, record: &Record, key: Option<IdKey>, past: &Past) -> Outcome {
        match self.decide(offset, record, key, past) {
            Ok(body) => {
                let entry = self.entry(record, body);
                self.take(offset, &entry, key.map(|key| (key, record.fingerprint)));
                Outcome::Accepted(entry)
            }
            Err(stop) => stop.into(),
        }
    }

    /// Takes an entry that was accepted before (replay at start), with its id and fingerprint where it
    /// has one: gives the state that [`Chat::apply`] gave. An entry that is not the next one changes
    /// nothing.
    pub fn replay(&mut self, offset: u64, entry: &Entry, recent: Option<(IdKey, Fingerprint)>) {
        self.take(offset, entry, recent);
    }

    /// Raises the first seq that is kept; never lowers it, never beyond the seq after the head.
    pub fn trim(&mut self, floor: Seq) {
        let bound = self.head.seq.get().saturating_add(1);
        self.head.floor = self.head.floor.max(floor.min(Seq::clamped(bound)));
    }
}
