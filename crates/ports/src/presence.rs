//! Presence: which device is connected where, and when a user was last seen.

use async_trait::async_trait;
use chinwag_proto::frame::PresenceStatus;
use chinwag_proto::{DeviceId, Timestamp, UserId};

use crate::Unavailable;

/// A connection of a device to a node. It is valid while it is refreshed, and dies with its node's
/// incarnation: a crash needs no sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// The node's number.
    pub node: u16,
    /// The node's incarnation.
    pub incarnation: u64,
}

/// A device's claim number: it rises with every authentication, a lower one has been replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim(pub u64);

/// Which device is connected where. Lost with the engine; rebuilt by the connections' refreshes.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Atomically raises the device's claim and enters its session, active, replacing an earlier one.
    async fn claim(&self, session: Session, now: Timestamp) -> Result<Claim, Unavailable>;

    /// Whether this is still the device's newest claim; keeps the session alive if so. One that was replaced
    /// stays so, also after the newer one was released.
    async fn refresh(&self, session: Session, claim: Claim, now: Timestamp) -> Result<bool, Unavailable>;

    /// Whether the user is at the device. Nothing happens if the claim is not the newest.
    async fn set_active(&self, session: Session, claim: Claim, active: bool) -> Result<(), Unavailable>;

    /// Ends a session if the claim is still the newest; the user was last seen `now`.
    async fn release(&self, session: Session, claim: Claim, now: Timestamp) -> Result<(), Unavailable>;

    /// Where users stand, in the order asked. Rights are not looked at here. `offline` begins when the
    /// last session ended; the grace before it is announced is the caller's.
    async fn status(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, Unavailable>;
}
