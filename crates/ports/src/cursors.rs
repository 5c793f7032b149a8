//! Read and delivered marks: beside the chat, growing only, merged by maximum.

use async_trait::async_trait;
use chinwag_proto::{ChatId, Seq, UserId};

use crate::Unavailable;

/// A member's marks in a chat; 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Mark {
    /// Read up to and with this.
    pub read: Seq,
    /// Delivered up to and with this.
    pub delivered: Seq,
}

impl Mark {
    /// Both marks, each the larger of the two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { read: self.read.max(other.read), delivered: self.delivered.max(other.delivered) }
    }
}

/// Read and delivered marks. Order of calls does not matter; a crash may lose the last second of them,
/// a clean stop loses none.
#[async_trait]
pub trait Cursors: Send + Sync {
    /// Raises marks; a lower one changes nothing. Answers the marks after it. `read` raises `delivered`.
    async fn raise(&self, chat: ChatId, user: UserId, mark: Mark) -> Result<Mark, Unavailable>;

    /// A user's marks in many chats, in the order asked.
    async fn of_user(&self, user: UserId, chats: &[ChatId]) -> Result<Vec<Mark>, Unavailable>;

    /// The marks of many users in one chat, in the order asked.
    async fn of_chat(&self, chat: ChatId, users: &[UserId]) -> Result<Vec<Mark>, Unavailable>;

    /// Writes what is only in memory. Called before a clean stop.
    async fn flush(&self) -> Result<(), Unavailable>;
}
