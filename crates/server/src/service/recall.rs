//! Answers that may be a moment old: a bounded cache whose entries are good for a fixed time.

use std::hash::Hash;
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

/// Remembers answers for `ttl`, at most `capacity` of them.
pub struct Recall<K, V> {
    cache: Cache<K, (Instant, V)>,
    ttl: Duration,
}

impl<K: Eq + Hash + Clone, V: Clone> Recall<K, V> {
    /// An empty one.
    pub fn new(capacity: usize, ttl: Duration) -> Self {
        Self { cache: Cache::new(capacity), ttl }
    }

    /// The answer, if it is young enough.
    pub fn get(&self, key: &K) -> Option<V> {
        let (since, value) = self.cache.get(key)?;
        (since.elapsed() < self.ttl).then_some(value)
    }

    /// Remembers an answer that was begun to be looked up at `asked`.
    pub fn put(&self, key: K, asked: Instant, value: V) {
        self.cache.insert(key, (asked, value));
    }

    /// Forgets one.
    pub fn forget(&self, key: &K) {
        self.cache.remove(key);
    }

    /// Forgets all whose answer is so; looks at each.
    pub fn forget_where(&self, is_so: impl Fn(&V) -> bool) {
        self.cache.retain(|_, (_, value)| !is_so(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_good_for_its_time() {
        let recall = Recall::new(10, Duration::from_secs(1));
        recall.put(1, Instant::now(), "a");
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(recall.get(&1), Some("a"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(recall.get(&1), None);
    }
}
