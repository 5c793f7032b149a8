//! How long to wait before connecting again: exponential with jitter (Brooker, "Exponential Backoff And
//! Jitter", 2015), so that many clients do not come back at once.

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

/// A wait that the server has asked for, and up to half as much again. `dice` is random.
pub fn lengthened(wait: Duration, dice: u64) -> Duration {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(MOST_MS).min(10 * MOST_MS);
    Duration::from_millis(ms + dice % (ms / 2 + 1))
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
        for attempt in 0..12u32 {
            let bound = (200u64 << attempt.min(16)).min(30_000);
            for dice in [0, 1, bound, u64::MAX] {
                let wait = Backoff { attempts: attempt }.next(dice).as_millis();
                assert!(
                    (u128::from(bound / 10)..=u128::from(bound)).contains(&wait),
                    "{attempt} {dice} {wait}"
                );
            }
        }
    }

    #[test]
    fn a_connection_that_stood_begins_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.next(0);
        }
        assert_eq!(backoff.next(0), Duration::from_secs(3));
        backoff.reset();
        assert_eq!(backoff.next(0), Duration::from_millis(20));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_never_shortened() {
        let asked = Duration::from_millis(1_000);
        for dice in [0, 500, 501, u64::MAX] {
            let wait = lengthened(asked, dice);
            assert!(wait >= asked && wait <= asked * 3 / 2);
        }
    }
}
