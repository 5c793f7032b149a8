//! The gateway: holds the WebSocket connections of one node (docs/protocol.md §2). Knows no engine.
//!
//! ```text
//!  GET /ws ── upgrade ── authenticate ── actor ─── handlers (frames/*) ──▶ service::*
//!                                          ▲ inbox
//!  live bus ──▶ hub ── groups, tables ─────┘        pulse: once a second, for what is coalesced
//!                                                   sweep: silence, stalls, claims, tokens
//!                                                   compare: what the bus lost unheard
//! ```
//!
//! - A **connection** is a handle (`connection`) and a private task (`actor`). Others put things into the
//!   handle's bounded `inbox` and wake the task; the task alone touches the socket.
//! - The **hub** is the node's subscriber on the live bus. It finds the connections that an event
//!   concerns. Commits carry the chat's members, so no connection keeps a list of chats. An entry is
//!   encoded once for each kind of viewer (`outgoing`), lazily, by the first task that writes it; the bytes,
//!   WebSocket header included, are shared by all.
//! - **Order.** Commits of a chat come from the bus in the order of seq and are put into inboxes within the
//!   chat's turn. The sending connection finds its acknowledgment in the entry's place. A page that was
//!   asked for takes the place of what waits below its end (`inbox`).
//! - **Slow readers.** An inbox that is full drops live frames, never acknowledgments, and tells the client
//!   what to sync once it is empty. A client that takes nothing at all for long is closed (4008).
//! - **Idle is free.** No timer, no buffer, no chat list for each connection: one sweep looks after all of
//!   them, part by part; the WebSocket layer (`websocket`) holds nothing between messages.

mod actor;
mod compare;
mod connection;
mod frames;
mod groups;
mod hub;
mod inbox;
mod meters;
mod news;
mod outgoing;
mod pulse;
mod screen;
mod session;
mod sweep;
mod table;
mod upgrade;
mod websocket;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use chinwag_proto::ServerFrame;
use chinwag_proto::error::Close;
use chinwag_proto::frame::Goaway;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::config::units::Origin;
use crate::node::tasks::Tasks;
use crate::service::Services;
use hub::Hub;
use inbox::Caps;
use meters::Meters;
use table::Table;

/// How long connections may take to answer what was asked of them, once they were told to go.
const DRAIN: Duration = Duration::from_secs(3);
/// How long they may take to close after that.
const CLOSE: Duration = Duration::from_millis(1_500);

/// What the node tells its gateway.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The node's number, below 1,024.
    pub node: u16,
    /// The node's incarnation.
    pub incarnation: u64,
    /// Pages of which other origins may connect from a browser. The server's own may always; whoever
    /// sends no `Origin` is no browser and may, too.
    pub origins: Vec<Origin>,
    /// Optional parts of the protocol that this server has.
    pub features: Vec<String>,
    /// How long a client may take nothing of what waits for it before it is closed (4008).
    pub stall: Duration,
    /// How often coalesced frames are told.
    pub beat: Duration,
    /// How long rights to see a watched user's presence are taken for granted, unless news comes of them.
    pub rights: Duration,
    /// How long it takes to hold every chat that is heard here against the ledger: what the live bus lost
    /// without saying so is found within twice this time.
    pub compare: Duration,
}

impl GatewaySettings {
    /// The defaults for a node.
    pub fn new(node: u16, incarnation: u64) -> Self {
        Self {
            node,
            incarnation,
            origins: Vec::new(),
            features: ["cbor", "mls", "keys"].map(ToOwned::to_owned).to_vec(),
            stall: Duration::from_secs(30),
            beat: Duration::from_secs(1),
            rights: Duration::from_secs(300),
            compare: Duration::from_secs(900),
        }
    }
}

/// The gateway of one node.
pub struct Gateway {
    services: Arc<Services>,
    settings: GatewaySettings,
    hub: Arc<Hub>,
    meters: Arc<Meters>,
    tasks: Tasks,
    began: Instant,
    open: AtomicUsize,
    numbers: AtomicU64,
    tickets: AtomicU64,
    ends: watch::Sender<bool>,
}

