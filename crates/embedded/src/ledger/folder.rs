//! The folder: the thread that folds when it is time, and then lets entries out of the tail.

use std::sync::Arc;
use std::time::Duration;

use chinwag_proto::Body;

use super::database::Wal;
use super::error::StoreError;
use super::fold::Chunks;
use super::shared::{Cuts, Fold, Shared};
use super::tail::TailEntry;
use super::timer::{left, now};

/// How long a fold that failed waits.
const RETRY: Duration = Duration::from_millis(500);

/// Folds what is projected, at most twice `fold_rows` entries.
pub(super) fn fold(shared: &Shared, chunks: &mut Chunks, pause: &mut dyn FnMut()) -> Result<(), StoreError> {
    let entries: Vec<Arc<TailEntry>> = {
        let tail = shared.tail.read();
        tail.up_to(shared.projected(), 2 * shared.settings.fold_rows)
    };
    let Some(last) = entries.last().map(|last| last.offset) else { return Ok(()) };
    shared.set_taken(last);
    let begin = now();
    chunks.fold(&entries, pause)?;
    let took = now().saturating_duration_since(begin);
    shared.set_folded(
        last,
        entries.iter().any(|entry| entry.target.is_some() && matches!(entry.entry.body, Body::Delete { .. })),
    );
    let count = entries.len();
    drop(entries);
    shared.tail.let_go(last);
    shared.counts.folded(count, took);
    shared.observer.folded(count, took);
    Ok(())
}

/// The thread's work.
pub(super) fn run(shared: &Shared, chunks: &mut Chunks) {
    let settings = &shared.settings;
    let after = Duration::from_millis(settings.fold_after_ms);
    let wipe_after = Duration::from_millis(settings.wipe_after_ms);
    let mut cuts = Cuts::default();
    loop {
        let task = shared.folding.wait(after, wipe_after);
        if task == Fold::Abandon {
            return;
        }
        match work(shared, chunks, &mut cuts, task != Fold::Now) {
            Ok(()) => shared.health.set_fold(None),
            Err(error) => {
                tracing::error!(%error, "the ledger's fold failed");
                shared.health.set_fold(Some(&error));
                if error.is_final() {
                    shared.health.die(&error);
                    shared.intake.nudge();
                    return;
                }
                shared.folding.pause(RETRY);
                shared.folding.hurry();
            }
        }
        if task == Fold::Last {
            return;
        }
    }
}

/// Folds what is projected now, and puts the WAL into the database.
fn work(shared: &Shared, chunks: &mut Chunks, cuts: &mut Cuts, tidily: bool) -> Result<(), StoreError> {
    let settings = &shared.settings;
    let slice = Duration::from_millis(settings.fold_slice_ms);
    let rest = Duration::from_millis(settings.fold_pause_ms);
    let target = shared.projected();
    loop {
        let mut begin = now();
        let mut pause = || {
            if left(begin, slice).is_zero() {
                if !shared.is_half_full() {
                    shared.folding.pause(rest);
                }
                begin = now();
            }
        };
        let before = shared.folded();
        fold(shared, chunks, &mut pause)?;
        shared.set_calm(tidily || shared.folded() - before < settings.fold_rows as u64 / 2);
        let wal = cuts.next(shared.is_calm(), shared.wiped(), Duration::from_millis(settings.fold_after_ms));
        tidy(shared, chunks, cuts, wal)?;
        if tidily {
            shared.count_tidy_round();
        }
        shared.intake.nudge();
        if shared.folding.is_abandoned() || shared.folded() >= target {
            return Ok(());
        }
    }
}

/// Puts the WAL into the database and, where it is cut off, says so.
pub(super) fn tidy(shared: &Shared, chunks: &Chunks, cuts: &mut Cuts, wal: Wal) -> Result<(), StoreError> {
    let (folded, wiped) = (shared.folded(), shared.wiped());
    if !chunks.checkpoint(wal)? {
        shared.folding.add(wal == Wal::CutOff, false);
    } else if wal == Wal::CutOff {
        cuts.note(wiped);
        shared.tell(|progress| progress.chunks_tidy = folded);
    }
    Ok(())
}
