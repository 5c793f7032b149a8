//! The directory on SQLite: `directory.db`, all its traits on one struct.
//!
//! The tables are said by `migrations/directory`. Each write is one transaction; several that wait share
//! a sync. Every look-up goes by an index, lists of any length by one statement.

mod accounts;
mod book;
mod chains;
mod contacts;
mod devices;
mod invites;
mod keys;
mod memberships;
#[cfg(test)]
mod plans;
mod profiles;
mod reservations;

use std::sync::Arc;

use chinwag_ports::Unavailable;

use crate::discovery::LocalDiscovery;
use crate::place::Place;
use crate::sqlite::{OpenError, Schema, Store};

/// The directory's database.
pub(crate) const SCHEMA: Schema = Schema {
    file: "directory.db",
    // `cwdi`
    application: 0x6377_6469,
    migrations: &[
        include_str!("../../migrations/directory/0001_directory.sql"),
        include_str!("../../migrations/directory/0002_keys.sql"),
    ],
};

/// The directory on SQLite.
///
/// When the disk is full a write is refused and changes nothing. When a write or a sync fails, reads go
/// on and writes are refused until the restart.
pub struct SqliteDirectory {
    store: Arc<Store>,
}

impl SqliteDirectory {
    /// Opens `directory.db` in a folder that is there; makes or migrates it where there is need.
    ///
    /// # Errors
    /// What keeps it from being opened, and what to do about it.
    pub fn open(place: &Place) -> Result<Self, OpenError> {
        Ok(Self { store: Arc::new(Store::open(place, &SCHEMA)?) })
    }

    /// Discovery of this one node; its numbers lie in the same file.
    pub fn discovery(&self) -> LocalDiscovery {
        LocalDiscovery::new(Arc::clone(&self.store))
    }

    /// Whether writes are taken, and if not, why.
    ///
    /// # Errors
    /// A write or a sync has failed.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.store.ready()
    }

    /// Stops cleanly: what was asked is answered, later calls answer `Unavailable`. Waits for the
    /// threads; idempotent.
    ///
    /// # Errors
    /// The file could not be put in order; the next start does it.
    pub fn close(&self) -> Result<(), Unavailable> {
        self.store.close()
    }
}
