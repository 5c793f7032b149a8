//! A bare WebSocket relay: hands each frame to its connection's partner, and an acknowledgment of a real
//! one's size to the sender. It parses, checks and stores nothing: what is left is the price of the
//! sockets, on the WebSocket library that the server takes its framing from.
//!
//! Connection 2n's partner is 2n+1; the path of the request says which one it is.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{self, Write};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::exit::Failure;

/// Frames that may wait for a connection; then its partner is not read any more.
const FRAMES_MAX: usize = 4_096;
/// Written at once.
const WRITE_BYTES: usize = 8 * 1024;
/// The largest frame.
const FRAME_BYTES_MAX: usize = 64 * 1024;

/// An acknowledgment of the size of the server's.
const ACK: &str = r#"{"type":"ack","chatId":"d.118691144224735232.118691145675964416","messageId":"118691146191863808","seq":1000,"createdAt":"2026-11-24T12:36:14.427Z","duplicate":false}"#;

type Partners = Arc<Mutex<HashMap<usize, mpsc::Sender<Utf8Bytes>>>>;

/// Runs the relay until SIGTERM. Prints `ready ws://…`.
pub(super) fn run() -> Result<(), Failure> {
    super::kernel::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Failure> {
    let cannot = |why: io::Error| Failure::runtime(format!("the relay cannot listen: {why}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(cannot)?;
    {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "ready ws://{}", listener.local_addr().map_err(cannot)?)?;
        stdout.flush()?;
    }
    let partners = Partners::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.map_err(cannot)?;
                connections.spawn(connection(stream, Arc::clone(&partners)));
            }
            Some(_) = connections.join_next() => {}
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// A connection's life; what ends it is of no interest.
async fn connection(stream: TcpStream, partners: Partners) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (queue, mut frames) = mpsc::channel(FRAMES_MAX);
    let mut number = None;
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let greet = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        number = request.uri().path().trim_start_matches('/').parse::<usize>().ok();
        // Before the answer: the partner may send as soon as both sides stand.
        if let Some(number) = number {
            partners.lock().insert(number, queue.clone());
        }
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chinwag.v1"));
        Ok(response)
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(1_024)
        .write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut socket =
        tokio_tungstenite::accept_hdr_async_with_config(stream, greet, Some(config)).await.ok()?;
    let number = number?;
    drop(queue);
    let mut partner: Option<mpsc::Sender<Utf8Bytes>> = None;
    let mut unflushed = false;
    loop {
        match poll_fn(|cx| poll_step(&mut socket, &mut frames, &mut unflushed, cx)).await? {
            Step::Sent(text) => {
                if partner.is_none() {
                    partner = partners.lock().get(&(number ^ 1)).cloned();
                }
                partner.as_ref()?.send(text).await.ok()?;
                socket.feed(Message::Text(Utf8Bytes::from_static(ACK))).await.ok()?;
            }
            Step::Received(frame) => socket.feed(Message::Text(frame)).await.ok()?,
        }
        unflushed = true;
    }
}

enum Step {
    /// This connection sent a frame.
    Sent(Utf8Bytes),
    /// Its partner did.
    Received(Utf8Bytes),
}

/// The next frame of either side; writes what waits only when there is none, so that many go out at once.
fn poll_step(
    socket: &mut WebSocketStream<TcpStream>,
    frames: &mut mpsc::Receiver<Utf8Bytes>,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Option<Step>> {
    if let Poll::Ready(message) = socket.poll_next_unpin(cx) {
        return Poll::Ready(match message {
            Some(Ok(Message::Text(text))) => Some(Step::Sent(text)),
            _ => None,
        });
    }
    if let Poll::Ready(frame) = frames.poll_recv(cx) {
        return Poll::Ready(frame.map(Step::Received));
    }
    if *unflushed {
        match socket.poll_flush_unpin(cx) {
            Poll::Ready(Ok(())) => *unflushed = false,
            Poll::Ready(Err(_)) => return Poll::Ready(None),
            Poll::Pending => {}
        }
    }
    Poll::Pending
}
