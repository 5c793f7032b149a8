//! What is always true of a chat, whatever records it was given.

use chinwag_proto::entry::Encryption;
use chinwag_proto::{ChatId, Role, Seq};

use super::{Chat, FORMER_MAX, RECENT_ENTRIES, State};

/// What is not true that should be: the chat was damaged outside of the state machine.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the chat's state is damaged: {0}")]
pub struct Broken(pub &'static str);

fn holds(condition: bool, rule: &'static str) -> Result<(), Broken> {
    if condition { Ok(()) } else { Err(Broken(rule)) }
}

impl Chat {
    /// Everything that is always true of a chat; time grows with the number of members.
    pub fn invariant(&self) -> Result<(), Broken> {
        self.head_invariant()?;
        self.recent_invariant()?;
        if self.head.seq == Seq::ZERO {
            return holds(*self.state == State::of(self.id), "a chat that has not begun has its first state");
        }
        self.state.invariant(self.id, self.head.state_seq)
    }

    /// The part that costs nothing: looked at before every decision.
    pub(super) fn head_invariant(&self) -> Result<(), Broken> {
        let head = &self.head;
        holds(head.state_seq <= head.seq, "the state is no younger than the head")?;
        holds(head.mls_seq <= head.seq, "the last MLS record is no younger than the head")?;
        holds(head.n <= head.seq.get(), "every message is an entry")?;
        holds(head.floor > Seq::ZERO, "seqs begin at 1")?;
        holds(head.floor.prev() <= head.seq, "what is kept ends at the head")?;
        holds((head.seq == Seq::ZERO) == (head.state_seq == Seq::ZERO), "the first entry makes a state")?;
        holds(self.recent.len() as u64 <= RECENT_ENTRIES, "at most 256 ids are in memory")
    }

    fn recent_invariant(&self) -> Result<(), Broken> {
        let seqs: Vec<Seq> = self.recent.iter().map(|(_, _, seq)| *seq).collect();
        holds(seqs.windows(2).all(|pair| pair[0] < pair[1]), "ids stand in the order of their entries")?;
        let oldest = self.head.seq.get().saturating_sub(RECENT_ENTRIES);
        let in_range = |seq: &Seq| seq.get() > oldest && *seq <= self.head.seq;
        holds(seqs.iter().all(in_range), "ids in memory are those of the last 256 entries")
    }
}

impl State {
    /// What is always true of the state of a chat that has begun, as of the entry `at`.
    pub fn invariant(&self, chat: ChatId, at: Seq) -> Result<(), Broken> {
        let first = Seq::ZERO.next();
        for member in self.members.values() {
            holds(member.joined >= first && member.joined <= at, "members joined by an entry of the chat")?;
            holds(member.since >= first && member.since <= member.joined, "members see what came with them")?;
        }
        let both = |user| self.former.contains_key(user);
        holds(!self.members.keys().any(both), "nobody is a member and a former one")?;
        holds(self.former.values().all(|seq| *seq <= at), "members left by an entry of the chat")?;
        holds(self.former.len() <= FORMER_MAX, "former members are bounded")?;
        if let ChatId::Group(_) = chat {
            let owner = self.members.values().any(|member| member.role == Role::Owner);
            holds(owner || self.members.is_empty(), "a group with members has an owner")?;
            let titled = self.settings.title.is_some();
            return holds(
                !titled || self.settings.encryption == Encryption::None,
                "no encrypted title is plain",
            );
        }
        holds(self.members.keys().eq(Self::of(chat).members.keys()), "members are those of the id")?;
        holds(self.former.is_empty(), "nobody leaves a chat that is named after him")?;
        holds(self.members.values().all(|member| member.role == Role::Member), "there are no roles")
    }
}
