//! Who has put which blob into which chat.

use async_trait::async_trait;
use chinwag_proto::{BlobName, ChatId, Timestamp, UserId};

use super::MemoryDirectory;
use crate::Unavailable;
use crate::blobs::{BlobBook, BlobEntry, BlobQuota, Noted};

#[async_trait]
impl BlobBook for MemoryDirectory {
    async fn note(
        &self,
        entry: BlobEntry,
        bytes: u64,
        now: Timestamp,
        quota: BlobQuota,
    ) -> Result<Noted, Unavailable> {
        let mut tables = self.write()?;
        if tables.user(entry.user).is_none() {
            return Ok(Noted::NoUser);
        }
        if tables.book.contains_key(&entry) {
            return Ok(Noted::Done);
        }
        let lately =
            tables.book.iter().filter(|(other, (_, at))| other.user == entry.user && *at >= quota.since);
        if lately.map(|(_, (bytes, _))| bytes).sum::<u64>() + bytes > quota.bytes {
            return Ok(Noted::TooMuch);
        }
        tables.book.insert(entry, (bytes, now));
        Ok(Noted::Done)
    }

    async fn in_chat(&self, name: BlobName, chat: ChatId) -> Result<bool, Unavailable> {
        Ok(self.read()?.book.keys().any(|entry| (entry.name, entry.chat) == (name, chat)))
    }

    async fn entries_of(&self, user: UserId, limit: usize) -> Result<Vec<BlobEntry>, Unavailable> {
        let tables = self.read()?;
        Ok(tables.book.keys().filter(|entry| entry.user == user).take(limit).copied().collect())
    }

    async fn named_elsewhere(&self, entry: BlobEntry) -> Result<bool, Unavailable> {
        Ok(self.read()?.book.keys().any(|other| other.name == entry.name && *other != entry))
    }

    async fn strike(&self, entry: BlobEntry) -> Result<(), Unavailable> {
        self.write()?.book.remove(&entry);
        Ok(())
    }
}
