//! Monotonic time, for pacing and for figures. No decision about a record hangs on it, and inline mode
//! decides nothing by it at all.

use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "pacing of real disks and figures; nothing that is stored or answered depends on it"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// What is left of `span` since `begin`; zero when it is over.
pub(super) fn left(begin: Instant, span: Duration) -> Duration {
    span.saturating_sub(now().saturating_duration_since(begin))
}
