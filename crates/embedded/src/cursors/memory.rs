//! Marks in memory: those not yet written, those being written, and those used lately.
//!
//! Each layer holds a mark whole. A flush moves marks down by one layer, so whoever read the store
//! before a flush ended and comes back after it may hold an older mark: the count of flushes tells him.

use std::collections::HashMap;
use std::sync::Arc;

use chinwag_ports::Mark;
use chinwag_proto::{ChatId, UserId};
use quick_cache::unsync::Cache;

/// Whose mark, and where.
pub(super) type Key = (UserId, ChatId);

pub(super) struct Memory {
    unwritten: HashMap<Key, Mark>,
    flushing: Option<Arc<HashMap<Key, Mark>>>,
    cached: Cache<Key, Mark>,
    /// Flushes that have begun: the number of the one under way.
    begun: u64,
    /// Flushes that have ended.
    flushes: u64,
    /// No mark is raised any more.
    closed: bool,
}

/// Why a mark was not raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRaised {
    /// A flush has ended since it was looked up: look again.
    Stale,
    /// The marks are closed.
    Closed,
}

impl Memory {
    pub(super) fn new(cached_max: usize) -> Self {
        let cached = Cache::new(cached_max);
        Self { unwritten: HashMap::new(), flushing: None, cached, begun: 0, flushes: 0, closed: false }
    }

    /// What is raised from now on would not be written: it is refused.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Marks that are in memory alone.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    fn get(&self, key: &Key) -> Option<Mark> {
        let flushing = || self.flushing.as_ref().and_then(|marks| marks.get(key));
        self.unwritten.get(key).or_else(flushing).or_else(|| self.cached.get(key)).copied()
    }

    /// The keys that are in no layer, each once, and the count of flushes now.
    pub(super) fn missing(&self, keys: &[Key]) -> (Vec<Key>, u64) {
        let mut missing: Vec<_> = keys.iter().copied().filter(|key| self.get(key).is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        (missing, self.flushes)
    }

    /// The marks of keys, in their order, with those that were read since the count of flushes was
    /// `flushes`. `None`: a flush has ended since, or a mark has left the memory.
    pub(super) fn complete(
        &mut self,
        keys: &[Key],
        read: HashMap<Key, Mark>,
        flushes: u64,
    ) -> Option<Vec<Mark>> {
        if flushes != self.flushes {
            return None;
        }
        let found: Option<Vec<_>> =
            keys.iter().map(|key| self.get(key).or_else(|| read.get(key).copied())).collect();
        for (key, mark) in read {
            if self.get(&key).is_none() {
                self.cached.insert(key, mark);
            }
        }
        found
    }

    /// Raises a mark that stood at `before` when the count of flushes was `flushes`, and answers where it
    /// stands then.
    pub(super) fn raise(
        &mut self,
        key: Key,
        mark: Mark,
        before: Mark,
        flushes: u64,
    ) -> Result<Mark, NotRaised> {
        let stands = match self.get(&key) {
            _ if self.closed => return Err(NotRaised::Closed),
            Some(stands) => stands,
            None if flushes == self.flushes => before,
            None => return Err(NotRaised::Stale),
        };
        let raised = stands.max(mark);
        if raised != stands {
            self.unwritten.insert(key, raised);
        }
        Ok(raised)
    }

    /// The marks to be written now, if there are any, and the number of this flush.
    pub(super) fn begin_flush(&mut self) -> Option<(u64, Arc<HashMap<Key, Mark>>)> {
        // A flush that was given up half-way comes again.
        self.put_back();
        if self.unwritten.is_empty() {
            return None;
        }
        let marks = Arc::new(std::mem::take(&mut self.unwritten));
        self.flushing = Some(Arc::clone(&marks));
        self.begun += 1;
        Some((self.begun, marks))
    }

    /// What was being written is written, or is to be written again. Nothing happens where another flush
    /// has taken over.
    pub(super) fn end_flush(&mut self, flush: u64, written: bool) {
        self.flushes += 1;
        if flush != self.begun {
            return;
        }
        if !written {
            self.put_back();
        } else if let Some(marks) = self.flushing.take() {
            for (key, mark) in marks.iter() {
                self.cached.insert(*key, *mark);
            }
        }
    }

    fn put_back(&mut self) {
        for (key, mark) in self.flushing.take().iter().flat_map(|marks| marks.iter()) {
            let stands = self.unwritten.entry(*key).or_insert(*mark);
            *stands = stands.max(*mark);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chinwag_proto::Seq;

    use super::*;

    fn key(number: u64) -> Key {
        let user = UserId::new(number).unwrap();
        (user, ChatId::Inbox(user))
    }

    fn mark(seq: u64) -> Mark {
        Mark { read: Seq::clamped(seq), delivered: Seq::clamped(seq) }
    }

    #[test]
    fn what_was_read_before_a_flush_ended_is_not_taken_for_new() {
        let mut memory = Memory::new(1);
        let (missing, before_flush) = memory.missing(&[key(1)]);
        assert_eq!(missing, [key(1)]);
        // Meanwhile another call raises the mark, a flush writes it, and it is crowded out of the cache.
        assert_eq!(memory.raise(key(1), mark(5), mark(0), before_flush), Ok(mark(5)));
        let (flush, marks) = memory.begin_flush().unwrap();
        assert_eq!(marks.len(), 1);
        memory.end_flush(flush, true);
        for other in 2..100 {
            memory.cached.insert(key(other), mark(1));
        }
        assert_eq!(memory.get(&key(1)), None);
        let stale = HashMap::from([(key(1), mark(0))]);
        assert_eq!(memory.complete(&[key(1)], stale, before_flush), None);
        assert_eq!(memory.raise(key(1), mark(3), mark(0), before_flush), Err(NotRaised::Stale));
    }

    #[test]
    fn a_failed_flush_loses_nothing_and_lowers_nothing() {
        let mut memory = Memory::new(10);
        memory.raise(key(1), mark(5), mark(0), 0).unwrap();
        memory.raise(key(2), mark(5), mark(0), 0).unwrap();
        let (flush, _) = memory.begin_flush().unwrap();
        memory.raise(key(1), mark(7), mark(0), 0).unwrap();
        memory.end_flush(flush, false);
        assert_eq!((memory.get(&key(1)), memory.get(&key(2))), (Some(mark(7)), Some(mark(5))));
        assert_eq!(memory.unwritten(), 2);
    }

    #[test]
    fn a_flush_that_was_overtaken_ends_nothing() {
        let mut memory = Memory::new(10);
        memory.raise(key(1), mark(5), mark(0), 0).unwrap();
        let (overtaken, one) = memory.begin_flush().unwrap();
        let (last, other) = memory.begin_flush().unwrap();
        assert_eq!(one, other, "what may not be written is written again");
        memory.end_flush(overtaken, true);
        memory.end_flush(last, false);
        assert_eq!(memory.unwritten(), 1);
        let (flush, _) = memory.begin_flush().unwrap();
        memory.end_flush(flush, true);
        assert_eq!((memory.get(&key(1)), memory.unwritten()), (Some(mark(5)), 0));
    }

    #[test]
    fn what_would_not_be_written_is_not_raised() {
        let mut memory = Memory::new(10);
        memory.raise(key(1), mark(5), mark(0), 0).unwrap();
        memory.close();
        assert_eq!(memory.raise(key(1), mark(6), mark(5), 0), Err(NotRaised::Closed));
        assert_eq!(memory.begin_flush().unwrap().1.len(), 1);
    }
}
