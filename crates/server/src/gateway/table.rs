//! Who wants what: connections by key, in shards, so that deliveries to different keys do not wait for
//! each other. An empty key takes no memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;

use super::connection::Connection;

/// A power of two.
const SHARDS: usize = 64;

type Shard<K> = Mutex<HashMap<K, Vec<Arc<Connection>>>>;

/// Connections by key.
pub(crate) struct Table<K> {
    shards: Box<[Shard<K>]>,
    hasher: RandomState,
}

impl<K: Eq + Hash + Copy> Table<K> {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Adds a connection. `first` is called within the key's turn where it is the key's first one.
    pub(crate) fn insert(&self, key: K, connection: &Arc<Connection>, first: impl FnOnce()) {
        let mut shard = self.shard(key).lock();
        let connections = shard.entry(key).or_insert_with(|| Vec::with_capacity(1));
        if connections.iter().any(|other| other.number == connection.number) {
            return;
        }
        connections.push(Arc::clone(connection));
        if connections.len() == 1 {
            first();
        }
    }

    /// Removes a connection. `last` is called within the key's turn where it was the key's last one.
    /// `false`: it was not there.
    pub(crate) fn remove(&self, key: K, number: u64, last: impl FnOnce()) -> bool {
        let mut shard = self.shard(key).lock();
        let Some(connections) = shard.get_mut(&key) else {
            return false;
        };
        let Some(at) = connections.iter().position(|connection| connection.number == number) else {
            return false;
        };
        connections.swap_remove(at);
        if connections.is_empty() {
            shard.remove(&key);
            last();
        }
        if shard.capacity() > 64 && shard.len() < shard.capacity() / 4 {
            shard.shrink_to_fit();
        }
        true
    }

    /// Calls `each` for the connections of a key, within the key's turn. It must not come back here.
    pub(crate) fn each(&self, key: K, each: impl FnMut(&Arc<Connection>)) {
        if let Some(connections) = self.shard(key).lock().get(&key) {
            connections.iter().for_each(each);
        }
    }

    /// The connections of one part of the keys, of [`Table::parts`].
    pub(crate) fn part(&self, part: usize) -> Vec<Arc<Connection>> {
        let shard = self.shards[part % SHARDS].lock();
        shard.values().flatten().cloned().collect()
    }

    /// Into how many parts the keys fall.
    pub(crate) const fn parts() -> usize {
        SHARDS
    }

    fn shard(&self, key: K) -> &Shard<K> {
        let hash = usize::try_from(self.hasher.hash_one(key) & (SHARDS as u64 - 1)).unwrap_or(0);
        &self.shards[hash]
    }
}
