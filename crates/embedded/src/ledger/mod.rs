//! The ledger on two SQLite files.
//!
//! **`log.db`** takes accepted entries, appended and synced before anything else happens; **`chunks.db`**
//! is the history, into which entries are folded later, in bulk and sorted, which costs a fraction of
//! writing each to its place at once. What is not folded yet, the *tail*, is in memory too, and is read
//! again at a start. At any moment both files together hold every acknowledged entry, whichever of them
//! lost its last transaction.
//!
//! A record's way: [`Ledger::append`](chinwag_ports::Ledger::append) puts it into the intake; the writer
//! takes a batch, one of each chat in turn, decides about each ([`chinwag_chat::Chat::apply`]), appends
//! what was accepted in one transaction, puts it into the tail, has it projected and published, and
//! answers. The folder folds when many entries have come or some time has passed, and lets them out of
//! the tail; the writer then clears them from the log. Readers take the tail, then the chunks.
//!
//! A deletion is true: the content is overwritten in the chunks with the next fold, the log's tables are
//! cleared with zeros, both WALs are cut off. That takes `wipe_after_ms` and, under load, the time of two
//! folds; a clean stop leaves nothing. What a disk or file system keeps of overwritten bytes is not in
//! this program's hands.
//!
//! A disk that is full refuses records until there is room; one whose write or sync fails ends the
//! ledger's promises until a start has looked at the disk anew (reads go on).
//!
//! One process at a time: the lock is the caller's.

mod block;
mod bytes;
mod cache;
mod chunk;
mod database;
mod decide;
mod error;
mod faults;
mod fold;
mod folder;
mod hash;
mod health;
mod history;
mod ids;
mod ids_filter;
mod ids_fold;
mod inline;
mod intake;
mod log;
mod messages;
mod open;
mod packs;
mod pages;
mod readers;
mod record;
mod schema;
mod settings;
mod shared;
mod spine;
mod stats;
mod store;
mod tail;
#[cfg(test)]
mod testing;
mod threads;
mod timer;
mod writer;

pub use faults::Faults;
pub use settings::LedgerSettings;
pub use stats::{LedgerObserver, LedgerStats, NoObserver};
pub use store::EmbeddedLedger;

/// The databases' names, what tells them from others, and how many layouts are known.
pub(crate) const fn databases() -> [(&'static str, i32, usize); 2] {
    use schema::{CHUNKS_SCHEMA, LOG_SCHEMA};
    [
        (LOG_SCHEMA.file, LOG_SCHEMA.application, LOG_SCHEMA.migrations.len()),
        (CHUNKS_SCHEMA.file, CHUNKS_SCHEMA.application, CHUNKS_SCHEMA.migrations.len()),
    ]
}

/// Why the ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder could not be made, or a thread not started.
    #[error("the ledger could not be opened: {0}")]
    Io(#[from] std::io::Error),
    /// A file cannot be opened, is of a newer version or of another program.
    #[error("{0}")]
    Database(#[from] crate::OpenError),
    /// What a file holds is damaged, or cannot be read or written.
    #[error("the ledger could not be opened: {0}")]
    Store(String),
    /// The files are not of one and the same store.
    #[error("log.db and chunks.db are of different stores; put the right one back")]
    Strangers,
    /// A file is missing that was there.
    #[error(
        "log.db is gone, and with it what was not yet in chunks.db; put it back from the disk or a backup"
    )]
    LogGone,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Randomness(String),
}

impl From<error::StoreError> for OpenError {
    fn from(error: error::StoreError) -> Self {
        Self::Store(error.to_string())
    }
}
