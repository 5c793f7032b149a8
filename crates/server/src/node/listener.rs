//! Takes connections and serves HTTP/1.1 on them: capped heads, timers, TLS where it is set, an upgrade to
//! WebSocket. What is answered is `http`'s business.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::http::{Front, Handler};
use super::slots::{Full, Slots};
use super::stream::Stream;
use super::tasks::Tasks;

/// Headers of one request.
const HEADERS_MAX: usize = 64;
/// The head of a request with the bytes that are read beyond it.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// After an error that the next accept would meet too (no descriptors, no memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that the system may hold before they are accepted.
const BACKLOG: u32 = 1_024;

/// Times of a connection.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// For the head of a request, and for the TLS handshake.
    pub(super) header: Duration,
    /// For a stuck write.
    pub(super) write: Duration,
}

/// Everything that a connection needs; shared by all.
pub(super) struct Serving {
    pub(super) front: Arc<Front>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) times: Times,
    pub(super) slots: Arc<Slots>,
    /// The owner of the connections.
    pub(super) tasks: Tasks,
    /// Becomes true when the node drains.
    pub(super) draining: watch::Receiver<bool>,
}

/// Binds the address.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket =
        if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    // A restart may take the port while connections of the last life are still ending.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections until the node drains; then the port is free again.
pub(super) async fn accept(listener: TcpListener, serving: Arc<Serving>) {
    let mut draining = serving.draining.clone();
    loop {
        let accepted = tokio::select! {
            () = begun(&mut draining) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => take(&serving, tcp, peer.ip()),
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                metrics::counter!("chinwag_accept_errors_total").increment(1);
                tracing::error!(%error, "cannot take connections just now; trying again (see `ulimit -n` and `chinwag doctor`)");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Comes back when the node drains, or is gone.
pub(super) async fn begun(draining: &mut watch::Receiver<bool>) {
    drop(draining.wait_for(|draining| *draining).await);
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn take(serving: &Arc<Serving>, tcp: TcpStream, peer: IpAddr) {
    let counted = (!serving.front.trusts(peer)).then_some(peer);
    let slot = match serving.slots.take(counted) {
        Ok(slot) => slot,
        Err(full) => {
            let reason = if full == Full::All { "all" } else { "address" };
            metrics::counter!("chinwag_connections_refused_total", "limit" => reason).increment(1);
            tracing::debug!(%peer, limit = reason, "connection refused");
            return;
        }
    };
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let stream = Stream::new(tcp, serving.times.write, slot);
    let shared = Arc::clone(serving);
    // Two tasks of different size: a plain connection does not pay for the handshake's.
    let spawned = match serving.tls.clone() {
        None => serving.tasks.spawn(serve(shared, stream, peer)),
        Some(tls) => serving.tasks.spawn(async move {
            match timeout(shared.times.header, tls.accept(stream)).await {
                Ok(Ok(stream)) => serve(shared, stream, peer).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS handshake"),
                Err(_) => tracing::debug!(%peer, "TLS handshake timed out"),
            }
        }),
    };
    if spawned.is_err() {
        tracing::debug!(%peer, "connection refused: the node stops");
    }
}

async fn serve<T>(serving: Arc<Serving>, stream: T, peer: IpAddr)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handler = Handler { front: Arc::clone(&serving.front), peer };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.times.header)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), handler)
        .with_upgrades();
    tokio::pin!(connection);
    let mut draining = serving.draining.clone();
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = begun(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}
