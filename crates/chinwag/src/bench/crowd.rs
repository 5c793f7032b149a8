//! Connections that stay and do nothing but give signs of life: a client process of `bench idle`.
//!
//! Takes tokens on standard input, a line each; says `connected N`, then `heard N` as entries arrive; ends
//! on SIGTERM.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use chinwag_client_native::{ClientError, ServerAddress, Socket};
use chinwag_proto::ClientFrame;
use chinwag_proto::frame::{Ping, Tag};
use chinwag_proto::text::RequestId;
use clap::Args;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, interval, sleep_until};

use crate::exit::Failure;

/// Connections that are made at the same time.
const CONNECTING_AT_ONCE: usize = 64;
/// How often the count of entries is said.
const SAY_EVERY: Duration = Duration::from_millis(500);

/// Connections that stay.
#[derive(Args, Debug)]
pub(crate) struct CrowdArgs {
    /// The server's WebSocket
    #[arg(long)]
    url: ServerAddress,
    /// How many tokens come
    #[arg(long)]
    count: usize,
}

/// Runs the hidden `chinwag bench crowd`.
pub(super) async fn run(args: CrowdArgs) -> Result<(), Failure> {
    let tokens: Vec<String> = io::stdin().lock().lines().take(args.count).collect::<Result<_, _>>()?;
    let connect = |token: String| {
        let url = args.url.clone();
        async move { Socket::connect(&url, &token).await }
    };
    let sockets: Result<Vec<_>, ClientError> =
        stream::iter(tokens).map(connect).buffer_unordered(CONNECTING_AT_ONCE).try_collect().await;
    let sockets =
        sockets.map_err(|error| Failure::runtime(format!("a connection cannot be made: {error}")))?;
    say("connected", sockets.len() as u64)?;
    let heard = Cell::new(0);
    let mut staying: FuturesUnordered<_> = sockets
        .into_iter()
        .map(|(socket, ready)| stay(socket, Duration::from_millis(ready.heartbeat_ms / 2), &heard))
        .collect();
    let mut said = 0;
    let mut ticks = interval(SAY_EVERY);
    loop {
        tokio::select! {
            Some(error) = staying.next() => {
                return Err(Failure::runtime(format!("a connection broke: {error}")));
            }
            _ = ticks.tick() => {
                if heard.get() != said {
                    said = heard.get();
                    say("heard", said)?;
                }
            }
        }
    }
}

fn say(word: &str, count: u64) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{word} {count}")?;
    Ok(stdout.flush()?)
}

async fn stay(mut socket: Socket, beat: Duration, heard: &Cell<u64>) -> ClientError {
    let mut unwritten = VecDeque::new();
    let mut next = Instant::now() + beat;
    loop {
        tokio::select! {
            text = socket.exchange_text(&mut unwritten, true) => match text {
                Ok(Some(text)) if text.starts_with(r#"{"type":"entry""#) => heard.set(heard.get() + 1),
                Ok(_) => {}
                Err(error) => return error,
            },
            () = sleep_until(next) => {
                next = Instant::now() + beat;
                unwritten.push_back(ClientFrame::Ping(Ping { tag: Tag, id: RequestId::Number(0) }).to_json());
            }
        }
    }
}
