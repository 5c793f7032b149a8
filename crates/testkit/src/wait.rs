//! Waiting for a condition with a deadline, instead of sleeping and hoping.

use std::time::Duration;

use tokio::time::Instant;

/// Polls until the condition holds; panics with `what` when it does not within the deadline.
pub async fn until(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition().await {
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
