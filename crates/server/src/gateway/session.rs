//! What a frame's handler works with: the connection that asked and what the node offers.

use std::sync::Arc;

use chinwag_proto::{Limits, UserId};

use super::Gateway;
use super::connection::Connection;
use crate::service::{Caller, Services};

/// An authenticated connection with the gateway that holds it. Dropping it signs the connection off.
pub(crate) struct Session {
    /// The gateway.
    pub(crate) gateway: Arc<Gateway>,
    /// The connection.
    pub(crate) connection: Arc<Connection>,
}

impl Session {
    /// Delivers to the connection from now on.
    pub(crate) fn begin(gateway: &Arc<Gateway>, connection: Connection) -> Self {
        let connection = Arc::new(connection);
        gateway.hub().attach(&connection);
        Self { gateway: Arc::clone(gateway), connection }
    }

    /// What REST and WebSocket share.
    pub(crate) fn services(&self) -> &Services {
        self.gateway.services()
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &Limits {
        &self.gateway.services().limits
    }

    /// Who asks.
    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.connection.user(), device: self.connection.device() }
    }

    /// The user who asks.
    pub(crate) fn user(&self) -> UserId {
        self.connection.user()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.gateway.hub().detach(&self.connection);
    }
}
