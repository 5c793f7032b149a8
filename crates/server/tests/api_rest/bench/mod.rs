//! A server in memory, and people who call it.

mod call;
mod person;

use std::sync::Arc;

use axum::Router;
use chinwag_ports::twins::{
    FakeClock, MemoryBackups, MemoryBlobs, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery,
    MemoryLedger, MemoryPresence,
};
use chinwag_ports::{Channel, Discovery, Event, LiveBus, NodeLoad, Subscriber};
use chinwag_proto::{Limits, UserId};
use chinwag_server::api::{self, Api, ApiSettings};
use chinwag_server::service::accounts::{Accounts, Entropy, SystemEntropy, WhoMayRegister};
use chinwag_server::service::fanout::Fanout;
use chinwag_server::service::ids::IdGenerator;
use chinwag_server::service::passwords::{PasswordCost, Passwords};
use chinwag_server::service::{Ports, Services};
use parking_lot::Mutex;

pub use call::Answer;
pub use person::{Group, Person};

pub const PASSWORD: &str = "correct horse";
pub const NODE_URL: &str = "ws://127.0.0.1:8080/ws";
const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1 };

/// What was published on the channels that a test listens to.
#[derive(Default)]
pub struct Heard(Mutex<Vec<(Channel, Arc<Event>)>>);

impl Subscriber for Heard {
    fn on_event(&self, channel: Channel, event: &Arc<Event>) {
        self.0.lock().push((channel, Arc::clone(event)));
    }
}

impl Heard {
    /// The devices whose tokens were said to have died, since the last look.
    pub fn revoked(&self) -> Vec<chinwag_proto::DeviceId> {
        let heard = std::mem::take(&mut *self.0.lock());
        let devices = heard.into_iter().filter_map(|(_, event)| match &*event {
            Event::Revoked { devices } => Some(devices.clone()),
            _ => None,
        });
        devices.flatten().collect()
    }

    /// The users of whom others should look again, since the last look.
    pub fn changed(&self) -> Vec<UserId> {
        let heard = std::mem::take(&mut *self.0.lock());
        let users = heard.into_iter().filter_map(|(channel, event)| match (channel, &*event) {
            (Channel::User(_), Event::Changed { user }) => Some(*user),
            _ => None,
        });
        users.collect()
    }
}

/// How a server is set up.
pub struct Setup {
    pub limits: Limits,
    pub who_may_register: WhoMayRegister,
    pub settings: ApiSettings,
}

impl Default for Setup {
    fn default() -> Self {
        // People in these tests write faster than people do; the bucket has tests of its own.
        let limits = Limits { sends_per_second: 10_000, sends_burst: 10_000, ..Limits::default() };
        Self { limits, who_may_register: WhoMayRegister::Anybody, settings: ApiSettings::default() }
    }
}

/// One node over the in-memory ports.
pub struct Server {
    pub router: Router,
    pub clock: Arc<FakeClock>,
    pub services: Arc<Services>,
    pub accounts: Arc<Accounts>,
    pub passwords: Arc<Passwords>,
    pub ledger: Arc<MemoryLedger>,
    pub directory: Arc<MemoryDirectory>,
    pub discovery: Arc<MemoryDiscovery>,
    pub presence: Arc<MemoryPresence>,
    pub backups: Arc<MemoryBackups>,
    pub blobs: MemoryBlobs,
    pub heard: Arc<Heard>,
    pub openapi: String,
}

impl Server {
    pub async fn start() -> Arc<Self> {
        Self::with(Setup::default()).await
    }

    pub async fn limited(set: impl FnOnce(&mut Limits)) -> Arc<Self> {
        let mut setup = Setup::default();
        set(&mut setup.limits);
        Self::with(setup).await
    }

    pub async fn with(setup: Setup) -> Arc<Self> {
        let clock = Arc::new(FakeClock::default());
        let directory = Arc::new(MemoryDirectory::new());
        let discovery = Arc::new(MemoryDiscovery::new());
        let presence = Arc::new(MemoryPresence::new());
        let live_bus = Arc::new(MemoryBus::new());
        let heard = Arc::new(Heard::default());
        live_bus.attach(Arc::downgrade(&heard) as _);
        let ledger = Arc::new(MemoryLedger::new(Arc::new(Fanout::new(
            Arc::clone(&directory) as _,
            Arc::clone(&live_bus) as _,
        ))));
        let (backups, blobs) = (Arc::new(MemoryBackups::new()), MemoryBlobs::new());
        let node = discovery.join(NODE_URL).await.unwrap();
        let ids = IdGenerator::start(Arc::clone(&clock) as _, Arc::clone(&discovery) as _, node.number);
        let ports = Ports {
            ledger: Arc::clone(&ledger) as _,
            accounts: Arc::clone(&directory) as _,
            profiles: Arc::clone(&directory) as _,
            invites: Arc::clone(&directory) as _,
            devices: Arc::clone(&directory) as _,
            key_packages: Arc::clone(&directory) as _,
            device_chains: Arc::clone(&directory) as _,
            blob_book: Arc::clone(&directory) as _,
            contacts: Arc::clone(&directory) as _,
            memberships: Arc::clone(&directory) as _,
            reservations: Arc::clone(&directory) as _,
            cursors: Arc::new(MemoryCursors::new()),
            backups: Arc::clone(&backups) as _,
            blobs: Arc::new(blobs.clone()),
            live_bus,
            presence: Arc::clone(&presence) as _,
            discovery: Arc::clone(&discovery) as _,
            id_lease: Arc::clone(&discovery) as _,
            clock: Arc::clone(&clock) as _,
        };
        let services = Arc::new(Services::new(ports, Arc::new(setup.limits), Arc::new(ids.await.unwrap())));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let passwords = Arc::new(Passwords::start(CHEAP, 64, 1, Arc::clone(&entropy)).unwrap());
        let accounts = Arc::new(Accounts::new(&services, &passwords, &entropy, setup.who_may_register));
        let api = Api::new(Arc::clone(&services), Arc::clone(&accounts), setup.settings.clone());
        Arc::new(Self {
            router: api::with_fallback(api::router(&api), &setup.settings),
            openapi: api.openapi_json().to_owned(),
            clock,
            services,
            accounts,
            passwords,
            ledger,
            directory,
            discovery,
            presence,
            backups,
            blobs,
            heard,
        })
    }

    /// Begins to listen to what concerns a user.
    pub fn listen_to(&self, user: UserId) {
        self.services.ports.live_bus.subscribe(Channel::User(user));
    }

    /// Another node that takes connections, with so many of them.
    pub async fn another_node(&self, url: &str, connections: u64, draining: bool) {
        let node = self.discovery.join(url).await.unwrap();
        let load = NodeLoad { connections, draining };
        assert!(self.discovery.report(node.number, node.incarnation, load).await.unwrap());
    }
}
