//! The writer: decides about records, makes a transaction of them, and then has them projected, published
//! and answered. One thread does all of it, so that a chat's entries have one order everywhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Append, Commit, Commits};
use chinwag_proto::Body;

use super::database::Wal;
use super::decide::{Decider, Decision, answer, commit_of};
use super::error::StoreError;
use super::health::CLOSED;
use super::intake::{Job, Task, busy};
use super::log::Log;
use super::shared::{Cuts, Shared};
use super::tail::TailEntry;
use super::timer::{left, now};
use crate::sqlite::wait;

/// Commits of before the start that are projected at a time.
pub(super) const PROJECTED_AT_ONCE: usize = 1_000;
/// How long a projection that failed waits, and how often a writer without room looks again.
const RETRY: Duration = Duration::from_millis(50);
/// The longest wait without anything to do.
const IDLE: Duration = Duration::from_secs(60);

/// The part of the writer that both modes share.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) decider: Decider,
    pub(super) log: Log,
    pub(super) commits: Arc<dyn Commits>,
    /// The folded position, and the round of tidying asked for, after which the log was tidied.
    tidied_after: (u64, u64),
    cuts: Cuts,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, decider: Decider, log: Log, commits: Arc<dyn Commits>) -> Self {
        Self { shared, decider, log, commits, tidied_after: (0, 0), cuts: Cuts::default() }
    }

    /// Decides about records and makes what they become durable, in one transaction. An error takes
    /// none of them, one inside the list that one alone.
    pub(super) fn write<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Append>,
    ) -> Result<Vec<Result<Decision, StoreError>>, StoreError> {
        let decisions: Vec<_> = records.map(|append| self.decider.decide(&append.record)).collect();
        let (entries, records) = self.decider.accepted();
        if entries.is_empty() {
            self.decider.commit();
            return Ok(decisions);
        }
        let begin = now();
        if let Err(error) = self.log.append(entries, records, clearable(&self.shared)) {
            self.decider.roll_back();
            self.note(&error);
            return Err(error);
        }
        let took = now().saturating_duration_since(begin);
        let (rows, bytes) = (entries.len(), records.len());
        self.shared.counts.committed(rows, bytes, took);
        self.shared.observer.committed(rows, bytes, took);
        self.decider.commit();
        self.shared.health.set_commit(None);
        Ok(decisions)
    }

    fn note(&self, error: &StoreError) {
        tracing::error!(%error, "the ledger could not write");
        self.shared.health.set_commit(Some(error));
        if error.is_final() {
            self.shared.health.die(error);
        }
    }

    /// Everything up to this position is projected: it may be folded.
    pub(super) fn projected(&self, position: u64, wipe: bool) {
        self.shared.set_projected(position);
        self.shared.folding.add(wipe, self.shared.is_fold_due());
    }

    /// Once after each fold, and when it was asked for: clears from the log what was folded, and empties its WAL.
    /// While records wait the tables are cleared by their transactions, one by one, and the rest comes later.
    pub(super) fn tidy_after_fold(&mut self, is_busy: bool) {
        let after = (self.shared.folded(), self.shared.tidy_rounds());
        let is_done = after == self.tidied_after;
        if is_done || self.shared.health.is_dead() || (is_busy && self.log.has_much_to_clear(after.0)) {
            return;
        }
        match self.tidy(after.0) {
            Ok(()) => self.tidied_after = after,
            Err(error) => self.note(&error),
        }
    }

    fn tidy(&mut self, folded: u64) -> Result<(), StoreError> {
        self.log.clear(clearable(&self.shared))?;
        // Where newer rows keep a table from being cleared, it goes with the next fold, if the next
        // entries go elsewhere.
        self.log.turn_early(folded);
        let tidy = self.log.first().map_or(folded, |first| folded.min(first - 1));
        let every = Duration::from_millis(self.shared.settings.fold_after_ms);
        let wal = self.cuts.next(self.shared.is_calm(), tidy.min(self.shared.wiped()), every);
        if wal == Wal::CutOff {
            self.log.checkpoint(wal)?;
            self.cuts.note(tidy);
            self.shared.tell(|progress| progress.log_tidy = tidy);
        }
        Ok(())
    }

    /// Puts the WAL into the database when it has grown.
    pub(super) fn checkpoint_if_due(&mut self) {
        if self.log.is_checkpoint_due()
            && let Err(error) = self.log.checkpoint(Wal::Reused)
        {
            self.note(&error);
        }
    }
}

/// Up to this position log tables may be cleared.
fn clearable(shared: &Shared) -> u64 {
    if shared.settings.faults().clear_before_fold { shared.projected() } else { shared.folded() }
}

/// Whether a deletion is among commits.
pub(super) fn has_deletion(commits: &[Commit]) -> bool {
    commits.iter().any(|commit| matches!(commit.entry.body, Body::Delete { .. }))
}

/// The writer's thread.
pub(super) struct WriterThread {
    writer: Writer,
    last_sync: Option<Instant>,
    last_rows: usize,
}

