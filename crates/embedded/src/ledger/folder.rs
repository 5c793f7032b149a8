//! The folder: the thread that folds when it is time, and then lets entries out of the tail.

use std::sync::Arc;
use std::time::Duration;

use super::error::StoreError;
use super::fold::Chunks;
use super::shared::{Fold, Shared};
use super::tail::TailEntry;
use super::timer::{left, now};

/// How long a fold that failed waits.
const RETRY: Duration = Duration::from_millis(500);

/// Folds what is projected, at most `fold_rows` entries.
pub(super) fn fold(shared: &Shared, chunks: &mut Chunks, pause: &mut dyn FnMut()) -> Result<(), StoreError> {
    let entries: Vec<Arc<TailEntry>> = {
        let tail = shared.tail.read();
        tail.up_to(shared.projected(), shared.settings.fold_rows)
    };
    let Some(last) = entries.last().map(|last| last.offset) else { return Ok(()) };
    let begin = now();
    chunks.fold(&entries, pause)?;
    let took = now().saturating_duration_since(begin);
    shared.set_folded(last);
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
    loop {
        let task = shared.folding.wait(after, wipe_after);
        if task == Fold::Abandon {
            return;
        }
        match work(shared, chunks) {
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

/// Folds what is projected now, and empties the WAL.
fn work(shared: &Shared, chunks: &mut Chunks) -> Result<(), StoreError> {
    let slice = Duration::from_millis(shared.settings.fold_slice_ms);
    let rest = Duration::from_millis(shared.settings.fold_pause_ms);
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
        fold(shared, chunks, &mut pause)?;
        shared.intake.nudge();
        tidy(shared, chunks)?;
        if shared.folding.is_abandoned() || shared.folded() >= target {
            return Ok(());
        }
    }
}

/// Empties the WAL, so that nothing that was overwritten is left in it.
pub(super) fn tidy(shared: &Shared, chunks: &Chunks) -> Result<(), StoreError> {
    let folded = shared.folded();
    if chunks.checkpoint()? {
        shared.tell(|progress| progress.chunks_tidy = folded);
    } else {
        shared.folding.hurry();
    }
    Ok(())
}
