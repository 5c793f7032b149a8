//! The node: one process's server, from start to stop. Wires engines, api and gateway to a listener, owns
//! every task, tells discovery that it lives, drains when it is told to.
//!
//! Engines are named in `wiring` alone; what requests mean is api's and gateway's business; signals and
//! the command line are the binary's.

pub mod admin;
pub mod clock;
pub mod engines;
mod failure;
mod figures;
mod health;
mod http;
mod listener;
pub mod logging;
mod page;
mod parts;
mod slots;
mod stream;
pub mod tasks;
pub mod tls;
mod wiring;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::discovery::NodeLoad;
use chinwag_ports::{Clock, Node as Lease};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::config::units::Origin;
use crate::gateway::Gateway;
use crate::service::Services;
use admin::Admin;
use engines::{Closing, Engines, Gauges};
pub use failure::StartError;
use health::Readiness;
use http::Front;
use listener::{Serving, Times};
use parts::{Core, Face};
use slots::Slots;
use tasks::Tasks;
use tls::Certificates;
pub use wiring::inspect;

/// How often discovery hears of the node's load.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How often figures are gathered while nobody reads them.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// A WebSocket that takes nothing is closed by the gateway, with a reason, before its connection is cut.
const GATEWAY_FIRST: Duration = Duration::from_secs(5);
/// How long a stop may take in all, the closing of the engines included: the contract says 10 s.
const STOP_MAX: Duration = Duration::from_millis(9_500);
/// How long discovery may take to hear of the end.
const FAREWELL_MAX: Duration = Duration::from_millis(250);

/// A running node. Dropping it ends its tasks at once, as a crash would; `stop` drains.
pub struct Node {
    address: SocketAddr,
    url: String,
    lease: Lease,
    core: Core,
    gateway: Arc<Gateway>,
    certificates: Option<Arc<Certificates>>,
    draining: watch::Sender<bool>,
    lost: watch::Receiver<bool>,
    connections: Tasks,
    loops: Tasks,
    close: Option<Closing>,
    drain_max: Duration,
    reconnect_ms: u64,
}

