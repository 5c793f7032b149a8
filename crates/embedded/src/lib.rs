//! Every port on SQLite, memory and a folder: one process, one data folder, nothing else to run.
//!
//! The rules of chats are not here (`chinwag-chat`), nor is what a port promises (`chinwag-ports`):
//! only how one machine keeps those promises.

pub mod backups;
pub mod blobs;
pub mod check;
pub mod cursors;
pub mod directory;
pub mod discovery;
pub mod ledger;
pub mod live_bus;
pub mod lock;
pub mod place;
pub mod presence;
#[cfg(test)]
mod released;
mod sqlite;

pub use backups::SqliteBackups;
pub use blobs::FolderBlobs;
pub use cursors::{CursorSettings, SqliteCursors};
pub use directory::SqliteDirectory;
pub use discovery::LocalDiscovery;
pub use live_bus::LocalBus;
pub use lock::{DataFolder, FolderError};
pub use place::{Mode, Place};
pub use presence::{LocalPresence, PresenceLimits};
pub use sqlite::OpenError;
