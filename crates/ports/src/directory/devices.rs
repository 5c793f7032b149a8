//! Devices and their tokens.

use async_trait::async_trait;
use chinwag_proto::text::Name;
use chinwag_proto::{DeviceId, Timestamp, UserId};

use crate::Unavailable;

/// SHA-256 of a token; the token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Never prints the hash.
impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id; never used again.
    pub id: DeviceId,
    /// Whose.
    pub user: UserId,
    /// What its user calls it.
    pub name: Name,
    /// When it first logged in.
    pub created_at: Timestamp,
    /// When it was last heard.
    pub last_seen: Option<Timestamp>,
    /// Whether it has a token.
    pub logged_in: bool,
}

/// A device that logs in for the first time.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// From the id generator.
    pub id: DeviceId,
    /// Whose.
    pub user: UserId,
    /// What its user calls it.
    pub name: Name,
    /// Its token.
    pub token: TokenHash,
    /// When that dies.
    pub expires_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Whose a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// When the token dies.
    pub expires_at: Timestamp,
}

/// Devices and their tokens. Each call is atomic. A suspended or erased user has no live token.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Adds a device. `false`: the user has `devices_max` already, or is erased or suspended.
    async fn add_device(&self, device: NewDevice, devices_max: usize) -> Result<bool, Unavailable>;

    /// Gives a device of the user another token; the old one dies. `false`: no such device of his, or he is
    /// erased or suspended.
    async fn renew_token(
        &self,
        user: UserId,
        device: DeviceId,
        token: TokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, Unavailable>;

    /// Whose a token is. Its expiry is not looked at.
    async fn token_owner(&self, token: &TokenHash) -> Result<Option<TokenOwner>, Unavailable>;

    /// A user's devices, the oldest first.
    async fn devices(&self, user: UserId) -> Result<Vec<Device>, Unavailable>;

    /// Renames. `false`: no such device of his.
    async fn rename_device(&self, user: UserId, device: DeviceId, name: &Name) -> Result<bool, Unavailable>;

    /// Ends a device's token; the device stays listed. Idempotent.
    async fn end_token(&self, user: UserId, device: DeviceId) -> Result<(), Unavailable>;

    /// Ends the tokens of all the user's devices but one; answers those that had one.
    async fn end_other_tokens(
        &self,
        user: UserId,
        keep: Option<DeviceId>,
    ) -> Result<Vec<DeviceId>, Unavailable>;

    /// Removes a device, its token and its key packages. `false`: no such device of his.
    async fn remove_device(&self, user: UserId, device: DeviceId) -> Result<bool, Unavailable>;

    /// Notes when devices were last heard, and until when their tokens live; neither goes back. A device that
    /// is not there is passed over. May be lost in a crash.
    async fn seen(&self, devices: &[(DeviceId, Timestamp, Timestamp)]) -> Result<(), Unavailable>;
}
