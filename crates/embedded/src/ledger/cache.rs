//! The chats that the writer keeps at hand, bounded by memory. Readers find their committed heads and
//! states here too; a chat that is not at hand is read from the tail or the chunks.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chinwag_chat::Chat;
use chinwag_ports::ledger::Snapshot;
use chinwag_proto::{ChatId, Seq};
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::hash::IdHash;

/// A chat without members and ids, its place in the map included.
const CHAT_BYTES: usize = 800;
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
    /// Whether it belongs to the batch at hand.
    pub(super) in_batch: bool,
    weight: usize,
    /// Used since the hand passed it last.
    used: bool,
    /// Among those that the hand goes over.
    in_ring: bool,
}

impl AtHand {
    pub(super) fn new(chat: Chat, ids_above: Seq) -> Self {
        Self { chat, ids_above, in_batch: false, weight: 0, used: false, in_ring: false }
    }

    /// Whether the machine holds the ids of the last 256 entries.
    pub(super) fn holds_recent_ids(&self) -> bool {
        let oldest = self.chat.head().seq.get().saturating_sub(chinwag_chat::RECENT_ENTRIES);
        self.ids_above.get() <= oldest
    }

    /// Head and state, if the chat has begun.
    fn snapshot(&self) -> Option<Snapshot> {
        let head = *self.chat.head();
        (head.seq > Seq::ZERO).then(|| Snapshot { head, state: Arc::clone(self.chat.state()) })
    }

    fn weight(&self) -> usize {
        let state = self.chat.state();
        let members = state.members.len() + state.former.len();
        CHAT_BYTES + ID_BYTES * self.chat.recent().len() + MEMBER_BYTES * members
    }
}

/// A chat at hand: as the writer has it, perhaps with what is not durable yet, and as it was committed.
#[derive(Debug)]
pub(super) struct Slot {
    at_hand: Mutex<AtHand>,
    committed: Mutex<Option<Snapshot>>,
}

impl Slot {
    /// The writer's view. Nobody else takes it.
    pub(super) fn at_hand(&self) -> MutexGuard<'_, AtHand> {
        self.at_hand.lock()
    }
}

type Shard = RwLock<HashMap<ChatId, Arc<Slot>, IdHash>>;

/// The chats at hand, for readers and the writer.
#[derive(Default)]
pub(super) struct Chats {
    shards: [Shard; 16],
}

impl Chats {
    fn shard(&self, chat: ChatId) -> &Shard {
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

    fn get(&self, chat: ChatId) -> Option<Arc<Slot>> {
        self.shard(chat).read().get(&chat).cloned()
    }

    /// A chat's committed head and state, if it is at hand.
    pub(super) fn committed(&self, chat: ChatId) -> Option<Snapshot> {
        self.shard(chat).read().get(&chat).and_then(|slot| slot.committed.lock().clone())
    }
}

/// The writer's side of the chats at hand: when they grow beyond the bound, those that were not used for
/// long go, by the algorithm CLOCK (Corbató 1968).
pub(super) struct ChatCache {
    chats: Arc<Chats>,
    count: usize,
    /// The chats that were committed, in the order in which the hand comes to them.
    ring: VecDeque<ChatId>,
    bytes: usize,
    bytes_max: usize,
}

impl ChatCache {
    pub(super) fn new(bytes_max: usize, chats: Arc<Chats>) -> Self {
        Self { chats, count: 0, ring: VecDeque::new(), bytes: 0, bytes_max }
    }

    pub(super) fn get(&self, chat: ChatId) -> Option<Arc<Slot>> {
        self.chats.get(chat)
    }

    /// Puts in a chat that was loaded or is new.
    pub(super) fn put(&mut self, at_hand: AtHand) -> Arc<Slot> {
        let chat = at_hand.chat.id();
        let committed = Mutex::new(at_hand.snapshot());
        let slot = Arc::new(Slot { at_hand: Mutex::new(at_hand), committed });
        self.forget(chat);
        self.chats.shard(chat).write().insert(chat, Arc::clone(&slot));
        self.count += 1;
        slot
    }