impl WriterThread {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer, last_sync: None, last_rows: 0 }
    }

    /// Works until the ledger is closed or abandoned. `unprojected` are the entries of before the start.
    pub(super) fn run(&mut self, unprojected: &[Arc<TailEntry>]) {
        let shared = Arc::clone(&self.writer.shared);
        for entries in unprojected.chunks(PROJECTED_AT_ONCE) {
            let commits: Vec<Commit> = entries.iter().map(|entry| commit_of(entry, None)).collect();
            let last = entries.last().map_or(0, |last| last.offset);
            if !self.project(&commits, last) {
                break;
            }
        }
        shared.health.set_projection(None);
        loop {
            match shared.intake.wait(IDLE) {
                Task::Abandon => return,
                Task::Close => return self.close(),
                Task::Tidy => self.writer.tidy_after_fold(false),
                Task::Work if shared.health.is_dead() => {
                    let refusal = shared.health.refusal().unwrap_or_else(|| Unavailable(CLOSED.to_owned()));
                    refuse(shared.intake.drain(), &refusal);
                }
                Task::Work if !shared.has_room() => self.wait_for_room(),
                Task::Work => self.work(),
            }
        }
    }

    /// Takes a batch and sees it through.
    fn work(&mut self) {
        let shared = Arc::clone(&self.writer.shared);
        self.pace(&shared);
        let settings = &shared.settings;
        let (jobs, late) = shared.intake.take(settings.batch_rows_max, settings.batch_bytes_max);
        if !late.is_empty() {
            late.iter().for_each(|_| shared.counts.refused());
            refuse(late, &busy());
        }
        if jobs.is_empty() {
            return;
        }
        self.last_rows = jobs.len();
        self.last_sync = Some(now());
        match self.writer.write(jobs.iter().map(|job| &*job.append)) {
            Ok(decisions) => self.finish(jobs, decisions),
            Err(error) => refuse(jobs, &error.into()),
        }
        self.writer.tidy_after_fold(shared.intake.len() > 0);
        self.writer.checkpoint_if_due();
    }

    /// Under load, syncs start some time apart, so that each carries more; a record that comes alone
    /// does not wait.
    fn pace(&self, shared: &Shared) {
        let alone = self.last_rows <= 1 && shared.intake.len() <= 1;
        let spacing = Duration::from_millis(shared.settings.sync_spacing_ms);
        if let Some(last) = self.last_sync.filter(|_| !alone) {
            let rest = left(last, spacing);
            if !rest.is_zero() {
                std::thread::park_timeout(rest);
            }
        }
    }

    /// Projects, publishes and answers a batch that is durable.
    fn finish(&mut self, jobs: Vec<Job>, decisions: Vec<Result<Decision, StoreError>>) {
        let mut commits = Vec::with_capacity(jobs.len());
        let mut last = 0;
        let mut answers = Vec::with_capacity(jobs.len());
        for (job, decision) in jobs.into_iter().zip(decisions) {
            if let Ok(Decision::Accepted(accepted)) = &decision {
                commits.push(commit_of(accepted, job.append.origin));
                last = accepted.offset;
            }
            answers.push((job.answer, decision.map(answer)));
        }
        if !commits.is_empty() {
            if !self.project(&commits, last) {
                return;
            }
            self.writer.commits.publish(&commits);
        }
        for (to, answer) in answers {
            let _ = to.send(answer.map_err(Into::into));
        }
    }

    /// Projects commits, again and again until it goes well; `false` where the ledger ends before. What
    /// is not projected stays in the log, and is projected after the next start.
    fn project(&self, commits: &[Commit], last: u64) -> bool {
        let shared = &self.writer.shared;
        while let Err(error) = wait(self.writer.commits.project(commits)) {
            if shared.intake.is_ending() {
                return false;
            }
            shared.health.set_projection(Some(format!("memberships are not written: {error}")));
            self.wait();
        }
        shared.health.set_projection(None);
        self.writer.projected(last, has_deletion(commits));
        true
    }

    /// The tail is full: the folder is to make room.
    fn wait_for_room(&self) {
        self.writer.shared.folding.hurry();
        self.wait();
    }

    /// Waits a moment for what is in the way; who waits too long meanwhile is refused, and told why.
    fn wait(&self) {
        let shared = &self.writer.shared;
        let late = shared.intake.pause(RETRY);
        if !late.is_empty() {
            late.iter().for_each(|_| shared.counts.refused());
            refuse(late, &shared.health.ready().err().unwrap_or_else(busy));
        }
    }

    /// Everything is written: folds it, and leaves the files tidy.
    fn close(&mut self) {
        let shared = Arc::clone(&self.writer.shared);
        shared.folding.close();
        shared.folding.wait_for_end();
        self.writer.tidy_after_fold(false);
    }
}

fn refuse(jobs: Vec<Job>, why: &Unavailable) {
    for job in jobs {
        let _ = job.answer.send(Err(why.clone()));
    }
}
