//! How long to wait before trying again: exponential with jitter (Brooker, "Exponential Backoff And
//! Jitter", 2015). Random bits are handed in.

const FIRST_MS: u64 = 200;
const MOST_MS: u64 = 30_000;

/// Counts attempts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next wait in milliseconds: between a tenth of the bound and the bound, which doubles up to 30 s.
    pub(crate) fn next(&mut self, dice: u64) -> u64 {
        let bound = FIRST_MS.saturating_mul(1 << self.attempts.min(16)).min(MOST_MS);
        self.attempts = self.attempts.saturating_add(1);
        let least = bound / 10;
        least + dice % (bound - least + 1)
    }

    /// It went well: begin anew.
    pub(crate) const fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// A wait that the server has asked for, and up to half as much again; never above 5 minutes and a half.
pub(crate) fn lengthened(ms: u64, dice: u64) -> u64 {
    let ms = ms.min(10 * MOST_MS);
    ms + dice % (ms / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_their_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        for attempt in 0..12u32 {
            let bound = (200u64 << attempt).min(30_000);
            let wait = Backoff { attempts: attempt }.next(u64::MAX);
            assert!((bound / 10..=bound).contains(&wait), "{attempt} {wait}");
            backoff.next(0);
        }
        backoff.reset();
        assert_eq!(backoff.next(0), 20);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_never_shortened() {
        for dice in [0, 500, 501, u64::MAX] {
            assert!((1_000..=1_500).contains(&lengthened(1_000, dice)));
        }
    }
}