    /// What the writer has of a chat is durable, and was used. One that has not begun is let go.
    pub(super) fn commit(&mut self, slot: &Slot) {
        let mut at_hand = slot.at_hand();
        at_hand.in_batch = false;
        let snapshot = at_hand.snapshot();
        if snapshot.is_none() {
            let chat = at_hand.chat.id();
            drop(at_hand);
            return self.forget(chat);
        }
        *slot.committed.lock() = snapshot;
        let weight = at_hand.weight();
        self.bytes = self.bytes - at_hand.weight + weight;
        (at_hand.weight, at_hand.used) = (weight, true);
        if !std::mem::replace(&mut at_hand.in_ring, true) {
            self.ring.push_back(at_hand.chat.id());
        }
    }

    /// Lets chats go until the rest fits.
    pub(super) fn evict(&mut self) {
        while self.bytes > self.bytes_max {
            let Some(chat) = self.ring.pop_front() else { return };
            // One that was let go of already stands in the ring no longer than this.
            let Some(slot) = self.get(chat) else { continue };
            if std::mem::take(&mut slot.at_hand().used) {
                self.ring.push_back(chat);
            } else {
                self.forget(chat);
            }
        }
        if self.ring.len() > 2 * self.count + 1_024 {
            let mut seen = HashSet::with_capacity(self.count);
            let mut ring = std::mem::take(&mut self.ring);
            ring.retain(|chat| self.get(*chat).is_some() && seen.insert(*chat));
            self.ring = ring;
        }
    }

    /// Lets go of a chat, whose work may have come to nothing; it is loaded anew when it is needed.
    pub(super) fn forget(&mut self, chat: ChatId) {
        let slot = self.chats.shard(chat).write().remove(&chat);
        if let Some(slot) = slot {
            self.count -= 1;
            self.bytes -= slot.at_hand().weight;
        }
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
        AtHand::new(chat, Seq::ZERO)
    }

    fn use_chat(cache: &mut ChatCache, other: u64) {
        let slot = cache.get(direct(1, other)).unwrap_or_else(|| cache.put(at_hand(other)));
        cache.commit(&slot);
        cache.evict();
    }

    #[test]
    fn a_chat_that_is_not_used_goes_and_its_head_with_it() {
        let chats = Arc::new(Chats::default());
        let mut cache = ChatCache::new(3 * at_hand(2).weight(), Arc::clone(&chats));
        // When the fourth comes, the hand finds all used and takes the first; then 3 is not used again.
        for other in [2, 3, 4, 5, 4, 6] {
            use_chat(&mut cache, other);
        }
        for other in [2, 3] {
            assert!(cache.get(direct(1, other)).is_none());
            assert!(chats.committed(direct(1, other)).is_none());
        }
        for other in [4, 5, 6] {
            assert_eq!(chats.committed(direct(1, other)).unwrap().head.seq, seq(1), "{other}");
        }
    }

    #[test]
    fn however_often_chats_come_and_go_the_ring_stays_short() {
        let mut cache = ChatCache::new(1 << 20, Arc::default());
        for _ in 0..10_000 {
            use_chat(&mut cache, 2);
            cache.forget(direct(1, 2));
        }
        assert!(cache.ring.len() <= 1_026, "{}", cache.ring.len());
        use_chat(&mut cache, 2);
        assert_eq!((cache.bytes, cache.count), (at_hand(2).weight(), 1));
    }

    #[test]
    fn readers_see_a_chat_as_it_was_committed() {
        let chats = Arc::new(Chats::default());
        let mut cache = ChatCache::new(1 << 20, Arc::clone(&chats));
        use_chat(&mut cache, 2);
        let slot = cache.get(direct(1, 2)).unwrap();
        slot.at_hand().chat.replay(2, &message(2, "not durable yet"), None);
        assert_eq!(chats.committed(direct(1, 2)).unwrap().head.seq, seq(1));
        cache.commit(&slot);
        assert_eq!(chats.committed(direct(1, 2)).unwrap().head.seq, seq(2));
    }
}
