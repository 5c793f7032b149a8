//! The engines of one node, as the ports that the services hold.

use std::sync::Arc;

use chinwag_ports::{
    Accounts, Backups, BlobBook, Blobs, Clock, Contacts, Cursors, DeviceChains, Devices, Discovery, IdLease,
    Invites, KeyPackages, Ledger, LiveBus, Memberships, Presence, Profiles, Reservations,
};

/// One handle per port; cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// The log and history of every chat.
    pub ledger: Arc<dyn Ledger>,
    /// Accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Public profiles.
    pub profiles: Arc<dyn Profiles>,
    /// Invitations to register.
    pub invites: Arc<dyn Invites>,
    /// Devices and tokens.
    pub devices: Arc<dyn Devices>,
    /// Key packages of devices.
    pub key_packages: Arc<dyn KeyPackages>,
    /// Device chains.
    pub device_chains: Arc<dyn DeviceChains>,
    /// Who has put which blob into which chat.
    pub blob_book: Arc<dyn BlobBook>,
    /// Contacts and blocks.
    pub contacts: Arc<dyn Contacts>,
    /// The chats of users.
    pub memberships: Arc<dyn Memberships>,
    /// Reserved group ids.
    pub reservations: Arc<dyn Reservations>,
    /// Read and delivered marks.
    pub cursors: Arc<dyn Cursors>,
    /// Backups.
    pub backups: Arc<dyn Backups>,
    /// Where the bytes of blobs lie.
    pub blobs: Arc<dyn Blobs>,
    /// Fan-out between nodes.
    pub live_bus: Arc<dyn LiveBus>,
    /// Which device is connected where.
    pub presence: Arc<dyn Presence>,
    /// Which nodes live.
    pub discovery: Arc<dyn Discovery>,
    /// Leases of time to the id generator.
    pub id_lease: Arc<dyn IdLease>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}
