//! Hands out numbers when they are due, whatever became of those before: an open loop. A thread of its
//! own, since the runtime's timers have a grain of a millisecond.

use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::exit::Failure;

/// The thread.
pub(super) struct Pacer {
    thread: JoinHandle<()>,
}

impl Pacer {
    /// Hands out `count` numbers, `per_second` of them a second from `zero` on, to the lines in turn.
    /// A line's queue has to hold all that it will get: an open loop waits for nobody.
    pub(super) fn start(
        zero: Instant,
        count: u64,
        per_second: u32,
        lines: Vec<mpsc::Sender<u64>>,
    ) -> Result<Self, Failure> {
        let pace = move || {
            let mut next = 0;
            while next < count {
                let due = u64::try_from(zero.elapsed().as_micros()).unwrap_or(u64::MAX)
                    * u64::from(per_second)
                    / 1_000_000
                    + 1;
                while next < due.min(count) {
                    let line = usize::try_from(next).unwrap_or(0) % lines.len();
                    // A line that is gone counts its messages as unanswered.
                    let _ = lines.get(line).map(|line| line.try_send(next));
                    next += 1;
                }
                let at = zero + Duration::from_micros(next * 1_000_000 / u64::from(per_second));
                #[expect(clippy::disallowed_methods, reason = "a pacer's one task is to wait for the time")]
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
            }
        };
        let thread = Builder::new().name("pacer".to_owned()).spawn(pace);
        thread
            .map(|thread| Self { thread })
            .map_err(|why| Failure::runtime(format!("no thread for the pacer: {why}")))
    }

    /// Whether everything was handed out.
    pub(super) fn is_done(&self) -> bool {
        self.thread.is_finished()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_number_is_handed_out_once_in_turn_and_none_too_early() {
        let (one, mut ones) = mpsc::channel(100);
        let (other, mut others) = mpsc::channel(100);
        let zero = Instant::now();
        let pacer = Pacer::start(zero, 101, 10_000, vec![one, other]).unwrap();
        let mut evens = Vec::new();
        while let Some(number) = ones.blocking_recv() {
            let at = zero.elapsed();
            assert!(at >= Duration::from_micros(number * 100), "{number} after {at:?}");
            evens.push(number);
        }
        let odds: Vec<u64> = std::iter::from_fn(|| others.blocking_recv()).collect();
        assert_eq!(evens, (0..=100).step_by(2).collect::<Vec<_>>());
        assert_eq!(odds, (1..100).step_by(2).collect::<Vec<_>>());
        pacer.thread.join().unwrap();
    }
}