impl Node {
    /// Starts a node on the engines of its data folder. It takes connections when this returns.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        Self::start_with_clock(config, Arc::new(clock::SystemClock)).await
    }

    /// The same, on another wall clock than the system's.
    pub async fn start_with_clock(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        // What can be wrong without the data is looked at before the data is touched.
        let (listener, certificates) = (bind(config)?, certificates(config)?);
        // Before the engines: what they count is lost until somebody records it.
        figures::recorder();
        let engines = wiring::open(config, clock).await?;
        Self::begin(config, listener, certificates, engines).await
    }

    /// Starts a node on engines that are open already. They are closed when the node stops.
    pub async fn start_on(config: &Config, engines: Engines) -> Result<Self, StartError> {
        Self::begin(config, bind(config)?, certificates(config)?, engines).await
    }

    async fn begin(
        config: &Config,
        listener: TcpListener,
        certificates: Option<Arc<Certificates>>,
        engines: Engines,
    ) -> Result<Self, StartError> {
        let figures = figures::recorder();
        let address = listener.local_addr().map_err(|why| StartError::listen(config.server.listen, why))?;
        let public = public_url(config, address, certificates.is_some());
        let ws_url = format!("ws{}/ws", public.strip_prefix("http").unwrap_or_default());
        let lease = engines.ports.discovery.join(&ws_url).await?;
        let start = engines.ports.clock.now().as_ms().unsigned_abs();

        let (draining, drains) = watch::channel(false);
        let readiness = Readiness { draining: drains.clone(), engines: engines.obstacle };
        let core = Core::wire(config, engines.ports, &lease).await?;
        let Face { router, gateway } = Face::wire(config, &core, &lease, readiness.clone());
        let slots = Slots::new(config.server.connections, config.limits.connections_per_address);
        let request_timeout = config.server.request_timeout_ms.duration();
        let proxies = config.server.trusted_proxies.clone();
        let front = Arc::new(Front::new(router, proxies, request_timeout, start));
        let connections = Tasks::default();
        let serving = Arc::new(Serving {
            front,
            tls: certificates.as_ref().map(|own| own.server_config().map(TlsAcceptor::from)).transpose()?,
            times: Times {
                header: config.server.header_timeout_ms.duration(),
                write: config.server.write_timeout_ms.duration() + GATEWAY_FIRST,
            },
            slots: Arc::clone(&slots),
            tasks: connections.clone(),
            draining: drains,
        });
        let loops = Tasks::default();
        let load = Load { slots, gateway: Arc::clone(&gateway), draining: draining.subscribe() };
        let lost = report(&loops, &core, &lease, load, engines.gauges)?;
        loops.spawn(upkeep(figures))?;
        if let Some(certificates) = &certificates {
            loops.spawn(follow_files(Arc::clone(certificates), config.tls.reload_ms.duration()))?;
        }
        let url = format!("{}://{address}", if certificates.is_some() { "https" } else { "http" });
        let admin = Admin::new(&core, readiness, url.clone());
        serve_operator(config, admin, &connections, draining.subscribe())?;
        connections.spawn(listener::accept(listener, serving))?;
        Ok(Self {
            url,
            address,
            lease,
            core,
            gateway,
            certificates,
            draining,
            lost,
            connections,
            loops,
            close: Some(engines.close),
            drain_max: config.server.drain_ms.duration(),
            reconnect_ms: config.server.reconnect_ms.0,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as `http(s)://ADDR:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What REST and WebSocket share.
    pub const fn services(&self) -> &Arc<Services> {
        &self.core.services
    }

    /// Reads the certificate files again. What cannot be used is logged and changes nothing.
    pub fn reload_certificates(&self) {
        if let Some(certificates) = &self.certificates {
            log_reload(certificates.reload().map(|()| true));
        }
    }

    /// Comes back when the node must stop because discovery gave its place away.
    pub async fn lost(&self) {
        let mut lost = self.lost.clone();
        if lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Drains: not ready, no new connections, `goaway` to those there are, requests under way finish,
    /// engines are flushed and closed. Takes at most 9.5 s; what is not done by then the next start mends.
    pub async fn stop(mut self) {
        tracing::info!("draining");
        let until = Instant::now() + STOP_MAX;
        self.draining.send_replace(true);
        let discovery = Arc::clone(&self.core.services.ports.discovery);
        let load = NodeLoad { connections: self.gateway.connections() as u64, draining: true };
        let told = discovery.report(self.lease.number, self.lease.incarnation, load);
        if !matches!(timeout(FAREWELL_MAX, told).await, Ok(Ok(_))) {
            tracing::warn!("discovery did not hear that this node drains");
        }
        self.connections.close();
        let drained = async {
            self.gateway.drain(self.reconnect_ms).await;
            self.connections.ended().await;
        };
        if timeout(self.drain_max, drained).await.is_err() {
            tracing::warn!(
                connections = self.connections.count(),
                "connections did not end in time and are cut off"
            );
            self.connections.abort();
            self.connections.ended().await;
        }
        self.gateway.abort();
        self.loops.abort();
        self.loops.ended().await;
        let left = discovery.leave(self.lease.number, self.lease.incarnation);
        if !matches!(timeout(FAREWELL_MAX, left).await, Ok(Ok(()))) {
            tracing::warn!("discovery did not hear that this node left");
        }
        if let Some(close) = self.close.take()
            && timeout_at(until, close()).await.is_err()
        {
            tracing::error!("the engines did not close in time; the next start repairs what is needed");
        }
        tracing::info!("stopped");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.connections.abort();
        self.gateway.abort();
        self.loops.abort();
    }
}

fn bind(config: &Config) -> Result<TcpListener, StartError> {
    listener::bind(config.server.listen).map_err(|why| StartError::listen(config.server.listen, why))
}

fn certificates(config: &Config) -> Result<Option<Arc<Certificates>>, StartError> {
    match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => Ok(Some(Certificates::open(certificate, key)?)),
        _ => Ok(None),
    }
}

/// Where clients reach the node: as set, or the address that it listens on.
fn public_url(config: &Config, address: SocketAddr, secure: bool) -> String {
    if let Some(url) = &config.server.public_url {
        return Origin::to_string(url);
    }
    let mut reached = address;
    if address.ip().is_unspecified() {
        let local =
            if address.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
        reached.set_ip(local);
        tracing::warn!("clients are sent to {reached}, which is this machine alone: set server.public_url");
    }
    format!("{}://{reached}", if secure { "https" } else { "http" })
}

/// Serves the operator on the admin socket, where there can be one.
fn serve_operator(
    config: &Config,
    admin: Admin,
    connections: &Tasks,
    draining: watch::Receiver<bool>,
) -> Result<(), StartError> {
    match admin::Socket::bind(&config.storage.data) {
        Ok(socket) => {
            let router = admin::router(Arc::new(admin));
            connections.spawn(socket.serve(router, connections.clone(), draining))?;
        }
        // A path that is too long for a socket, a folder that knows none: the chat goes on without.
        Err(error) => {
            tracing::warn!(%error, "no admin socket: `chinwag admin` works only while the server is stopped");
        }
    }
    Ok(())
}

/// Gathers the figures while nobody reads them, so that they take no more and more memory.
async fn upkeep(figures: &'static PrometheusHandle) {
    let mut ticks = interval(UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        figures.run_upkeep();
    }
}

/// What the node's load is read from.
struct Load {
    slots: Arc<Slots>,
    gateway: Arc<Gateway>,
    draining: watch::Receiver<bool>,
}

impl Load {
    fn now(&self) -> NodeLoad {
        NodeLoad { connections: self.gateway.connections() as u64, draining: *self.draining.borrow() }
    }
}

/// Tells discovery of the node's load; the answer becomes true when the lease was lost.
fn report(
    loops: &Tasks,
    core: &Core,
    lease: &Lease,
    load: Load,
    gauges: Gauges,
) -> Result<watch::Receiver<bool>, StartError> {
    let (tell, lost) = watch::channel(false);
    let discovery = Arc::clone(&core.services.ports.discovery);
    let (number, incarnation) = (lease.number, lease.incarnation);
    loops.spawn(async move {
        let mut ticks = interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            metrics::gauge!("chinwag_http_connections").set(load.slots.taken() as f64);
            gauges();
            match discovery.report(number, incarnation, load.now()).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::error!(
                        "discovery gave this node's place away; it stops, so that no id is made twice"
                    );
                    tell.send_replace(true);
                    return;
                }
                Err(why) => tracing::warn!(reason = %why, "discovery did not hear of this node's load"),
            }
        }
    })?;
    Ok(lost)
}

async fn follow_files(certificates: Arc<Certificates>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let files = Arc::clone(&certificates);
        // Files may be on a slow disk: not on the threads of the connections.
        if let Ok(looked) = tokio::task::spawn_blocking(move || files.look()).await {
            log_reload(looked);
        }
    }
}

fn log_reload(reloaded: Result<bool, tls::TlsError>) {
    match reloaded {
        Ok(true) => tracing::info!("new certificate in force"),
        Ok(false) => {}
        Err(why) => tracing::error!(%why, "the new certificate cannot be used; the old one stays in force"),
    }
}
