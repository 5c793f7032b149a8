//! The log: what was accepted, appended to one of sixteen tables and synced; a table is cleared whole once
//! all that it holds is folded. Only the writer works on it.
//!
//! Sixteen tables in turn instead of two: a table that is cleared is overwritten with zeros, and a
//! sixteenth of the tail is 2 MB of zeros in one transaction where a half would be 18.

use std::sync::Arc;

use chinwag_chat::stored::chat_key;
use rusqlite::Connection;

use super::database::{Wal, checkpoint, open};
use super::error::{InFile, StoreError};
use super::faults::Faults;
use super::record::{self, Accepted};
use super::schema::{LOG, LOG_SCHEMA, LOG_TABLES};
use super::tail::TailEntry;
use crate::place::Place;

/// Page cache of the log's connection. It reads nothing back but at a start.
const CACHE_KB: u32 = 4 << 10;
/// The WAL is put into the database when it has so many bytes, about 8 MB: a batch waits some
/// milliseconds for it then.
const WAL_BYTES: u64 = 8 << 20;
/// The bytes of a transaction that holds one small record: two pages with their heads.
const TRANSACTION_BYTES: u64 = 8 << 10;

/// The log.
pub(super) struct Log {
    db: Connection,
    /// Of each table the positions of its first and last row, if it has any.
    tables: [Option<(u64, u64)>; LOG_TABLES.len()],
    /// The table that is appended to.
    current: usize,
    /// Rows that a table takes before the next one has its turn.
    table_rows: u64,
    /// Bytes written since the last checkpoint, roughly.
    wal_bytes: u64,
}

impl Log {
    /// Opens the log, and creates it where it is not.
    pub(super) fn open(place: &Place, faults: Faults, tail_rows_max: usize) -> Result<Self, StoreError> {
        let db = open(place, faults, &LOG_SCHEMA, CACHE_KB)?;
        if faults.ack_before_sync {
            super::database::pragma(&db, LOG, "synchronous", "OFF")?;
        }
        let table_rows = (tail_rows_max / LOG_TABLES.len()).max(1) as u64;
        let mut log = Self { db, tables: [None; LOG_TABLES.len()], current: 0, table_rows, wal_bytes: 0 };
        log.look()?;
        Ok(log)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    fn look(&mut self) -> Result<(), StoreError> {
        for (name, table) in LOG_TABLES.iter().zip(&mut self.tables) {
            let sql = format!("SELECT min(pos), max(pos) FROM {name}");
            let range: (Option<i64>, Option<i64>) =
                self.db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).file(LOG)?;
            *table = match range {
                (Some(first), Some(last)) => Some((first.cast_unsigned(), last.cast_unsigned())),
                _ => None,
            };
        }
        let newest = self.tables.iter().enumerate().max_by_key(|(_, table)| table.map(|(_, last)| last));
        self.current = newest.map_or(0, |(at, _)| at);
        Ok(())
    }

    /// The last position that stands in the log; 0 where it is empty.
    pub(super) fn last(&self) -> u64 {
        self.tables.iter().flatten().map(|(_, last)| *last).max().unwrap_or(0)
    }

