//! Contract suites: one per trait, run by every adapter and by the in-memory twins.
//!
//! A suite takes a function that makes a fresh engine and asserts each guarantee in the trait's docs;
//! it panics where one is broken. Suites named `…_restart_contract` take a function that opens the same
//! store again. No runtime is assumed. What an engine promises beyond its trait is for its own tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "suites are tests")]

mod backups;
mod blobs;
mod chain;
mod cursors;
mod directory;
mod discovery;
mod ledger;
mod live_bus;
mod presence;
mod samples;

pub use backups::{backups_contract, backups_restart_contract};
pub use blobs::{blobs_contract, blobs_restart_contract};
pub use cursors::{cursors_contract, cursors_restart_contract};
pub use directory::{
    WholeDirectory, accounts_contract, blob_book_contract, contacts_contract, device_chains_contract,
    devices_contract, directory_contract, directory_restart_contract, invites_contract,
    key_packages_contract, memberships_contract, profiles_contract, reservations_contract,
};
pub use discovery::{
    discovery_contract, discovery_of_many_contract, discovery_restart_contract, id_lease_restart_contract,
};
pub use ledger::{ledger_contract, ledger_restart_contract, ledger_twin_contract};
pub use live_bus::live_bus_contract;
pub use presence::presence_contract;
