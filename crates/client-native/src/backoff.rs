//! How long to wait before connecting again: exponential with full jitter (Brooker, "Exponential
//! Backoff And Jitter", 2015), so that many clients do not come back at once.

use std::time::Duration;

const FIRST_MS: u64 = 200;
const MOST_MS: u64 = 30_000;

/// Counts attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next wait: between a tenth of the bound and the bound, which doubles up to 30 s. `dice` is random.
    pub fn next(&mut self, dice: u64) -> Duration {
        let bound = FIRST_MS.saturating_mul(1 << self.attempts.min(16)).min(MOST_MS);
        self.attempts = self.attempts.saturating_add(1);
        let least = bound / 10;
        Duration::from_millis(least + dice % (bound - least + 1))
    }

    /// A connection stood: begin anew.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// 64 random bits from the system; 0 where it has none, which costs jitter and nothing else.
#[expect(clippy::disallowed_methods, reason = "a client's jitter has no one to hand it in")]
pub fn dice() -> u64 {
    getrandom::u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_their_bound_and_never_vanish() {
        let mut backoff = Backoff::default();
        let most: Vec<_> = (0..12).map(|_| backoff.next(u64::MAX).as_millis()).collect();
        assert!(most.iter().all(|&ms| (20..=30_000).contains(&ms)));
        for attempt in 0..12u32 {
            let mut backoff = Backoff { attempts: attempt };
            let bound = (200u64 << attempt.min(16)).min(30_000);
            assert!(backoff.next(bound).as_millis() <= u128::from(bound));
            assert!(Backoff { attempts: attempt }.next(0).as_millis() >= u128::from(bound / 10));
        }
    }
}
