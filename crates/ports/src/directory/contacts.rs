//! Contacts and blocks.

use async_trait::async_trait;
use chinwag_proto::{Timestamp, UserId};

use crate::Unavailable;

/// A user, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The user.
    pub user: UserId,
    /// Since when.
    pub since: Timestamp,
}

/// Contacts and blocks of users. All writes are idempotent; the first `since` stays. Adding somebody who is
/// not there or erased, or for such a one, does nothing: it is as if the erasure had come after.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// Adds a contact. `false`: there are `max` already.
    async fn add_contact(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable>;

    /// Removes a contact.
    async fn remove_contact(&self, user: UserId, other: UserId) -> Result<(), Unavailable>;

    /// A user's contacts, in the order of ids.
    async fn contacts(&self, user: UserId) -> Result<Vec<Since>, Unavailable>;

    /// Blocks. `false`: there are `max` already.
    async fn add_block(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable>;

    /// Ends a block.
    async fn remove_block(&self, user: UserId, other: UserId) -> Result<(), Unavailable>;

    /// Whom a user blocks, the newest first.
    async fn blocks(&self, user: UserId) -> Result<Vec<Since>, Unavailable>;

    /// Which of `others` block `user`.
    async fn blocked_by(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable>;

    /// Which of `others` have `user` among their contacts.
    async fn contact_of(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable>;
}
