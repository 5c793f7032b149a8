//! Backups: the epoch keys of a user's chats, sealed by his devices; opaque to the server.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Seq, Timestamp, UserId};

use crate::Unavailable;
use crate::chain::{Append, Appended, Page};

/// How much a user may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupLimits {
    /// Records.
    pub records: u64,
    /// Bytes of records.
    pub bytes: u64,
    /// Chains.
    pub chains: u64,
}

/// One chain of a user's backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupChain {
    /// The device that writes it, or wrote it.
    pub device: DeviceId,
    /// The number of its last record.
    pub head: Seq,
    /// When that was appended.
    pub updated_at: Timestamp,
}

/// Backups: a list of records for each device of a user, numbered from 1, which outlives the device. Each call
/// but [`Backups::erase`] is atomic; all are durable when they are answered.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Appends records to a device's chain, by the rules of [`Append`]. [`Appended::Full`]: the user would
    /// have more than `limits` allow, or was erased.
    async fn append(
        &self,
        user: UserId,
        device: DeviceId,
        append: Append,
        now: Timestamp,
        limits: BackupLimits,
    ) -> Result<Appended, Unavailable>;

    /// A user's chains, in the order of their devices' ids.
    async fn chains(&self, user: UserId) -> Result<Vec<BackupChain>, Unavailable>;

    /// Records after a number, in their order: at most `limit`, and no more than `bytes_max` of them together,
    /// but one at least. Nothing is above the chain's end; a chain that is not there is empty.
    async fn records(
        &self,
        user: UserId,
        device: DeviceId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable>;

    /// Deletes all that a user has, for ever: nothing is taken for him any more. Idempotent; what a crash
    /// interrupts is finished by asking again.
    async fn erase(&self, user: UserId) -> Result<(), Unavailable>;
}
