//! How long a step took.

use std::time::{Duration, Instant};

/// A running clock.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "durations are shown to a person and decide nothing")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// `1 m 02.3 s`, or `2.3 s`.
pub(crate) fn shown(duration: Duration) -> String {
    let (minutes, seconds) = (duration.as_secs() / 60, duration.as_secs_f64() % 60.0);
    if minutes > 0 { format!("{minutes} m {seconds:04.1} s") } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(shown(Duration::from_millis(2_340)), "2.3 s");
        assert_eq!(shown(Duration::from_millis(62_340)), "1 m 02.3 s");
    }
}
