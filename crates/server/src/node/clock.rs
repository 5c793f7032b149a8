//! The system's wall clock, as the port asks for it: the one place where the time is read.

use std::time::{SystemTime, UNIX_EPOCH};

use chinwag_ports::Clock;
use chinwag_proto::Timestamp;

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the sanctioned place: everybody else is handed a Clock")]
    pub fn now(self) -> Timestamp {
        let ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_ms(ms)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Self::now(*self)
    }
}
