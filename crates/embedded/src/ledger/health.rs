//! Whether records are taken just now, and if not, why.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use chinwag_ports::Unavailable;
use parking_lot::Mutex;

use super::error::StoreError;

/// What stands in the way of records, by where it arose; the first in this order is told.
#[derive(Default)]
struct Troubles {
    /// For good, until a start has looked at the disk anew.
    dead: Option<String>,
    /// The ledger is closing or closed.
    closed: bool,
    /// Entries of before the start are not projected yet, or a projection fails.
    projection: Option<String>,
    /// The last commit failed.
    commit: Option<String>,
    /// The last fold failed.
    fold: Option<String>,
}

/// The ledger's health, shared by its threads.
#[derive(Default)]
pub(super) struct Health {
    troubles: Mutex<Troubles>,
    dead: AtomicBool,
}

impl Health {
    /// Whether records are taken.
    pub(super) fn ready(&self) -> Result<(), Unavailable> {
        let troubles = self.troubles.lock();
        let closed = troubles.closed.then(|| CLOSED.to_owned());
        let first = [&troubles.dead, &closed, &troubles.projection, &troubles.commit, &troubles.fold]
            .into_iter()
            .find_map(Option::clone);
        first.map_or(Ok(()), |why| Err(Unavailable(why)))
    }

    /// Nothing may be acknowledged any more: reads go on, and a start looks at the disk anew.
    pub(super) fn die(&self, error: &dyn Display) {
        let mut troubles = self.troubles.lock();
        if troubles.dead.is_none() {
            tracing::error!(%error, "the ledger takes no more records until it is restarted");
            troubles.dead = Some(format!("{error}; no more records are taken until the server is restarted"));
        }
        self.dead.store(true, Ordering::SeqCst);
    }

    /// Whether [`Health::die`] was called.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// What an append is refused with when the ledger is dead or closed.
    pub(super) fn refusal(&self) -> Option<Unavailable> {
        let troubles = self.troubles.lock();
        let closed = || troubles.closed.then(|| CLOSED.to_owned());
        troubles.dead.clone().or_else(closed).map(Unavailable)
    }

    pub(super) fn close(&self) {
        self.troubles.lock().closed = true;
    }

    pub(super) fn set_projection(&self, why: Option<String>) {
        self.troubles.lock().projection = why;
    }

    pub(super) fn set_commit(&self, error: Option<&StoreError>) {
        self.troubles.lock().commit = error.map(ToString::to_string);
    }

    pub(super) fn set_fold(&self, error: Option<&StoreError>) {
        self.troubles.lock().fold = error.map(ToString::to_string);
    }

    /// Why the last fold failed, if it did.
    pub(super) fn fold_trouble(&self) -> Option<String> {
        self.troubles.lock().fold.clone()
    }
}

pub(super) const CLOSED: &str = "the ledger is closed";
