//! The engine's timers: one time each. Pure.

use std::collections::BTreeMap;

use chinwag_client::Timer;

/// What is set, in milliseconds of the engine's clock.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeMap<Timer, u64>);

impl Timers {
    /// Sets a timer, or moves it.
    pub(crate) fn set(&mut self, timer: Timer, at_ms: u64) {
        self.0.insert(timer, at_ms);
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.values().min().copied()
    }

    /// Takes one that is due off, the earliest first.
    pub(crate) fn take_due(&mut self, now_ms: u64) -> Option<Timer> {
        let (timer, at_ms) = self.0.iter().min_by_key(|(_, at_ms)| **at_ms).map(|(t, at)| (*t, *at))?;
        if at_ms > now_ms {
            return None;
        }
        self.0.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_is_set_again_is_moved_and_each_fires_once_when_it_is_due() {
        let mut timers = Timers::default();
        timers.set(Timer::Marks, 10);
        timers.set(Timer::Heartbeat, 20);
        timers.set(Timer::Marks, 30);
        assert_eq!((timers.next(), timers.take_due(19)), (Some(20), None));
        assert_eq!(timers.take_due(40), Some(Timer::Heartbeat));
        assert_eq!(timers.take_due(40), Some(Timer::Marks));
        assert_eq!((timers.take_due(40), timers.next()), (None, None));
    }
}
