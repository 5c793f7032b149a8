//! Marks in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{ChatId, UserId};
use parking_lot::Mutex;

use crate::twins::Faults;
use crate::{Cursors, Mark, Unavailable};

/// Read and delivered marks in memory.
#[derive(Default)]
pub struct MemoryCursors {
    marks: Mutex<BTreeMap<(ChatId, UserId), Mark>>,
    faults: Faults,
}

impl MemoryCursors {
    /// Without marks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    fn look_up(&self, keys: impl Iterator<Item = (ChatId, UserId)>) -> Result<Vec<Mark>, Unavailable> {
        self.faults.check()?;
        let marks = self.marks.lock();
        Ok(keys.map(|key| marks.get(&key).copied().unwrap_or_default()).collect())
    }
}

#[async_trait]
impl Cursors for MemoryCursors {
    async fn raise(&self, chat: ChatId, user: UserId, mark: Mark) -> Result<Mark, Unavailable> {
        self.faults.check()?;
        let mark = Mark { delivered: mark.delivered.max(mark.read), ..mark };
        let mut marks = self.marks.lock();
        let stands = marks.entry((chat, user)).or_default();
        *stands = stands.max(mark);
        Ok(*stands)
    }

    async fn of_user(&self, user: UserId, chats: &[ChatId]) -> Result<Vec<Mark>, Unavailable> {
        self.look_up(chats.iter().map(|&chat| (chat, user)))
    }

    async fn of_chat(&self, chat: ChatId, users: &[UserId]) -> Result<Vec<Mark>, Unavailable> {
        self.look_up(users.iter().map(|&user| (chat, user)))
    }

    async fn flush(&self) -> Result<(), Unavailable> {
        self.faults.check()
    }
}
