//! A clock that stands until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use chinwag_proto::Timestamp;

use crate::Clock;

/// A clock that tells what it was told.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// A clock that stands at a time.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_ms()))
    }

    /// Sets it, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_ms(), Ordering::SeqCst);
    }

    /// Moves it by milliseconds, forwards or back, and answers the time after that.
    pub fn advance(&self, ms: i64) -> Timestamp {
        Timestamp::from_ms(self.0.fetch_add(ms, Ordering::SeqCst).saturating_add(ms))
    }
}

/// Stands at 2026-06-01T12:00:00Z.
impl Default for FakeClock {
    fn default() -> Self {
        Self::new(Timestamp::from_ms(1_780_315_200_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}
