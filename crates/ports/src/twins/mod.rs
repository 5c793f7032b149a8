//! In-memory twins of every port, for tests: simple models of what the traits promise.
//!
//! They keep nothing over a restart and sweep nothing. Each can be told to fail ([`Faults`]). The
//! engines that a deployment runs on are elsewhere, those in memory too.

mod backups;
mod blobs;
mod chain;
mod clock;
mod cursors;
mod directory;
mod discovery;
mod faults;
mod ledger;
mod live_bus;
mod presence;
#[cfg(test)]
mod tests;

pub use backups::MemoryBackups;
pub use blobs::MemoryBlobs;
pub use clock::FakeClock;
pub use cursors::MemoryCursors;
pub use directory::MemoryDirectory;
pub use discovery::MemoryDiscovery;
pub use faults::Faults;
pub use ledger::{MemoryLedger, NoCommits};
pub use live_bus::MemoryBus;
pub use presence::MemoryPresence;
