//! Blobs: bytes under the name of their SHA-256, and who has put which of them into which chat.
//!
//! Two boxes: where the bytes lie ([`Blobs`], a folder or an object store), and the book of who may have them
//! erased ([`BlobBook`], a table of the directory). Rights are not known here.

use async_trait::async_trait;
use bytes::Bytes;
use chinwag_proto::{BlobName, ChatId, Timestamp, UserId};

use crate::Unavailable;

/// A blob on its way in. Dropped before [`BlobWriter::finish`], it leaves nothing.
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends bytes. After an error the writer is of no use.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Unavailable>;

    /// Puts what was written under its name, in one step: nobody sees a part of it. Durable when it is
    /// answered. That the name is the SHA-256 of the bytes is for the caller to see to; where the name is
    /// taken already, its bytes are the same ones and stay.
    async fn finish(self: Box<Self>, name: BlobName) -> Result<(), Unavailable>;
}

/// Where the bytes of blobs lie. After a crash a blob is there whole or not at all.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Begins a blob.
    async fn begin(&self) -> Result<Box<dyn BlobWriter>, Unavailable>;

    /// How many bytes a blob has. `None`: there is no such blob.
    async fn size(&self, name: BlobName) -> Result<Option<u64>, Unavailable>;

    /// At most `len` bytes from `offset` on; fewer only at its end, where it is empty. `None`: there is no such
    /// blob.
    async fn read(&self, name: BlobName, offset: u64, len: usize) -> Result<Option<Bytes>, Unavailable>;

    /// Deletes a blob; durable when it is answered. Idempotent.
    async fn delete(&self, name: BlobName) -> Result<(), Unavailable>;
}

/// A line of the book: who has put which blob into which chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobEntry {
    /// The blob.
    pub name: BlobName,
    /// The chat.
    pub chat: ChatId,
    /// Who.
    pub user: UserId,
}

/// What noting a line came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It stands in the book, now or since earlier.
    Done,
    /// The user has put so much within the time that he may put no more just now. Nothing was changed.
    TooMuch,
    /// The user is not there, or erased. Nothing was changed.
    NoUser,
}

/// How much a user may put within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobQuota {
    /// What is counted was put at this time or later.
    pub since: Timestamp,
    /// So many bytes.
    pub bytes: u64,
}

/// Who has put which blob into which chat. Each call is atomic, and durable when it is answered. The book
/// outlives the erasure of a user: his blobs are deleted by it.
#[async_trait]
pub trait BlobBook: Send + Sync {
    /// Notes that a user puts a blob that counts as `bytes`. One who has put it into this chat before has
    /// nothing counted again.
    async fn note(
        &self,
        entry: BlobEntry,
        bytes: u64,
        now: Timestamp,
        quota: BlobQuota,
    ) -> Result<Noted, Unavailable>;

    /// Whether anybody has put the blob into the chat.
    async fn in_chat(&self, name: BlobName, chat: ChatId) -> Result<bool, Unavailable>;

    /// What a user has put, in an order of its own, at most `limit` of it.
    async fn entries_of(&self, user: UserId, limit: usize) -> Result<Vec<BlobEntry>, Unavailable>;

    /// Whether any other line names the blob.
    async fn named_elsewhere(&self, entry: BlobEntry) -> Result<bool, Unavailable>;

    /// Strikes a line out. Idempotent.
    async fn strike(&self, entry: BlobEntry) -> Result<(), Unavailable>;
}
