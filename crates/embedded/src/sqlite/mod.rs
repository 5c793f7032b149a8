//! A SQLite database as a store: one writer, several readers, and an honest answer when the disk fails.
//!
//! Which tables there are is said by each store's migrations. The ledger, whose log has rules of its
//! own, is not built on this.

mod failure;
mod open;
mod readers;
mod store;
#[cfg(test)]
mod tests;
mod values;
mod wait;
mod writer;

pub use open::OpenError;
pub(crate) use open::Schema;
pub(crate) use store::Store;
pub(crate) use values::{
    boolean, chat_columns, chat_of, fingerprint_of, id_list, integer, number, optional_text, text, time,
};
pub(crate) use wait::wait;

/// Jobs that wait for the writer, or for the readers; who comes then waits outside. A job is about
/// 100 bytes.
const QUEUE: usize = 1_024;
