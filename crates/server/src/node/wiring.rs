//! The one file that names engines: opens them on a data folder, closes them, tells their figures.
//!
//! Today they are those of one machine. What stands on them is wired in `parts`, which knows ports alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chinwag_embedded::ledger::{EmbeddedLedger, LedgerObserver, LedgerSettings};
use chinwag_embedded::{
    CursorSettings, DataFolder, FolderBlobs, FolderError, LocalBus, LocalPresence, OpenError, PresenceLimits,
    SqliteBackups, SqliteCursors, SqliteDirectory, check, ledger,
};
use chinwag_ports::{Clock, Commits, Ledger, LiveBus, Memberships, Unavailable};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::engines::{Closing, Engines};
use super::failure::StartError;
use crate::config::Config;
use crate::service::Ports;
use crate::service::fanout::Fanout;

/// A session of a device lasts for so many heartbeats without a sign of life.
const HEARTBEATS_PER_SESSION: u64 = 4;
/// A start after a crash waits so long for what was not projected; then it serves what it can.
const PROJECTED_WITHIN: Duration = Duration::from_secs(5);

/// The engines as they are, before they are seen as ports.
struct Opened {
    folder: DataFolder,
    directory: Arc<SqliteDirectory>,
    cursors: Arc<SqliteCursors>,
    backups: Arc<SqliteBackups>,
    blobs: Arc<FolderBlobs>,
    ledger: Arc<EmbeddedLedger>,
    live_bus: Arc<dyn LiveBus>,
}

/// Opens the engines of a data folder; makes the folder where there is none.
pub(super) async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Engines, StartError> {
    let folder = config.storage.data.clone();
    let opened = spawn_blocking(move || open_all(&folder)).await;
    let opened = opened.map_err(|_| Unavailable("opening the engines broke off".to_owned()))??;
    let until = Instant::now() + PROJECTED_WITHIN;
    while opened.ledger.ready().is_err() && Instant::now() < until {
        sleep(Duration::from_millis(2)).await;
    }
    let session_ms = config.limits.heartbeat_ms.saturating_mul(HEARTBEATS_PER_SESSION);
    Ok(engines(opened, clock, i64::try_from(session_ms).unwrap_or(i64::MAX)))
}

fn open_all(path: &Path) -> Result<Opened, StartError> {
    let folder = DataFolder::open(path).map_err(StartError::from)?;
    let place = folder.place();
    let directory = Arc::new(SqliteDirectory::open(&place).map_err(|why| refused(path, why))?);
    let cursors = SqliteCursors::open(&place, CursorSettings::default()).map_err(|why| refused(path, why))?;
    let backups = Arc::new(SqliteBackups::open(&place).map_err(|why| refused(path, why))?);
    let blobs = Arc::new(FolderBlobs::open(&place).map_err(|why| refused(path, why))?);
    let live_bus: Arc<dyn LiveBus> = Arc::new(LocalBus::new());
    let memberships = Arc::clone(&directory) as Arc<dyn Memberships>;
    let commits: Arc<dyn Commits> = Arc::new(Fanout::new(memberships, Arc::clone(&live_bus)));
    let figures = Arc::new(LedgerFigures::new());
    let ledger = EmbeddedLedger::open_observed(&place, LedgerSettings::default(), commits, figures);
    let ledger = Arc::new(ledger.map_err(|why| unusable(path, why))?);
    Ok(Opened { folder, directory, cursors: Arc::new(cursors), backups, blobs, ledger, live_bus })
}

fn engines(opened: Opened, clock: Arc<dyn Clock>, session_ms: i64) -> Engines {
    let Opened { folder, directory, cursors, backups, blobs, ledger, live_bus } = opened;
    let discovery = Arc::new(directory.discovery());
    let presence = PresenceLimits { session_ms, ..PresenceLimits::default() };
    let ports = Ports {
        ledger: ledger.clone(),
        accounts: directory.clone(),
        profiles: directory.clone(),
        invites: directory.clone(),
        devices: directory.clone(),
        key_packages: directory.clone(),
        device_chains: directory.clone(),
        blob_book: directory.clone(),
        contacts: directory.clone(),
        memberships: directory.clone(),
        reservations: directory.clone(),
        cursors: cursors.clone(),
        backups: backups.clone(),
        blobs,
        live_bus,
        presence: Arc::new(LocalPresence::new(presence)),
        discovery: discovery.clone(),
        id_lease: discovery,
        clock,
    };
    let obstacle = {
        let (ledger, directory, cursors) = (ledger.clone(), directory.clone(), cursors.clone());
        let backups = backups.clone();
        move || {
            let engines = [
                ("ledger", ledger.ready()),
                ("directory", directory.ready()),
                ("cursors", cursors.ready()),
                ("backups", backups.ready()),
            ];
            engines.into_iter().find_map(|(engine, ready)| Some(format!("{engine}: {}", ready.err()?)))
        }
    };
    let gauges = gauges(Arc::clone(&ledger));
    let close: Closing = Box::new(move || Box::pin(close(folder, ledger, cursors, backups, directory)));
    Engines { ports, obstacle: Arc::new(obstacle), gauges: Box::new(gauges), close }
}

