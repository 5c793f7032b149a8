//! Inline mode: the writer's and the folder's work on the thread that calls.

use std::sync::Arc;

use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Append, Appended, Commit};

use super::block::at_once;
use super::database::Wal;
use super::decide::{Decision, answer, commit_of};
use super::error::StoreError;
use super::fold::Chunks;
use super::folder;
use super::health::CLOSED;
use super::intake::busy;
use super::shared::{Cuts, Shared};
use super::tail::TailEntry;
use super::writer::{PROJECTED_AT_ONCE, Writer, has_deletion};

/// A record that was decided about.
pub(super) struct Taken {
    /// The last position when it was; 0 where nothing was accepted since the start.
    pub(super) position: u64,
    pub(super) answer: Appended,
}

/// The ledger's work in one place.
pub(super) struct Inline {
    shared: Arc<Shared>,
    writer: Writer,
    chunks: Chunks,
    /// Durable and not projected yet; what follows on it waits.
    unprojected: Vec<Commit>,
    /// The position of the last of them.
    last: u64,
    /// How many of them are of before the start, and not published again.
    old: usize,
}

impl Inline {
    /// Takes the parts, and projects the entries of before the start.
    pub(super) fn start(writer: Writer, chunks: Chunks, unprojected: &[Arc<TailEntry>]) -> Self {
        let shared = Arc::clone(&writer.shared);
        let last = unprojected.last().map_or(0, |last| last.offset);
        let commits: Vec<Commit> = unprojected.iter().map(|entry| commit_of(entry, None)).collect();
        let old = commits.len();
        let mut inline = Self { shared, writer, chunks, unprojected: commits, last, old };
        let _ = inline.project();
        inline
    }

    /// Takes a record; the answer is given when its position is projected.
    pub(super) fn append(&mut self, append: &Append) -> Result<Taken, Unavailable> {
        if let Some(refusal) = self.shared.health.refusal() {
            return Err(refusal);
        }
        if !self.shared.has_room() {
            self.fold();
            if !self.shared.has_room() {
                return Err(self.shared.health.ready().err().unwrap_or_else(busy));
            }
        }
        let decision = self.writer.write(std::iter::once(append))?.pop();
        let decision = decision.ok_or_else(busy)??;
        if let Decision::Accepted(accepted) = &decision {
            self.last = accepted.offset;
            self.unprojected.push(commit_of(accepted, append.origin.clone()));
        }
        let taken = Taken { position: self.last, answer: answer(decision) };
        if self.project().is_ok() {
            self.writer.checkpoint_if_due();
            if self.shared.tail.read().len() >= self.shared.settings.fold_rows {
                self.fold();
            }
        }
        Ok(taken)
    }

    /// Tries again what is in the way of an answer; `Ok` when nothing is.
    pub(super) fn settle(&mut self, position: u64) -> Result<(), Unavailable> {
        if self.shared.projected() >= position { Ok(()) } else { self.project() }
    }

    /// Projects and publishes what is durable.
    fn project(&mut self) -> Result<(), Unavailable> {
        while !self.unprojected.is_empty() {
            let count = self.unprojected.len().min(PROJECTED_AT_ONCE);
            let Some(commits) = self.unprojected.get(..count) else { break };
            let projected = at_once(self.writer.commits.project(commits));
            let projected = projected.unwrap_or_else(|| {
                Err(Unavailable("the projection does not come to an end inline".to_owned()))
            });
            if let Err(error) = projected {
                self.shared.health.set_projection(Some(format!("memberships are not written: {error}")));
                return Err(error);
            }
            let new = commits.get(self.old.min(count)..).unwrap_or_default();
            if !new.is_empty() {
                self.writer.commits.publish(new);
            }
            self.old -= self.old.min(count);
            let position = self.last - (self.unprojected.len() - count) as u64;
            self.writer.projected(position, has_deletion(commits));
            self.unprojected.drain(..count);
        }
        self.shared.health.set_projection(None);
        Ok(())
    }

    /// Folds all that is projected and leaves both files tidy. Whatever is in the way is tried again
    /// with the next fold.
    pub(super) fn fold(&mut self) {
        let done = self.fold_all();
        self.shared.health.set_fold(done.as_ref().err());
        if let Err(error) = done
            && error.is_final()
        {
            self.shared.health.die(&error);
        }
    }

    fn fold_all(&mut self) -> Result<(), StoreError> {
        if self.shared.health.is_dead() {
            return Ok(());
        }
        let target = self.shared.projected();
        while self.shared.folded() < target {
            folder::fold(&self.shared, &mut self.chunks, &mut || {})?;
        }
        folder::tidy(&self.shared, &self.chunks, &mut Cuts::default(), Wal::CutOff)?;
        self.shared.count_tidy_round();
        self.writer.tidy_after_fold(false);
        Ok(())
    }

    /// The end of a clean stop.
    pub(super) fn close(&mut self) -> Result<(), Unavailable> {
        self.shared.health.close();
        self.project()?;
        self.fold();
        let trouble = self.shared.health.fold_trouble();
        trouble.map_or(Ok(()), |trouble| Err(Unavailable(format!("{CLOSED}, not all is folded: {trouble}"))))
    }
}
