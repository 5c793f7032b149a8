//! Blobs of chats on their way in and out: who may, how large, how much a day.
//!
//! A line of the book comes before its file and goes after it, so that no file is ever without one. Both are
//! done under the lock of the blob's name: on this node a blob is not deleted while another puts it.

use std::sync::Arc;

use bytes::Bytes;
use chinwag_ports::blobs::{BlobEntry, BlobQuota, BlobWriter, Noted};
use chinwag_ports::{BlobBook, Blobs as Store, Clock, Unavailable};
use chinwag_proto::{BlobName, ChatId, Limits, UserId};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::reading::Reading;
use super::sending::Sending;
use super::{Caller, Failure, Ports};

/// Locks for all names together.
const LOCKS: usize = 64;
/// What a blob counts as, at least: the block of a disk.
const BYTES_MIN: u64 = 4 * 1024;
const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// When somebody who has put too much should come back: some of it may count no longer then.
const RETRY_MS: u64 = 3_600_000;
/// Lines of one look at the book.
const PAGE: usize = 100;

/// Blobs of chats.
pub struct Blobs {
    store: Arc<dyn Store>,
    book: Arc<dyn BlobBook>,
    clock: Arc<dyn Clock>,
    reading: Arc<Reading>,
    sending: Arc<Sending>,
    bytes_max: usize,
    bytes_per_day: u64,
    locks: [Mutex<()>; LOCKS],
}

/// A blob on its way in.
pub struct Incoming<'a> {
    blobs: &'a Blobs,
    entry: BlobEntry,
    writer: Box<dyn BlobWriter>,
    hash: Sha256,
    bytes: usize,
}

impl Blobs {
    pub(super) fn new(ports: &Ports, limits: &Limits, reading: Arc<Reading>, sending: Arc<Sending>) -> Self {
        Self {
            store: Arc::clone(&ports.blobs),
            book: Arc::clone(&ports.blob_book),
            clock: Arc::clone(&ports.clock),
            reading,
            sending,
            bytes_max: limits.blob_bytes,
            bytes_per_day: limits.blob_bytes_per_day as u64,
            locks: std::array::from_fn(|_| Mutex::new(())),
        }
    }

    /// Begins to take a blob from somebody who may send to the chat.
    pub async fn begin(&self, caller: Caller, chat: ChatId, name: BlobName) -> Result<Incoming<'_>, Failure> {
        self.check(caller, chat).await?;
        if matches!(chat, ChatId::Inbox(_)) {
            return Err(Failure::Forbidden("an inbox takes notices only"));
        }
        self.sending.check_peer(caller.user, chat).await?;
        let entry = BlobEntry { name, chat, user: caller.user };
        let writer = self.store.begin().await?;
        Ok(Incoming { blobs: self, entry, writer, hash: Sha256::new(), bytes: 0 })
    }

    /// The size of a blob of a chat that the caller may see.
    pub async fn size(&self, caller: Caller, chat: ChatId, name: BlobName) -> Result<u64, Failure> {
        self.check(caller, chat).await?;
        let size = if self.book.in_chat(name, chat).await? { self.store.size(name).await? } else { None };
        size.ok_or(Failure::NotFound("there is no such blob in this chat"))
    }

    /// Bytes of a blob whose size was asked for; `None` once it is deleted.
    pub async fn read(&self, name: BlobName, offset: u64, len: usize) -> Result<Option<Bytes>, Unavailable> {
        self.store.read(name, offset, len).await
    }

    /// Deletes all that a user has put, save what others have put, too.
    pub async fn erase(&self, user: UserId) -> Result<(), Failure> {
        loop {
            let entries = self.book.entries_of(user, PAGE).await?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                let _lock = self.lock(entry.name).lock().await;
                if !self.book.named_elsewhere(entry).await? {
                    self.store.delete(entry.name).await?;
                }
                self.book.strike(entry).await?;
            }
        }
    }

    /// Whether the caller may see the chat; a direct chat need not have begun.
    async fn check(&self, caller: Caller, chat: ChatId) -> Result<(), Failure> {
        if chat.names(caller.user) {
            return Ok(());
        }
        self.reading.access(caller.user, chat).await.map(drop)
    }

    fn lock(&self, name: BlobName) -> &Mutex<()> {
        let [first, ..] = name.0;
        &self.locks[usize::from(first) % LOCKS]
    }
}

impl Incoming<'_> {
    /// The next bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > self.blobs.bytes_max {
            return Err(Failure::TooLarge { bytes_max: self.blobs.bytes_max });
        }
        self.hash.update(&bytes);
        Ok(self.writer.write(bytes).await?)
    }

    /// All bytes are there: keeps them, if their name is theirs.
    pub async fn finish(self) -> Result<(), Failure> {
        let Self { blobs, entry, writer, hash, bytes } = self;
        if hash.finalize()[..] != entry.name.0 {
            return Err(Failure::Invalid("`sha256` in the path is not the SHA-256 of the bytes".to_owned()));
        }
        let now = blobs.clock.now();
        let quota = BlobQuota { since: now.plus_ms(-DAY_MS), bytes: blobs.bytes_per_day };
        let _lock = blobs.lock(entry.name).lock().await;
        match blobs.book.note(entry, (bytes as u64).max(BYTES_MIN), now, quota).await? {
            Noted::Done => Ok(writer.finish(entry.name).await?),
            Noted::TooMuch => Err(Failure::RateLimited { retry_after_ms: RETRY_MS }),
            // He was erased meanwhile.
            Noted::NoUser => Err(Failure::Unauthenticated),
        }
    }
}