/// Closes the engines in an order in which none is asked by one that is still open.
async fn close(
    folder: DataFolder,
    ledger: Arc<EmbeddedLedger>,
    cursors: Arc<SqliteCursors>,
    backups: Arc<SqliteBackups>,
    directory: Arc<SqliteDirectory>,
) {
    let told = |engine: &str, closed: Result<(), Unavailable>| {
        if let Err(why) = closed {
            tracing::warn!(engine, reason = %why, "not closed in good order; the next start mends it");
        }
    };
    told("ledger", ledger.close().await);
    let (marks, keys, users) = (Arc::clone(&cursors), Arc::clone(&backups), Arc::clone(&directory));
    let closed = spawn_blocking(move || (marks.close(), keys.close(), users.close())).await;
    match closed {
        Ok((marks, keys, users)) => {
            told("cursors", marks);
            told("backups", keys);
            told("directory", users);
        }
        Err(_) => {
            told("cursors, backups and directory", Err(Unavailable("closing them broke off".to_owned())));
        }
    }
    drop(folder);
}

/// Reads all files of a data folder that no server has open, and answers how each is. Changes nothing.
pub async fn inspect(config: &Config) -> Result<Vec<(&'static str, Result<(), String>)>, StartError> {
    let path = config.storage.data.clone();
    let inspected = spawn_blocking(move || {
        let folder = DataFolder::open(&path)?;
        Ok(check::databases(folder.path()))
    });
    inspected.await.map_err(|_| Unavailable("reading the files broke off".to_owned()))?
}

impl From<FolderError> for StartError {
    fn from(why: FolderError) -> Self {
        match why {
            FolderError::InUse { folder, pid } => Self::Locked { path: folder, pid },
            FolderError::Io { folder, source } => Self::Folder { path: folder, why: source.to_string() },
        }
    }
}

fn refused(path: &Path, why: OpenError) -> StartError {
    match why {
        OpenError::TooNew { .. } => StartError::Newer(why.to_string()),
        why => StartError::Folder { path: path.to_owned(), why: why.to_string() },
    }
}

fn unusable(path: &Path, why: ledger::OpenError) -> StartError {
    StartError::Folder { path: path.to_owned(), why: why.to_string() }
}

/// The ledger's figures.
struct LedgerFigures {
    batch: Histogram,
    commit: Histogram,
    entries: Counter,
    fold: Histogram,
    folded: Counter,
    refused: Counter,
}

impl LedgerFigures {
    fn new() -> Self {
        metrics::describe_histogram!("chinwag_commit_batch_size", "Entries of one transaction of the log");
        metrics::describe_histogram!(
            "chinwag_commit_seconds",
            "One transaction of the log, its fsync included"
        );
        metrics::describe_counter!("chinwag_entries_total", "Entries committed");
        metrics::describe_histogram!(
            "chinwag_fold_seconds",
            "One fold of entries into the history, with its pauses"
        );
        metrics::describe_counter!("chinwag_folded_entries_total", "Entries folded into the history");
        metrics::describe_counter!(
            "chinwag_appends_refused_total",
            "Appends refused because too much was waiting"
        );
        metrics::describe_gauge!("chinwag_fold_lag_entries", "Entries that are not folded yet");
        metrics::describe_gauge!("chinwag_fold_lag_bytes", "The memory that they take, roughly");
        metrics::describe_gauge!("chinwag_append_queue_entries", "Records that wait for the writer");
        Self {
            batch: histogram!("chinwag_commit_batch_size"),
            commit: histogram!("chinwag_commit_seconds"),
            entries: counter!("chinwag_entries_total"),
            fold: histogram!("chinwag_fold_seconds"),
            folded: counter!("chinwag_folded_entries_total"),
            refused: counter!("chinwag_appends_refused_total"),
        }
    }
}

impl LedgerObserver for LedgerFigures {
    fn committed(&self, rows: usize, _bytes: usize, took: Duration) {
        self.batch.record(rows as f64);
        self.commit.record(took.as_secs_f64());
        self.entries.increment(rows as u64);
    }

    fn folded(&self, rows: usize, took: Duration) {
        self.fold.record(took.as_secs_f64());
        self.folded.increment(rows as u64);
    }

    fn refused(&self) {
        self.refused.increment(1);
    }
}

fn gauges(ledger: Arc<EmbeddedLedger>) -> impl Fn() + Send {
    let [rows, bytes, queue]: [Gauge; 3] = [
        gauge!("chinwag_fold_lag_entries"),
        gauge!("chinwag_fold_lag_bytes"),
        gauge!("chinwag_append_queue_entries"),
    ];
    move || {
        let stats = ledger.stats();
        rows.set(stats.tail_rows as f64);
        bytes.set(stats.tail_bytes as f64);
        queue.set(stats.queue_rows as f64);
    }
}
