//! What a node is made of above its engines: services, accounts, api, gateway, and the router of them all.

use std::sync::Arc;

use axum::Router;
use chinwag_ports::{Node as Lease, Unavailable};

use super::health::Readiness;
use super::{StartError, figures, health, page};
use crate::api::{self, Api, ApiSettings};
use crate::config::Config;
use crate::config::accounts::Registration;
use crate::gateway::{Gateway, GatewaySettings};
use crate::service::accounts::{Accounts, Entropy, SystemEntropy, WhoMayRegister};
use crate::service::ids::IdGenerator;
use crate::service::passwords::{PasswordCost, Passwords};
use crate::service::{Ports, Services};

/// What REST, WebSocket and the operator share.
#[derive(Clone)]
pub(super) struct Core {
    pub(super) services: Arc<Services>,
    pub(super) accounts: Arc<Accounts>,
}

impl Core {
    /// Wires the services to the engines; ids are made under the lease's number.
    pub(super) async fn wire(config: &Config, ports: Ports, lease: &Lease) -> Result<Self, StartError> {
        let (clock, id_lease) = (Arc::clone(&ports.clock), Arc::clone(&ports.id_lease));
        let ids = Arc::new(IdGenerator::start(clock, id_lease, lease.number).await?);
        let services = Arc::new(Services::new(ports, Arc::new(config.limits.clone()), ids));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let passwords = passwords(config, Arc::clone(&entropy))?;
        let accounts = Arc::new(Accounts::new(&services, &passwords, &entropy, who_may_register(config)));
        Ok(Self { services, accounts })
    }
}

/// What answers clients.
pub(super) struct Face {
    pub(super) router: Router,
    pub(super) gateway: Arc<Gateway>,
}

impl Face {
    /// Wires REST, WebSocket and the node's own routes into one router.
    pub(super) fn wire(config: &Config, core: &Core, lease: &Lease, readiness: Readiness) -> Self {
        let gateway = Gateway::new(
            Arc::clone(&core.services),
            GatewaySettings {
                origins: config.cors.origins.clone(),
                stall: config.server.write_timeout_ms.duration(),
                ..GatewaySettings::new(lease.number, lease.incarnation)
            },
        );
        let settings = ApiSettings {
            docs: config.docs.enabled,
            cors_origins: config.cors.origins.iter().map(ToString::to_string).collect(),
        };
        let api = Api::new(Arc::clone(&core.services), Arc::clone(&core.accounts), settings.clone());
        let router = api::router(&api)
            .merge(gateway.routes())
            .merge(health::routes(readiness))
            .merge(figures::routes(&config.metrics))
            .merge(page::routes());
        Self { router: api::with_fallback(router, &settings), gateway }
    }
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
