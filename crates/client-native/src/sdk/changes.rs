//! What has changed, for a screen: it says where to look, and the screen asks the engine for the state.

use std::sync::Arc;

use chinwag_client::Change;

use super::shared::Listener;

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// This has changed.
    Changed(Change),
    /// More has changed than could wait: look at everything again. Single notices ([`Change::Notify`],
    /// [`Change::Failed`], [`Change::Settled`]) may be among what was dropped.
    Everything,
}

/// The changes from the moment on when this was made, by [`crate::Client::changes`].
pub struct Changes(pub(crate) Arc<Listener>);

impl Changes {
    /// The next update, in the order of the changes; what changes again before it is taken comes once.
    /// `None` when the client has stopped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Update> {
        self.0.next().await
    }
}