impl Gateway {
    /// A gateway that hears the live bus. Call it once for a bus, within the runtime, after the recorder
    /// of figures stands.
    pub fn new(services: Arc<Services>, settings: GatewaySettings) -> Arc<Self> {
        let meters = Arc::new(Meters::new());
        let bus = Arc::clone(&services.ports.live_bus);
        let caps = Caps::of(&services.limits);
        let visibility = Arc::clone(&services.visibility);
        let hub = Arc::new(Hub::new(Arc::clone(&bus), visibility, caps, Arc::clone(&meters)));
        bus.attach(Arc::downgrade(&hub) as Weak<dyn chinwag_ports::Subscriber>);
        let gateway = Arc::new(Self {
            services,
            settings,
            hub,
            meters,
            tasks: Tasks::default(),
            began: Instant::now(),
            open: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            ends: watch::Sender::new(false),
        });
        gateway.begin();
        gateway
    }

    /// The tasks that look after all connections. They hold the gateway weakly: it ends with its owner.
    fn begin(self: &Arc<Self>) {
        let (hub, beat, caps) = (Arc::clone(&self.hub), self.settings.beat, self.hub.caps());
        let swept = Arc::downgrade(self);
        let ticks = sweep::tick(&self.services.limits);
        let (suspecting, comparing) = (Arc::downgrade(self), Arc::downgrade(self));
        let period = self.settings.compare;
        // Nobody has closed the owner yet.
        let _ = self.tasks.spawn(async move { hub.pulse().beat(beat, caps).await });
        let _ = self.tasks.spawn(sweep::run(swept, ticks));
        let _ = self.tasks.spawn(sweep::suspects(suspecting, Arc::clone(&self.hub)));
        let _ = self.tasks.spawn(compare::run(comparing, period));
    }

    /// `GET /ws`.
    pub fn routes(self: &Arc<Self>) -> Router {
        upgrade::routes(self)
    }

    /// Open WebSockets, those not authenticated yet included.
    pub fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that are authenticated and delivered to.
    pub fn authenticated(&self) -> usize {
        self.hub.connected()
    }

    /// Tells every client to go and to come back after `reconnect_in_ms`, lets what was asked be answered,
    /// and closes with 4000. New connections are refused from now on. Done within 5 s.
    pub async fn drain(&self, reconnect_in_ms: u64) {
        self.ends.send_replace(true);
        let goaway = ServerFrame::Goaway(Goaway { reconnect_in_ms, url: None });
        for part in 0..Table::<chinwag_proto::UserId>::parts() {
            for connection in self.hub.users().part(part) {
                connection.inbox().push_last(goaway.clone());
                connection.drain();
            }
        }
        if timeout(DRAIN, self.closed()).await.is_err() {
            self.close_all().await;
        }
    }

    /// Closes every connection with 4000, without waiting for what was asked. New ones are refused from
    /// now on. Done within 2 s.
    pub async fn close_all(&self) {
        self.ends.send_replace(true);
        for part in 0..Table::<chinwag_proto::UserId>::parts() {
            for connection in self.hub.users().part(part) {
                connection.end(Close::GoingAway);
            }
        }
        if timeout(CLOSE, self.closed()).await.is_err() {
            tracing::warn!(connections = self.connections(), "connections did not close in time");
        }
        self.tasks.abort();
    }

    /// Ends everything at once, as a crash would.
    pub fn abort(&self) {
        self.ends.send_replace(true);
        self.tasks.abort();
    }

    async fn closed(&self) {
        // Rare, and bounded by its callers.
        while self.connections() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Comes back when the gateway takes nobody any more.
    async fn ends(&self) {
        let mut ends = self.ends.subscribe();
        // The sender is this gateway's own.
        drop(ends.wait_for(|ends| *ends).await);
    }

    fn is_ending(&self) -> bool {
        *self.ends.borrow()
    }

    fn services(&self) -> &Services {
        &self.services
    }

    fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    fn hub(&self) -> &Hub {
        &self.hub
    }

    fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The gateway's own time, milliseconds; never 0.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// The number of the next connection: 10 bits of node, 22 of incarnation, 32 of counter, so that an
    /// origin of another node or an earlier life names no connection of this one.
    fn next_number(&self) -> u64 {
        let count = self.numbers.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
        let life = (u64::from(self.settings.node) << 22) | (self.settings.incarnation & 0x3f_ffff);
        (life << 32) | count
    }

    fn next_ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}
