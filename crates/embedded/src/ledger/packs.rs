//! Writing chunks: small ones together in one row of about a page, a large one in a row of its own. Rows are
//! appended and never moved.

use chinwag_chat::stored::ChatKey;
use rusqlite::{CachedStatement, Connection};

use super::chunk::Chunk;
use super::error::{InFile, StoreError};
use super::history::{History, broken_chunk};
use super::schema::CHUNKS;
use super::spine::{At, ChunkRef};

/// A row takes no further chunk beyond so many bytes: what a page of 4,096 holds beside its own head.
const ROW_BYTES: usize = 4_040;

/// The rows that a fold writes.
pub(super) struct Packs<'a> {
    db: &'a Connection,
    insert: CachedStatement<'a>,
    /// The row in the making.
    row: i64,
    bytes: Vec<u8>,
}

impl<'a> Packs<'a> {
    pub(super) fn new(db: &'a Connection) -> Result<Self, StoreError> {
        let last: Option<i64> =
            db.query_row("SELECT max(id) FROM chunk", [], |row| row.get(0)).file(CHUNKS)?;
        let insert = db.prepare_cached("INSERT INTO chunk VALUES (?1, ?2)").file(CHUNKS)?;
        Ok(Self { db, insert, row: last.unwrap_or(0) + 1, bytes: Vec::with_capacity(ROW_BYTES) })
    }

    /// Adds a chunk; says where it will stand.
    pub(super) fn add(&mut self, chunk: &[u8]) -> Result<At, StoreError> {
        if self.bytes.len() + chunk.len() > ROW_BYTES {
            self.flush()?;
        }
        let at = At { row: self.row, begin: self.bytes.len(), bytes: chunk.len() };
        self.bytes.extend_from_slice(chunk);
        Ok(at)
    }

    /// Writes the row in the making.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        self.insert.execute((self.row, self.bytes.as_slice())).file(CHUNKS)?;
        self.bytes.clear();
        self.row += 1;
        Ok(())
    }

    /// A chunk that was written, in this fold or before.
    pub(super) fn read(&mut self, key: &ChatKey, at: &ChunkRef) -> Result<Chunk, StoreError> {
        if at.at.row == self.row {
            self.flush()?;
        }
        History(self.db).chunk(key, at)
    }

    /// Writes over a chunk's bytes, as many as there are: SQLite moves nothing and leaves no copy.
    pub(super) fn overwrite(&self, key: &ChatKey, at: &ChunkRef, chunk: Chunk) -> Result<(), StoreError> {
        let bytes = chunk.into_bytes();
        if bytes.len() != at.at.bytes {
            return Err(broken_chunk(key, at, "it has another length"));
        }
        let mut blob = self.db.blob_open("main", "chunk", "data", at.at.row, false).file(CHUNKS)?;
        blob.write_all_at(&bytes, at.at.begin).file(CHUNKS)?;
        blob.close().file(CHUNKS)
    }
}
