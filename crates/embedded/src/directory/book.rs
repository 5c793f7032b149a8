//! Who has put which blob into which chat.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::blobs::{BlobBook, BlobEntry, BlobQuota, Noted};
use chinwag_proto::{BlobName, ChatId, Timestamp, UserId};
use rusqlite::{Connection, Row};

use super::SqliteDirectory;
use super::accounts::user_id;
use crate::sqlite::{chat_columns, chat_of, integer, number};

pub(super) const PUT_LATELY: &str = "SELECT ifnull(sum(bytes), 0) FROM blob WHERE user = ?1 AND at >= ?2";

pub(super) const ENTRIES_OF: &str = "SELECT hash, kind, a, b, user FROM blob WHERE user = ?1 LIMIT ?2";

pub(super) const NAMED_ELSEWHERE: &str =
    "SELECT 1 FROM blob WHERE hash = ?1 AND NOT (kind = ?2 AND a = ?3 AND b = ?4 AND user = ?5)";

type Key = ([u8; 32], i64, i64, i64, i64);

fn key_of(entry: BlobEntry) -> Key {
    let (kind, a, b) = chat_columns(entry.chat);
    (entry.name.0, kind, a, b, integer(entry.user.get()))
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<BlobEntry> {
    Ok(BlobEntry { name: BlobName(row.get(0)?), chat: chat_of(row, 1)?, user: user_id(row, 4)? })
}

fn note(
    db: &Connection,
    entry: BlobEntry,
    bytes: u64,
    now: Timestamp,
    quota: BlobQuota,
) -> rusqlite::Result<Noted> {
    let (hash, kind, a, b, user) = key_of(entry);
    let there =
        db.prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND username IS NOT NULL")?.exists([user])?;
    if !there {
        return Ok(Noted::NoUser);
    }
    let known = "SELECT 1 FROM blob WHERE hash = ?1 AND kind = ?2 AND a = ?3 AND b = ?4 AND user = ?5";
    if db.prepare_cached(known)?.exists((hash, kind, a, b, user))? {
        return Ok(Noted::Done);
    }
    let mut lately = db.prepare_cached(PUT_LATELY)?;
    let lately = lately.query_row((user, quota.since.as_ms()), |row| number(row, 0))?;
    if lately.saturating_add(bytes) > quota.bytes {
        return Ok(Noted::TooMuch);
    }
    db.prepare_cached(
        "INSERT INTO blob (hash, kind, a, b, user, bytes, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((hash, kind, a, b, user, integer(bytes), now.as_ms()))?;
    Ok(Noted::Done)
}

#[async_trait]
impl BlobBook for SqliteDirectory {
    async fn note(
        &self,
        entry: BlobEntry,
        bytes: u64,
        now: Timestamp,
        quota: BlobQuota,
    ) -> Result<Noted, Unavailable> {
        self.store.write(move |db| note(db, entry, bytes, now, quota)).await
    }

    async fn in_chat(&self, name: BlobName, chat: ChatId) -> Result<bool, Unavailable> {
        let (kind, a, b) = chat_columns(chat);
        let sql = "SELECT 1 FROM blob WHERE hash = ?1 AND kind = ?2 AND a = ?3 AND b = ?4";
        self.store.read(move |db| db.prepare_cached(sql)?.exists((name.0, kind, a, b))).await
    }

    async fn entries_of(&self, user: UserId, limit: usize) -> Result<Vec<BlobEntry>, Unavailable> {
        let asked = (integer(user.get()), i64::try_from(limit).unwrap_or(i64::MAX));
        self.store.read(move |db| db.prepare_cached(ENTRIES_OF)?.query_map(asked, entry_of)?.collect()).await
    }

    async fn named_elsewhere(&self, entry: BlobEntry) -> Result<bool, Unavailable> {
        self.store.read(move |db| db.prepare_cached(NAMED_ELSEWHERE)?.exists(key_of(entry))).await
    }

    async fn strike(&self, entry: BlobEntry) -> Result<(), Unavailable> {
        let sql = "DELETE FROM blob WHERE hash = ?1 AND kind = ?2 AND a = ?3 AND b = ?4 AND user = ?5";
        self.store.write(move |db| db.prepare_cached(sql)?.execute(key_of(entry)).map(drop)).await
    }
}
