//! Figures about the ledger's work, for whoever exports them. No metrics library is known here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Hears of the ledger's work as it happens, on the ledger's own threads: it must not block.
pub trait LedgerObserver: Send + Sync {
    /// A transaction of the log was synced: so many entries, bytes of records and time.
    fn committed(&self, _rows: usize, _bytes: usize, _took: Duration) {}

    /// A fold was committed: so many entries, and the time with its pauses.
    fn folded(&self, _rows: usize, _took: Duration) {}

    /// An append was refused because too much was waiting.
    fn refused(&self) {}
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl LedgerObserver for NoObserver {}

/// The ledger's figures at one moment. Counts begin with the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Transactions of the log.
    pub commits: u64,
    /// Entries committed.
    pub rows: u64,
    /// Bytes of their records.
    pub bytes: u64,
    /// Microseconds spent in the log's transactions, their syncs included.
    pub commit_us: u64,
    /// Folds.
    pub folds: u64,
    /// Entries folded.
    pub folded_rows: u64,
    /// Microseconds spent folding, pauses included.
    pub fold_us: u64,
    /// Appends refused because too much was waiting.
    pub refused: u64,
    /// Records that wait for the writer.
    pub queue_rows: usize,
    /// Entries that are not folded: the fold's lag.
    pub tail_rows: usize,
    /// The memory that they take, roughly.
    pub tail_bytes: usize,
}

/// The counts behind [`LedgerStats`].
#[derive(Default)]
pub(super) struct Counts {
    commits: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    commit_us: AtomicU64,
    folds: AtomicU64,
    folded_rows: AtomicU64,
    fold_us: AtomicU64,
    refused: AtomicU64,
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn committed(&self, rows: usize, bytes: usize, took: Duration) {
        add(&self.commits, 1);
        add(&self.rows, rows as u64);
        add(&self.bytes, bytes as u64);
        add(&self.commit_us, took.as_micros() as u64);
    }

    pub(super) fn folded(&self, rows: usize, took: Duration) {
        add(&self.folds, 1);
        add(&self.folded_rows, rows as u64);
        add(&self.fold_us, took.as_micros() as u64);
    }

    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }

    /// The counts; lengths of queues are for the caller to add.
    pub(super) fn stats(&self) -> LedgerStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LedgerStats {
            commits: read(&self.commits),
            rows: read(&self.rows),
            bytes: read(&self.bytes),
            commit_us: read(&self.commit_us),
            folds: read(&self.folds),
            folded_rows: read(&self.folded_rows),
            fold_us: read(&self.fold_us),
            refused: read(&self.refused),
            ..LedgerStats::default()
        }
    }
}