    /// Reads what stands above `folded`, in the order of positions, and checks that nothing is missing.
    pub(super) fn replay(
        &self,
        folded: u64,
        mut take: impl FnMut(Accepted, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut tables: Vec<(u64, &str)> = self
            .tables
            .iter()
            .zip(LOG_TABLES)
            .filter_map(|(table, name)| Some(((*table)?.0, name)))
            .collect();
        tables.sort_unstable();
        let mut expected = folded + 1;
        for (_, name) in tables {
            let sql = format!("SELECT pos, record FROM {name} WHERE pos > ?1 ORDER BY pos");
            let mut statement = self.db.prepare(&sql).file(LOG)?;
            let mut rows = statement.query([folded.cast_signed()]).file(LOG)?;
            while let Some(row) = rows.next().file(LOG)? {
                let pos = row.get::<_, i64>(0).file(LOG)?.cast_unsigned();
                let bytes: Vec<u8> = row.get(1).file(LOG)?;
                if pos != expected {
                    return Err(damaged(expected, "it is missing"));
                }
                let accepted = record::decode_checked(&bytes).map_err(|detail| damaged(pos, &detail))?;
                if accepted.offset != pos {
                    return Err(damaged(pos, "it stands at another position"));
                }
                take(accepted, bytes)?;
                expected += 1;
            }
        }
        Ok(())
    }

    /// Appends entries durably, in one transaction, and clears the tables that hold nothing above
    /// `folded`. When this fails, nothing of it has happened, unless the error is final.
    pub(super) fn append(&mut self, entries: &[Arc<TailEntry>], folded: u64) -> Result<(), StoreError> {
        let cleared = self.clearable(folded);
        let current = self.turn(&cleared);
        let bytes = self.write(entries, &cleared, current);
        if bytes.is_err() {
            // The transaction may have ended by itself already.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        self.wal_bytes += bytes?;
        for at in cleared {
            self.set(at, None);
        }
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            let begin = self.table(current).map_or(first.offset, |(begin, _)| begin);
            self.set(current, Some((begin, last.offset)));
            self.current = current;
        }
        Ok(())
    }

    /// Clears the tables that hold nothing above `folded`, if there are any.
    pub(super) fn clear(&mut self, folded: u64) -> Result<(), StoreError> {
        if self.clearable(folded).is_empty() { Ok(()) } else { self.append(&[], folded) }
    }

    fn write(
        &self,
        entries: &[Arc<TailEntry>],
        cleared: &[usize],
        current: usize,
    ) -> Result<u64, StoreError> {
        let mut bytes = TRANSACTION_BYTES;
        self.db.prepare_cached("BEGIN IMMEDIATE").file(LOG)?.execute([]).file(LOG)?;
        for at in cleared {
            let name = LOG_TABLES.get(*at).unwrap_or(&LOG_TABLES[0]);
            let rows =
                self.db.prepare_cached(&format!("DELETE FROM {name}")).file(LOG)?.execute([]).file(LOG)?;
            bytes += 400 * rows as u64;
        }
        if !entries.is_empty() {
            let name = LOG_TABLES.get(current).unwrap_or(&LOG_TABLES[0]);
            let sql = format!("INSERT INTO {name} VALUES (?1, ?2, ?3, ?4)");
            let mut insert = self.db.prepare_cached(&sql).file(LOG)?;
            for entry in entries {
                let key = chat_key(entry.entry.chat_id);
                let (offset, seq) = (entry.offset.cast_signed(), entry.entry.seq.get().cast_signed());
                insert.execute((offset, key.as_bytes(), seq, entry.bytes.as_slice())).file(LOG)?;
                bytes += entry.bytes.len() as u64 + 64;
            }
        }
        self.db.prepare_cached("COMMIT").file(LOG)?.execute([]).file(LOG)?;
        Ok(bytes)
    }

    fn table(&self, at: usize) -> Option<(u64, u64)> {
        self.tables.get(at).copied().flatten()
    }

    fn set(&mut self, at: usize, range: Option<(u64, u64)>) {
        if let Some(table) = self.tables.get_mut(at) {
            *table = range;
        }
    }

    fn clearable(&self, folded: u64) -> Vec<usize> {
        let folded = |table: &Option<(u64, u64)>| table.is_some_and(|(_, last)| last <= folded);
        self.tables.iter().enumerate().filter(|(_, table)| folded(table)).map(|(at, _)| at).collect()
    }

    /// The table to append to: the next one where the current one is full or holds folded rows, which
    /// are to be cleared soon; if the next one is not empty yet, the current one grows.
    fn turn(&self, cleared: &[usize]) -> usize {
        if cleared.contains(&self.current) {
            return self.current;
        }
        let next = (self.current + 1) % LOG_TABLES.len();
        let rows = self.table(self.current).map_or(0, |(first, last)| last - first + 1);
        let next_is_empty = self.table(next).is_none() || cleared.contains(&next);
        if rows >= self.table_rows && next_is_empty { next } else { self.current }
    }

    /// Where the current table holds folded rows, the next appends go to another, if one is empty, so
    /// that it can be cleared after the next fold.
    pub(super) fn turn_early(&mut self, folded: u64) {
        let next = (self.current + 1) % LOG_TABLES.len();
        if self.table(self.current).is_some_and(|(first, _)| first <= folded) && self.table(next).is_none() {
            self.current = next;
        }
    }

    /// The first position that stands in the log.
    pub(super) fn first(&self) -> Option<u64> {
        self.tables.iter().flatten().map(|(first, _)| *first).min()
    }

    /// Whether it is time for [`Log::checkpoint`].
    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.wal_bytes >= WAL_BYTES
    }

    /// Puts the WAL into the database.
    pub(super) fn checkpoint(&mut self, wal: Wal) -> Result<(), StoreError> {
        if checkpoint(&self.db, LOG, wal)? {
            self.wal_bytes = 0;
        }
        Ok(())
    }
}

fn damaged(position: u64, detail: &str) -> StoreError {
    StoreError::Damaged {
        file: LOG,
        what: format!("the entry at position {position}"),
        detail: detail.to_owned(),
    }
}
