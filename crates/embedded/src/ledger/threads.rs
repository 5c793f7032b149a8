//! The one place where the ledger starts threads: named, and joined by whoever keeps the handle.

use std::thread::{Builder, JoinHandle};

/// Starts a thread.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(work)
}
