//! Which groups this node hears, and how far each has come. A commit of a group is handed on once and in
//! order, although it is published on the group's channel and on those of the users it affects.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use chinwag_ports::{Channel, LiveBus};
use chinwag_proto::{ChatId, Seq};
use parking_lot::Mutex;

/// A power of two.
const SHARDS: usize = 64;

/// By which channel a commit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// By the group's own, on which commits are in order.
    ByGroup,
    /// By that of a user whom it affects.
    ByUser,
}

/// How far a group has come here.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// The last seq handed on; 0: none yet.
    last: Seq,
    /// Nobody was here when it was looked at, and it has not spoken since.
    is_idle: bool,
}

/// The groups that this node hears.
pub(crate) struct Groups {
    bus: Arc<dyn LiveBus>,
    shards: Box<[Mutex<HashMap<ChatId, Heard>>]>,
    hasher: RandomState,
}

impl Groups {
    pub(crate) fn new(bus: Arc<dyn LiveBus>) -> Self {
        Self { bus, shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Hears a group from now on; `false`: it was heard already.
    pub(crate) fn join(&self, group: ChatId) -> bool {
        let mut shard = self.shard(group).lock();
        if shard.contains_key(&group) {
            return false;
        }
        self.bus.subscribe(Channel::Group(group));
        shard.insert(group, Heard::default());
        true
    }

    /// Leaves a group when nobody is here for the second time: a commit that came by the group's channel may
    /// still come by that of the user whom it removed, and is known by its seq until then.
    pub(crate) fn leave(&self, group: ChatId, is_anybody_here: impl FnOnce() -> bool) {
        let mut shard = self.shard(group).lock();
        let Some(heard) = shard.get_mut(&group) else { return };
        let was_idle = std::mem::replace(&mut heard.is_idle, !is_anybody_here());
        if was_idle && heard.is_idle {
            shard.remove(&group);
            self.bus.unsubscribe(Channel::Group(group));
        }
    }

    /// The groups of one part, of [`Groups::parts`], with the last seq handed on.
    pub(crate) fn part(&self, part: usize) -> Vec<(ChatId, Seq)> {
        self.shards[part % SHARDS].lock().iter().map(|(&group, heard)| (group, heard.last)).collect()
    }

    /// Into how many parts the groups fall.
    pub(crate) const fn parts() -> usize {
        SHARDS
    }

    /// A group stands at `head` although `last` was the last seq handed on: from now on what follows
    /// `head` is next. `false`: it has moved on since.
    pub(crate) fn catch_up(&self, group: ChatId, last: Seq, head: Seq) -> bool {
        let mut shard = self.shard(group).lock();
        match shard.get_mut(&group) {
            Some(heard) if heard.last == last => {
                heard.last = head;
                true
            }
            _ => false,
        }
    }

    /// Gives a commit its turn: calls `deliver` unless the commit was handed on before or comes yet by the
    /// group's own channel. Where `deliver` says that no member is connected here, the group is left.
    pub(crate) fn turn(&self, group: ChatId, seq: Seq, came: Came, deliver: impl FnOnce() -> bool) {
        let mut shard = self.shard(group).lock();
        let last = match (shard.get(&group), came) {
            (Some(heard), _) => heard.last,
            // Left a moment ago.
            (None, Came::ByGroup) => return,
            (None, Came::ByUser) => {
                self.bus.subscribe(Channel::Group(group));
                Seq::ZERO
            }
        };
        let in_order = came == Came::ByGroup || last == Seq::ZERO;
        if seq > last && in_order {
            shard.insert(group, Heard { last: seq, is_idle: false });
            if !deliver() {
                shard.remove(&group);
                self.bus.unsubscribe(Channel::Group(group));
            }
        }
    }

    /// Events were lost: whatever comes next is next.
    pub(crate) fn forget_seqs(&self) {
        for shard in &self.shards {
            shard.lock().values_mut().for_each(|heard| heard.last = Seq::ZERO);
        }
    }

    fn shard(&self, group: ChatId) -> &Mutex<HashMap<ChatId, Heard>> {
        let hash = usize::try_from(self.hasher.hash_one(group) & (SHARDS as u64 - 1)).unwrap_or(0);
        &self.shards[hash]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chinwag_ports::twins::MemoryBus;

    use super::*;

    fn handed_on(commits: &[(u64, Came)]) -> Vec<u64> {
        let groups = Groups::new(Arc::new(MemoryBus::new()));
        let group = "g.1".parse().unwrap();
        groups.join(group);
        let mut handed_on = Vec::new();
        for &(seq, came) in commits {
            groups.turn(group, Seq::clamped(seq), came, || {
                handed_on.push(seq);
                true
            });
        }
        handed_on
    }

    #[test]
    fn a_commit_is_handed_on_once_whichever_channel_brings_it() {
        use Came::{ByGroup, ByUser};
        assert_eq!(handed_on(&[(1, ByGroup), (1, ByUser), (1, ByUser), (2, ByGroup)]), [1, 2]);
        assert_eq!(handed_on(&[(7, ByUser), (7, ByGroup), (8, ByGroup)]), [7, 8]);
    }

    #[test]
    fn a_users_channel_does_not_overtake_the_groups() {
        use Came::{ByGroup, ByUser};
        assert_eq!(handed_on(&[(1, ByGroup), (3, ByUser), (2, ByGroup), (3, ByGroup)]), [1, 2, 3]);
    }

    #[test]
    fn a_group_without_a_member_here_is_left() {
        let groups = Groups::new(Arc::new(MemoryBus::new()));
        let group = "g.1".parse().unwrap();
        groups.join(group);
        groups.turn(group, Seq::clamped(1), Came::ByGroup, || false);
        groups.turn(group, Seq::clamped(2), Came::ByGroup, || panic!("the group was left"));
        groups.turn(group, Seq::clamped(3), Came::ByUser, || true);
        assert_eq!(groups.shard(group).lock().get(&group).map(|heard| heard.last), Some(Seq::clamped(3)));
    }

    #[test]
    fn a_group_is_left_when_nobody_is_here_for_the_second_time_in_a_row() {
        let groups = Groups::new(Arc::new(MemoryBus::new()));
        let group = "g.1".parse().unwrap();
        let is_heard = || groups.shard(group).lock().contains_key(&group);
        groups.join(group);
        groups.turn(group, Seq::clamped(1), Came::ByGroup, || true);
        groups.leave(group, || false);
        groups.turn(group, Seq::clamped(1), Came::ByUser, || panic!("it was handed on"));
        groups.leave(group, || true);
        groups.leave(group, || false);
        groups.turn(group, Seq::clamped(2), Came::ByGroup, || true);
        groups.leave(group, || false);
        assert!(is_heard());
        groups.leave(group, || false);
        assert!(!is_heard());
    }
}
