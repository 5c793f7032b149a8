//! The one file that names engines: opens them, and wires api and gateway to them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chinwag_ports::{Clock, Node as Lease};
use tokio::sync::watch;

use super::engines::Engines;
use super::health::Readiness;
use super::{StartError, figures, health, page};
use crate::config::Config;
use crate::service::ids::IdGenerator;
use crate::service::{Ports, Services};

/// A node's parts, wired.
pub(super) struct Wired {
    pub(super) services: Arc<Services>,
    pub(super) router: Router,
}

impl Wired {
    /// Open WebSockets.
    pub(super) fn connections(&self) -> u64 {
        self.connection_count()()
    }

    /// The same for a loop that outlives a borrow.
    pub(super) fn connection_count(&self) -> impl Fn() -> u64 + Send + 'static {
        || 0
    }

    /// Tells every WebSocket to go and waits until they went.
    pub(super) async fn drain(&self, _reconnect: Duration) {}
}

/// Opens the engines of a data folder.
pub(super) async fn open(_config: &Config, _clock: Arc<dyn Clock>) -> Result<Engines, StartError> {
    Err(chinwag_ports::Unavailable("no engine".to_owned()).into())
}

/// Wires the parts of a node.
pub(super) async fn wire(
    config: &Config,
    ports: Ports,
    lease: &Lease,
    draining: watch::Receiver<bool>,
) -> Result<Wired, StartError> {
    let ids = Arc::new(IdGenerator::start(Arc::clone(&ports.clock), Arc::clone(&ports.id_lease), lease.number).await?);
    let limits = Arc::new(config.limits.clone());
    let services = Arc::new(Services::new(ports, limits, ids));
    let readiness = Readiness { draining, ports: Arc::new(services.ports.clone()) };
    let router = Router::new().merge(health::routes(readiness)).merge(figures::routes(&config.metrics)).merge(page::routes());
    Ok(Wired { services, router })
}
