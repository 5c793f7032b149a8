//! A SQLite database as a store: one writer, several readers, and an honest answer when the disk fails.
//!
//! Which tables there are is said by each store's migrations. The ledger opens its databases here, and
//! works on them by rules of its own.

mod chain;
mod failure;
mod open;
mod readers;
mod store;
#[cfg(test)]
mod tests;
mod values;
mod wait;
mod writer;

use std::time::Duration;

pub(crate) use chain::List;
pub use open::OpenError;
pub(crate) use open::{Database, Schema, open_reader, open_writer};
pub(crate) use store::Store;
pub(crate) use values::{
    boolean, chat_columns, chat_of, fingerprint_of, id_list, integer, number, optional_text, text, time,
};
pub(crate) use wait::wait;

/// How long a connection waits for the lock of another process, such as somebody's `sqlite3`.
const BUSY: Duration = Duration::from_secs(5);

/// Jobs that wait for the writer, or for the readers; who comes then waits outside. A job is about
/// 100 bytes.
const QUEUE: usize = 1_024;
