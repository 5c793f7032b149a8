//! Failures to order.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Unavailable;

/// Lets the next calls of a twin fail.
#[derive(Debug, Default)]
pub struct Faults(AtomicU64);

impl Faults {
    /// Lets so many further calls fail; 0 heals.
    pub fn fail_next(&self, calls: u64) {
        self.0.store(calls, Ordering::SeqCst);
    }

    /// Lets every call fail until [`Faults::heal`].
    pub fn fail_from_now_on(&self) {
        self.fail_next(u64::MAX);
    }

    /// No further call fails.
    pub fn heal(&self) {
        self.fail_next(0);
    }

    /// Whether the next call would fail.
    pub fn pending(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    /// Fails if it is this call's turn to.
    pub(crate) fn check(&self) -> Result<(), Unavailable> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            0 => None,
            u64::MAX => Some(u64::MAX),
            left => Some(left - 1),
        });
        match left {
            Ok(_) => Err(unavailable()),
            Err(_) => Ok(()),
        }
    }
}

/// What a call that was told to fail answers.
pub(crate) fn unavailable() -> Unavailable {
    Unavailable("the twin was told to fail".to_owned())
}
