//! The live bus of a deployment that is one node: an event reaches the subscriber before `publish`
//! returns. Nothing is lost here, nothing is queued, nothing is allocated for an event.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};

use chinwag_ports::{Channel, Event, LiveBus, Subscriber};
use chinwag_proto::ChatId;
use parking_lot::RwLock;

/// Parts of the table of subscriptions, so that publishers and connections that come and go do not wait
/// for each other. A power of two.
const SHARDS: usize = 64;

/// The live bus within one process.
///
/// Its table holds 32 bytes for each channel subscribed: those of the users and groups that this node's
/// connections have, no more.
pub struct LocalBus {
    shards: [RwLock<HashSet<Channel>>; SHARDS],
    subscriber: OnceLock<Weak<dyn Subscriber>>,
}

impl Default for LocalBus {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()), subscriber: OnceLock::new() }
    }
}

impl LocalBus {
    /// A bus to which nobody is subscribed.
    pub fn new() -> Self {
        Self::default()
    }

    fn shard(&self, channel: Channel) -> &RwLock<HashSet<Channel>> {
        let number = match channel {
            Channel::User(user) | Channel::Presence(user) => user.get(),
            Channel::Group(ChatId::Group(group)) => group.get(),
            Channel::Group(ChatId::Direct(user, _) | ChatId::Inbox(user)) => user.get(),
        };
        // Fibonacci hashing (Knuth, TAOCP 6.4): ids made close together fall into different shards.
        let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SHARDS.ilog2());
        &self.shards[spread as usize % SHARDS]
    }
}

impl LiveBus for LocalBus {
    fn publish(&self, channel: Channel, event: Arc<Event>) {
        // The lock is let go first: the subscriber may subscribe, and publish, from within the call.
        let subscribed = self.shard(channel).read().contains(&channel);
        if subscribed && let Some(subscriber) = self.subscriber.get().and_then(Weak::upgrade) {
            subscriber.on_event(channel, &event);
        }
    }

    fn subscribe(&self, channel: Channel) {
        self.shard(channel).write().insert(channel);
    }

    fn unsubscribe(&self, channel: Channel) {
        let mut shard = self.shard(channel).write();
        shard.remove(&channel);
        // Room is given back after a crowd has gone.
        if shard.capacity() > 64 && shard.len() < shard.capacity() / 8 {
            shard.shrink_to_fit();
        }
    }

    fn attach(&self, subscriber: Weak<dyn Subscriber>) {
        // Once: a second subscriber is refused by being ignored.
        let _ = self.subscriber.set(subscriber);
    }
}
