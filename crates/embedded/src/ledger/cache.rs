//! The chats that the writer keeps at hand, bounded by memory, and their heads for readers.
//!
//! A chat that is at hand has its committed head and state in [`Heads`] too, from the commit on; a chat
//! that is not is read from the tail or the chunks. The writer alone puts heads in and takes them out, so
//! that none is ever old.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chinwag_chat::Chat;
use chinwag_ports::ledger::Snapshot;
use chinwag_proto::{ChatId, Seq};
use parking_lot::RwLock;

/// A chat without members and ids, its place in the maps included.
const CHAT_BYTES: usize = 600;
/// An id of a recent entry.
const ID_BYTES: usize = 48;
/// A member or former member.
const MEMBER_BYTES: usize = 64;
/// A chat and how much of its recent ids the machine holds.
#[derive(Debug)]
pub(super) struct AtHand {
    pub(super) chat: Chat,
    /// The ids of entries above this seq are in the machine's memory. A chat that was loaded begins with
    /// none: until 256 more entries have come, ids are looked up in the store, which costs a look per
    /// record instead of 256 reads per load.
    pub(super) ids_above: Seq,
}

impl AtHand {
    /// Whether the machine holds the ids of the last 256 entries.
    pub(super) fn holds_recent_ids(&self) -> bool {
        let oldest = self.chat.head().seq.get().saturating_sub(chinwag_chat::RECENT_ENTRIES);
        self.ids_above.get() <= oldest
    }

    /// Head and state, if the chat has begun.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let head = *self.chat.head();
        (head.seq > Seq::ZERO).then(|| Snapshot { head, state: Arc::clone(self.chat.state()) })
    }

    fn weight(&self) -> usize {
        let state = self.chat.state();
        let members = state.members.len() + state.former.len();
        CHAT_BYTES + ID_BYTES * self.chat.recent().len() + MEMBER_BYTES * members
    }
}

/// Committed heads and states of the chats at hand, for readers.
#[derive(Default)]
pub(super) struct Heads {
    shards: [RwLock<HashMap<ChatId, Snapshot>>; 16],
}

impl Heads {
    fn shard(&self, chat: ChatId) -> &RwLock<HashMap<ChatId, Snapshot>> {
        let number = match chat {
            ChatId::Direct(low, high) => low.get() ^ high.get().rotate_left(7),
            ChatId::Group(group) => group.get(),
            ChatId::Inbox(owner) => owner.get(),
        };
        // Fibonacci hashing (Knuth): ids differ in any of their bits.
        let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
        let [first, ..] = &self.shards;
        self.shards.get(place as usize).unwrap_or(first)
    }

    /// A chat's head and state, if it is at hand.
    pub(super) fn get(&self, chat: ChatId) -> Option<Snapshot> {
        self.shard(chat).read().get(&chat).cloned()
    }

    fn put(&self, chat: ChatId, snapshot: Option<Snapshot>) {
        let mut shard = self.shard(chat).write();
        match snapshot {
            Some(snapshot) => drop(shard.insert(chat, snapshot)),
            None => drop(shard.remove(&chat)),
        }
    }
}

/// The writer's chats; when they grow beyond the bound, those that were not used longest go.
pub(super) struct ChatCache {
    chats: HashMap<ChatId, Held>,
    /// Uses in their order; those that are not a chat's last are passed over.
    uses: VecDeque<(ChatId, u64)>,
    last_use: u64,
    bytes: usize,
    bytes_max: usize,
    heads: Arc<Heads>,
}

struct Held {
    at_hand: AtHand,
    weight: usize,
    last_use: u64,
}

impl ChatCache {
    pub(super) fn new(bytes_max: usize, heads: Arc<Heads>) -> Self {
        Self { chats: HashMap::new(), uses: VecDeque::new(), last_use: 0, bytes: 0, bytes_max, heads }
    }

    /// Takes a chat out to work on it; its head stays readable.
    pub(super) fn take(&mut self, chat: ChatId) -> Option<AtHand> {
        let held = self.chats.remove(&chat)?;
        self.bytes -= held.weight;
        Some(held.at_hand)
    }

    /// Puts a chat in as it was committed.
    pub(super) fn put(&mut self, at_hand: AtHand) {
        let chat = at_hand.chat.id();
        self.heads.put(chat, at_hand.snapshot());
        self.last_use += 1;
        let held = Held { weight: at_hand.weight(), at_hand, last_use: self.last_use };
        self.bytes += held.weight;
        if let Some(before) = self.chats.insert(chat, held) {
            self.bytes -= before.weight;
        }
        self.uses.push_back((chat, self.last_use));
        self.evict();
        self.forget_old_uses();
    }

    fn evict(&mut self) {
        while self.bytes > self.bytes_max {
            let Some((chat, last_use)) = self.uses.pop_front() else { return };
            if self.chats.get(&chat).is_some_and(|held| held.last_use == last_use) {
                self.forget(chat);
            }
        }
    }

    fn forget_old_uses(&mut self) {
        if self.uses.len() > 2 * self.chats.len() + 1_024 {
            let chats = &self.chats;
            self.uses
                .retain(|(chat, last_use)| chats.get(chat).is_some_and(|held| held.last_use == *last_use));
        }
    }

    /// Lets go of a chat, whose work may have come to nothing; it is loaded anew when it is needed.
    pub(super) fn forget(&mut self, chat: ChatId) {
        drop(self.take(chat));
        self.heads.put(chat, None);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::ledger::testing::{direct, message, seq};

    fn at_hand(other: u64) -> AtHand {
        let mut entry = message(1, "hello");
        entry.chat_id = direct(1, other);
        let mut chat = Chat::new(entry.chat_id);
        chat.replay(1, &entry, None);
        AtHand { chat, ids_above: Seq::ZERO }
    }

    #[test]
    fn the_chat_that_was_not_used_longest_goes_first_and_its_head_with_it() {
        let heads = Arc::new(Heads::default());
        let mut cache = ChatCache::new(3 * at_hand(2).weight(), Arc::clone(&heads));
        for other in [2, 3, 4] {
            cache.put(at_hand(other));
        }
        let used = cache.take(direct(1, 2)).unwrap();
        cache.put(used);
        cache.put(at_hand(5));
        assert!(cache.take(direct(1, 3)).is_none());
        assert!(heads.get(direct(1, 3)).is_none());
        for other in [2, 4, 5] {
            assert_eq!(heads.get(direct(1, other)).unwrap().head.seq, seq(1), "{other}");
        }
    }

    #[test]
    fn the_list_of_uses_does_not_grow_with_the_uses() {
        let mut cache = ChatCache::new(1 << 20, Arc::default());
        for _ in 0..10_000 {
            cache.put(at_hand(2));
        }
        assert!(cache.uses.len() <= 1_026, "{}", cache.uses.len());
        assert_eq!(cache.bytes, at_hand(2).weight());
    }
}
