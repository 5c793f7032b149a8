//! The one file that names engines: opens them, and wires api and gateway to them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chinwag_ports::{Clock, Node as Lease, Unavailable};
use tokio::sync::watch;

use super::engines::Engines;
use super::health::Readiness;
use super::{StartError, figures, health, page};
use crate::api::{self, Api, ApiSettings};
use crate::config::Config;
use crate::config::accounts::Registration;
use crate::service::accounts::{Accounts, Entropy, SystemEntropy, WhoMayRegister};
use crate::service::ids::IdGenerator;
use crate::service::passwords::{PasswordCost, Passwords};
use crate::service::{Ports, Services};

/// A node's parts, wired.
pub(super) struct Wired {
    pub(super) services: Arc<Services>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) readiness: Readiness,
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

/// Opens the engines of a data folder, reads all of their files, and answers how each is.
pub async fn inspect(_config: &Config) -> Result<Vec<(&'static str, Result<(), String>)>, StartError> {
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
    let services = Arc::new(Services::new(ports, Arc::new(config.limits.clone()), ids));
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let passwords = passwords(config, Arc::clone(&entropy))?;
    let accounts = Arc::new(Accounts::new(&services, &passwords, &entropy, who_may_register(config)));
    let settings = ApiSettings {
        docs: config.docs.enabled,
        cors_origins: config.cors.origins.iter().map(ToString::to_string).collect(),
    };
    let api = Api::new(Arc::clone(&services), Arc::clone(&accounts), settings.clone());
    let readiness = Readiness { draining, ports: Arc::new(services.ports.clone()) };
    let router = api::router(&api)
        .merge(health::routes(readiness.clone()))
        .merge(figures::routes(&config.metrics))
        .merge(page::routes());
    let router = api::with_fallback(router, &settings);
    Ok(Wired { services, accounts, readiness, router })
}

fn passwords(config: &Config, entropy: Arc<dyn Entropy>) -> Result<Arc<Passwords>, Unavailable> {
    let accounts = &config.accounts;
    let cost = PasswordCost {
        memory_kib: accounts.password_memory_kib,
        passes: accounts.password_passes,
        ..PasswordCost::default()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if accounts.password_threads == 0 { cores.div_ceil(2) } else { accounts.password_threads };
    Passwords::start(cost, config.limits.password_queue, threads, entropy)
        .map(Arc::new)
        .map_err(|why| Unavailable(why.to_string()))
}

const fn who_may_register(config: &Config) -> WhoMayRegister {
    match config.accounts.registration {
        Registration::Open => WhoMayRegister::Anybody,
        Registration::Invite => WhoMayRegister::Invited,
        Registration::Closed => WhoMayRegister::Nobody,
    }
}
