//! Key packages and device chains: what others need to put a user's devices into an encrypted chat.
//! Opaque to the server.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Seq, UserId};

use crate::Unavailable;
use crate::chain::{Append, Appended, Page};

/// Key packages that were given out and are still remembered, for each device: one that is published again, as
/// when the answer was lost, is not given out again.
pub const REMEMBERED: usize = 1_000;

/// What a device has waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// One-time key packages.
    pub available: usize,
    /// Whether there is a last-resort one.
    pub last_resort: bool,
}

/// What a device publishes.
#[derive(Clone, PartialEq, Eq)]
pub struct Publish {
    /// Whose.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// One-time key packages, to be given out in this order, behind those that wait.
    pub packages: Vec<Vec<u8>>,
    /// The last-resort one; `None` leaves it as it is.
    pub last_resort: Option<Vec<u8>>,
    /// So many one-time key packages may wait.
    pub waiting_max: usize,
}

/// Never prints the bytes.
impl std::fmt::Debug for Publish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publish")
            .field("device", &self.device)
            .field("packages", &self.packages.len())
            .finish_non_exhaustive()
    }
}

/// What publishing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// All are there, with what waits now.
    Done(Stock),
    /// Too many would wait; nothing was changed.
    TooMany,
    /// The user has no such device; nothing was changed.
    NoDevice,
}

/// A key package that was given out.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Who made it.
    pub device: DeviceId,
    /// The key package.
    pub package: Vec<u8>,
    /// Whether it is the last-resort one.
    pub last_resort: bool,
}

/// Never prints the bytes.
impl std::fmt::Debug for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claimed")
            .field("device", &self.device)
            .field("last_resort", &self.last_resort)
            .finish_non_exhaustive()
    }
}

/// Key packages of devices. Each call is atomic, and durable when it is answered.
///
/// They go with their device ([`super::Devices::remove_device`]) and with their user
/// ([`super::Accounts::erase`]), in the same step.
#[async_trait]
pub trait KeyPackages: Send + Sync {
    /// Adds key packages of a device. One that waits already, or is among the last [`REMEMBERED`] given out, is
    /// passed over: publishing again changes nothing.
    async fn publish(&self, publish: Publish) -> Result<Published, Unavailable>;

    /// What a device of the user has waiting; nothing where it is not there.
    async fn stock(&self, user: UserId, device: DeviceId) -> Result<Stock, Unavailable>;

    /// Takes one key package of each of the user's devices (of those named, where any are): the oldest
    /// one-time one, which nobody is ever given again, else the last-resort one. A device that has none, or is not
    /// his, is left out. The oldest device stands first.
    async fn claim(&self, user: UserId, devices: Option<&[DeviceId]>) -> Result<Vec<Claimed>, Unavailable>;
}

/// Device chains: an append-only list of links for each user, numbered from 1. Each call is atomic, and durable
/// when it is answered. A chain outlives its user's erasure.
#[async_trait]
pub trait DeviceChains: Send + Sync {
    /// Appends links to a user's chain, by the rules of [`Append`]. Whoever is not there or erased has a full
    /// chain.
    async fn append_links(
        &self,
        user: UserId,
        append: Append,
        links_max: u64,
    ) -> Result<Appended, Unavailable>;

    /// Links after a number, in their order: at most `limit`, and no more than `bytes_max` of them together,
    /// but one at least. Nothing is above the chain's end.
    async fn links(
        &self,
        user: UserId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable>;
}
