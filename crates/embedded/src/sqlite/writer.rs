//! The writing side of a store: jobs in batches, one transaction and one sync for each batch, and the
//! checkpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chinwag_ports::Unavailable;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::BUSY;
use super::failure::{Consequence, Health, consequence_of, tell};
use super::open::Database;

/// Jobs of one transaction. At about 50 µs each, 64 are 3 ms, less than a sync of many disks.
const BATCH: usize = 64;
/// A checkpoint is due after so many changed rows: at most about four pages each, 32 MB of WAL.
const CHECKPOINT_ROWS: u64 = 2_000;

/// Something to write. Runs inside a transaction; hears whether that was committed.
pub(super) trait Job: Send {
    /// Writes. On an error what it wrote is rolled back.
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()>;
    /// Answers, with what it found if the transaction is durable.
    fn finish(self: Box<Self>, outcome: Result<(), Unavailable>);
}

/// A job that answers over a channel.
pub(super) struct Answering<F, T> {
    pub(super) work: Option<F>,
    pub(super) found: Option<T>,
    pub(super) answer: oneshot::Sender<Result<T, Unavailable>>,
}

impl<F, T> Job for Answering<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.found = Some(work(db)?);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), Unavailable>) {
        let lost = || Unavailable("the job was not run".to_owned());
        let Self { found, answer, .. } = *self;
        // Whoever asked may have gone.
        let _ = answer.send(outcome.and_then(|()| found.ok_or_else(lost)));
    }
}

/// The one connection that writes.
pub(super) struct Writer {
    db: Database,
    file: &'static str,
    health: Arc<Health>,
    /// Erased data is to leave the WAL too.
    wipe: Arc<AtomicBool>,
    rows_at_checkpoint: u64,
}

impl Writer {
    pub(super) fn new(db: Database, file: &'static str, health: Arc<Health>, wipe: Arc<AtomicBool>) -> Self {
        let rows_at_checkpoint = db.total_changes();
        Self { db, file, health, wipe, rows_at_checkpoint }
    }

    /// The connection, for reads in between.
    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    /// Runs jobs as they come until nobody can send any more; then tidies up.
    pub(super) fn work(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) -> Self {
        while let Some(first) = jobs.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = jobs.try_recv()
            {
                batch.push(next);
            }
            self.run(batch);
        }
        self
    }

    /// One transaction: all answers follow its sync.
    pub(super) fn run(&mut self, mut batch: Vec<Box<dyn Job>>) {
        if let Err(why) = self.health.check() {
            batch.into_iter().for_each(|job| job.finish(Err(why.clone())));
            return;
        }
        match self.write(&mut batch) {
            Ok(failed) => {
                for (job, failed) in batch.into_iter().zip(failed) {
                    job.finish(failed.map_or(Ok(()), Err));
                }
            }
            Err(error) => {
                let why = self.note(&error);
                batch.into_iter().for_each(|job| job.finish(Err(why.clone())));
            }
        }
        self.checkpoint_if_due();
    }

    /// Says which jobs failed alone; on an error nothing of the batch was written.
    fn write(&mut self, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<Vec<Option<Unavailable>>> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut failed = Vec::with_capacity(batch.len());
        for job in batch {
            transaction.prepare_cached("SAVEPOINT job")?.execute([])?;
            let outcome = job.run(&transaction);
            if let Err(error) = outcome {
                // SQLite may have rolled all of it back by itself.
                if consequence_of(&error) != Consequence::ThisCall || transaction.is_autocommit() {
                    return Err(error);
                }
                transaction.prepare_cached("ROLLBACK TO job")?.execute([])?;
                failed.push(Some(tell(self.file, &error)));
            } else {
                failed.push(None);
            }
            transaction.prepare_cached("RELEASE job")?.execute([])?;
        }
        transaction.commit()?;
        Ok(failed)
    }

    fn note(&self, error: &rusqlite::Error) -> Unavailable {
        let why = tell(self.file, error);
        if consequence_of(error) == Consequence::Final {
            self.health.fail(&why);
        }
        why
    }

    fn checkpoint_if_due(&mut self) {
        let rows = self.db.total_changes();
        if self.wipe.load(Ordering::Acquire) {
            // Cut off only when no reader is in the way, without waiting; else tried again after the
            // next batch.
            let waits = self.db.busy_timeout(Duration::ZERO);
            let done = waits.is_ok() && self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
            if self.db.busy_timeout(BUSY).is_ok() && done {
                self.wipe.store(false, Ordering::Release);
            }
        } else if rows.saturating_sub(self.rows_at_checkpoint) >= CHECKPOINT_ROWS {
            self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)");
        }
    }

    /// Whether the whole WAL is in the database now. A checkpoint that fails is final: its syncs are what
    /// the next ones build on.
    fn checkpoint(&mut self, how: &str) -> bool {
        if self.health.check().is_err() {
            return false;
        }
        self.rows_at_checkpoint = self.db.total_changes();
        let done = self.db.query_row(how, [], |row| row.get::<_, i64>(0).map(|busy| busy == 0));
        done.unwrap_or_else(|error| {
            if consequence_of(&error) == Consequence::NoRoom {
                tracing::warn!(file = self.file, "the disk is full: a checkpoint waits");
            } else {
                self.health.fail(&tell(self.file, &error));
            }
            false
        })
    }

    /// Puts all into the database file at a clean stop, when no reader is left.
    pub(super) fn close(mut self) -> Result<(), Unavailable> {
        self.health.check()?;
        self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
        self.health.check()?;
        self.db.close().map_err(|error| tell(self.file, &error))
    }
}
