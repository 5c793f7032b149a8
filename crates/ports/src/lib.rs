//! What the server needs from the world: one small trait per box of the architecture.
//!
//! Every trait says what it guarantees (order, atomicity, idempotence, what "not found" means), and has
//! a contract suite and an in-memory twin under the feature `testing`. Which engine stands behind a
//! trait is not known here.

pub mod backups;
pub mod blobs;
pub mod chain;
pub mod clock;
pub mod cursors;
pub mod directory;
pub mod discovery;
pub mod ledger;
pub mod live_bus;
pub mod presence;

#[cfg(any(test, feature = "testing"))]
pub mod contract;
#[cfg(any(test, feature = "testing"))]
pub mod twins;

pub use backups::Backups;
pub use blobs::{BlobBook, Blobs};
pub use clock::Clock;
pub use cursors::{Cursors, Mark};
pub use directory::{
    Accounts, Contacts, DeviceChains, Devices, Invites, KeyPackages, Memberships, Profiles, Reservations,
};
pub use discovery::{Discovery, IdLease, Node, NodeLoad};
pub use ledger::{Append, Appended, Commit, Commits, Ledger, Origin, Pending};
pub use live_bus::{Channel, Event, LiveBus, Subscriber};
pub use presence::{Claim, Presence, Session};

/// The engine behind a port did not answer or failed: nothing was accepted, a retry is safe.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Unavailable(
    /// Why, for the operator; holds no user content.
    pub String,
);
