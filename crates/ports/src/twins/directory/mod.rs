//! The directory in memory: all its traits on one struct, each call under one lock.

mod accounts;
mod book;
mod contacts;
mod devices;
mod keys;
mod memberships;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_proto::{ChatId, ClientMessageId, DeviceId, Seq, Timestamp, UserId};
use parking_lot::{Mutex, MutexGuard};

use crate::Unavailable;
use crate::blobs::BlobEntry;
use crate::directory::{Account, Device, Invite, Membership, Reserved, TokenHash};
use crate::twins::Faults;

/// The directory in memory.
#[derive(Default)]
pub struct MemoryDirectory {
    tables: Mutex<Tables>,
    reads: Faults,
    writes: Faults,
}

impl MemoryDirectory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls that read fail.
    pub fn read_faults(&self) -> &Faults {
        &self.reads
    }

    /// Lets calls that write fail; nothing is written then.
    pub fn write_faults(&self) -> &Faults {
        &self.writes
    }

    fn read(&self) -> Result<MutexGuard<'_, Tables>, Unavailable> {
        self.reads.check()?;
        Ok(self.tables.lock())
    }

    fn write(&self) -> Result<MutexGuard<'_, Tables>, Unavailable> {
        self.writes.check()?;
        Ok(self.tables.lock())
    }
}

#[derive(Default)]
struct Tables {
    users: BTreeMap<UserId, UserRow>,
    /// All names that were ever given.
    names: BTreeSet<String>,
    invites: BTreeMap<u64, InviteRow>,
    last_invite: u64,
    devices: BTreeMap<DeviceId, DeviceRow>,
    /// (whose, whom).
    contacts: BTreeMap<(UserId, UserId), Timestamp>,
    /// (whose, whom).
    blocks: BTreeMap<(UserId, UserId), Timestamp>,
    memberships: BTreeMap<(UserId, ChatId), (Seq, Membership)>,
    reservations: BTreeMap<(UserId, ClientMessageId), Reserved>,
    /// Device chains.
    links: BTreeMap<UserId, Vec<Vec<u8>>>,
    /// Blobs with their size and when they were put.
    book: BTreeMap<BlobEntry, (u64, Timestamp)>,
}

struct UserRow {
    account: Account,
    /// `None` once erased.
    password_hash: Option<String>,
}

struct InviteRow {
    hash: [u8; 32],
    invite: Invite,
}

struct DeviceRow {
    device: Device,
    token: Option<(TokenHash, Timestamp)>,
    keys: DeviceKeys,
}

#[derive(Default)]
struct DeviceKeys {
    /// The next one to give out stands first.
    waiting: VecDeque<Vec<u8>>,
    /// Those that were given out, the last ones.
    given: VecDeque<Vec<u8>>,
    last_resort: Option<Vec<u8>>,
}

impl Tables {
    /// A user who is there and not erased.
    fn user(&mut self, user: UserId) -> Option<&mut UserRow> {
        self.users.get_mut(&user).filter(|row| row.password_hash.is_some())
    }

    /// Whether a user may have a live token.
    fn may_log_in(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|row| row.password_hash.is_some() && !row.account.suspended)
    }

    fn device_of(&mut self, user: UserId, device: DeviceId) -> Option<&mut DeviceRow> {
        self.devices.get_mut(&device).filter(|row| row.device.user == user)
    }
}
