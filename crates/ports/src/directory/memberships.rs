//! Memberships: a projection of the chats' own state by which a user's chats are found. Read rights
//! never come from here.

use async_trait::async_trait;
use chinwag_chat::Fingerprint;
use chinwag_proto::{ChatId, ClientMessageId, GroupId, Role, Seq, UserId};

use crate::Unavailable;

/// What the projection says of a user and a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// A member, with his role.
    Member(Role),
    /// A member no longer.
    Former,
}

/// One row. A row with a lower seq than the one that stands is ignored; of two with the same seq the later
/// one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipRow {
    /// The user.
    pub user: UserId,
    /// The chat.
    pub chat: ChatId,
    /// The entry that says so.
    pub seq: Seq,
    /// What it says.
    pub membership: Membership,
}

/// The chats of users.
#[async_trait]
pub trait Memberships: Send + Sync {
    /// Writes rows; durable when it returns. Older rows are ignored, repeating changes nothing.
    async fn project(&self, rows: &[MembershipRow]) -> Result<(), Unavailable>;

    /// Chats that a user is a member of, in the order of (kind, ids), after one.
    async fn chats_of(
        &self,
        user: UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> Result<Vec<ChatId>, Unavailable>;

    /// Which of `others` share with `user` a direct chat or a group of at most `group_max` members.
    async fn acquainted(
        &self,
        user: UserId,
        others: &[UserId],
        group_max: usize,
    ) -> Result<Vec<UserId>, Unavailable>;
}

/// What a reservation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The group that was reserved first.
    pub group: GroupId,
    /// The request that reserved it.
    pub fingerprint: Fingerprint,
}

/// Ids of groups reserved for a client's own id, so that a retried creation makes no second group.
#[async_trait]
pub trait Reservations: Send + Sync {
    /// Reserves `group` for (user, id) unless one is reserved already; answers what stands. Durable.
    async fn reserve(
        &self,
        user: UserId,
        id: &ClientMessageId,
        group: GroupId,
        fingerprint: Fingerprint,
    ) -> Result<Reserved, Unavailable>;
}
