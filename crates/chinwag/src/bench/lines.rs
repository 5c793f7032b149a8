//! The frame of a run: many lines, something that controls them, and the CPU time of what is measured.

use std::cell::RefCell;
use std::time::Duration;

use chinwag_client_native::ClientError;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep};

use super::line::{Feed, Line, Opening, Texts};
use super::tally::Tally;
use crate::client::status;
use crate::exit::Failure;

/// Connections that are made at the same time.
const CONNECTING_AT_ONCE: usize = 64;
/// How long what is under way may take to arrive, after the last message was sent.
const SETTLE_MAX: Duration = Duration::from_secs(20);

/// Opens all lines.
pub(super) async fn open(openings: Vec<Opening>) -> Result<Vec<Line>, Failure> {
    let lines = stream::iter(openings).map(Line::open).buffered(CONNECTING_AT_ONCE).try_collect().await;
    lines.map_err(|error: ClientError| Failure::runtime(format!("a connection cannot be made: {error}")))
}

/// Works the lines while `control` runs; ends with it, or with the first line that breaks.
pub(super) async fn work<T>(
    lines: Vec<(Line, Feed)>,
    texts: &Texts,
    tally: &RefCell<Tally>,
    control: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut working: FuturesUnordered<_> =
        lines.into_iter().map(|(line, feed)| line.run(feed, texts, tally)).collect();
    tokio::select! {
        done = control => done,
        Some(error) = working.next() => Err(Failure::runtime(format!("a connection broke: {error}"))),
    }
}

/// Waits until everything that was sent was answered and delivered, or the time is over: the verdict tells.
pub(super) async fn settle(tally: &RefCell<Tally>) {
    let end = Instant::now() + SETTLE_MAX;
    while !tally.borrow().is_settled() {
        if Instant::now() >= end {
            return status(format_args!("not all has arrived within {} s", SETTLE_MAX.as_secs()));
        }
        sleep(Duration::from_millis(20)).await;
    }
}
