//! What every ledger does.

mod bench;
mod commits;
mod deletion;
mod idempotency;
mod messages;
mod order;
#[cfg(test)]
mod planted;
mod reading;
mod restart;
mod twin;

use std::sync::Arc;

use crate::{Commits, Ledger};

pub use restart::ledger_restart_contract;
pub use twin::ledger_twin_contract;

/// The guarantees of [`Ledger`]; `make` makes a fresh one that tells of its commits. What a chat's rules
/// are is not looked at here, they are those of `chinwag-chat`.
pub async fn ledger_contract(make: impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    order::suite(&make).await;
    idempotency::suite(&make).await;
    commits::suite(&make).await;
    reading::suite(&make).await;
    messages::suite(&make).await;
    deletion::suite(&make).await;
}
