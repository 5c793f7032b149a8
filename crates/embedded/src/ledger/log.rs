//! The log: what was accepted, appended to one of sixteen tables and synced; a table is cleared whole once
//! all that it holds is folded. Only the writer works on it.
//!
//! A transaction is one row: its entries in a row of bytes, each with its length before it (4 bytes, little
//! endian). That is a third of the cost of a row for each, and the log is never asked for one entry.
//!
//! Sixteen tables in turn instead of two: a table that is cleared is overwritten with zeros, and a
//! sixteenth of the tail is 2 MB of zeros in one transaction where a half would be 18.

use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::OpenError;
use super::bytes::Bytes;
use super::database::{Wal, checkpoint, open};
use super::error::{InFile, StoreError};
use super::faults::Faults;
use super::record::{self, Accepted};
use super::schema::{LOG, LOG_SCHEMA, LOG_TABLES};
use super::tail::{Records, TailEntry};
use crate::place::Place;
use crate::sqlite::Database;

/// Page cache of the log's connection. It reads nothing back but at a start.
const CACHE_KB: u32 = 4 << 10;
/// The WAL is put into the database when it has so many bytes, about 8 MB: a batch waits some
/// milliseconds for it then.
const WAL_BYTES: u64 = 8 << 20;
/// The bytes of a transaction that holds one small record: two pages with their heads.
const TRANSACTION_BYTES: u64 = 8 << 10;
/// The bytes of a usual entry.
const USUAL_BYTES: u64 = 400;

/// The log.
pub(super) struct Log {
    db: Database,
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
    pub(super) fn open(place: &Place, faults: Faults, tail_rows_max: usize) -> Result<Self, OpenError> {
        let db = open(place, faults, &LOG_SCHEMA, CACHE_KB)?;
        if faults.ack_before_sync {
            db.pragma_update(None, "synchronous", "OFF").file(LOG)?;
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
            let sql = format!(
                "SELECT (SELECT min(pos) FROM {name}), pos + count - 1 FROM {name} ORDER BY pos DESC LIMIT 1"
            );
            let range: Option<(i64, i64)> =
                self.db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().file(LOG)?;
            *table = range.map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned()));
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
        mut take: impl FnMut(Accepted, (Arc<Records>, Range<usize>)) -> Result<(), StoreError>,
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
            let sql = format!("SELECT pos, count, records FROM {name} WHERE pos + count > ?1 ORDER BY pos");
            let mut statement = self.db.prepare(&sql).file(LOG)?;
            let mut rows = statement.query([expected.cast_signed()]).file(LOG)?;
            while let Some(row) = rows.next().file(LOG)? {
                let (pos, count): (i64, i64) = (row.get(0).file(LOG)?, row.get(1).file(LOG)?);
                let whole: Vec<u8> = row.get(2).file(LOG)?;
                let records = Arc::new(Records::default());
                let mut rest = Bytes(&whole);
                for position in (pos..pos + count).map(i64::cast_unsigned) {
                    let bytes = rest.small().and_then(|length| rest.take(length));
                    let bytes = bytes.ok_or_else(|| damaged(position, "cut short"))?;
                    if position < expected {
                        continue;
                    }
                    if position > expected {
                        return Err(damaged(expected, "it is missing"));
                    }
                    let accepted =
                        record::decode_checked(bytes).map_err(|detail| damaged(position, &detail))?;
                    if accepted.offset != position {
                        return Err(damaged(position, "it stands at another position"));
                    }
                    let end = whole.len() - rest.0.len();
                    take(accepted, (Arc::clone(&records), end - bytes.len()..end))?;
                    expected += 1;
                }
                records.set(whole);
            }
        }
        Ok(())
    }

    /// Appends entries durably, in one transaction, and clears the oldest table where it holds nothing above
    /// `folded`: one at a time, so that no transaction waits long for zeros. When this fails, nothing of it has
    /// happened, unless the error is final.
    pub(super) fn append(
        &mut self,
        entries: &[Arc<TailEntry>],
        records: &[u8],
        folded: u64,
    ) -> Result<(), StoreError> {
        let cleared = self.clearable(folded);
        let current = self.turn(cleared);
        let positions = entries.first().map(|first| (first.offset, entries.len()));
        let bytes = self.write(positions, records, cleared, current);
        if bytes.is_err() {
            // The transaction may have ended by itself already.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        self.wal_bytes += bytes?;
        if let Some(cleared) = cleared {
            self.set(cleared, None);
        }
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            let begin = self.table(current).map_or(first.offset, |(begin, _)| begin);
            self.set(current, Some((begin, last.offset)));
            self.current = current;
        }
        Ok(())
    }

    /// Clears the tables that hold nothing above `folded`.
    pub(super) fn clear(&mut self, folded: u64) -> Result<(), StoreError> {
        while self.clearable(folded).is_some() {
            self.append(&[], &[], folded)?;
        }
        Ok(())
    }

    /// Whether several tables hold nothing above `folded`.
    pub(super) fn has_much_to_clear(&self, folded: u64) -> bool {
        self.tables.iter().flatten().filter(|(_, last)| *last <= folded).count() > 1
    }

    fn write(
        &self,
        positions: Option<(u64, usize)>,
        records: &[u8],
        cleared: Option<usize>,
        current: usize,
    ) -> Result<u64, StoreError> {
        let mut bytes = TRANSACTION_BYTES;
        self.db.prepare_cached("BEGIN IMMEDIATE").file(LOG)?.execute([]).file(LOG)?;
        if let Some(at) = cleared {
            let name = LOG_TABLES.get(at).unwrap_or(&LOG_TABLES[0]);
            self.db.prepare_cached(&format!("DELETE FROM {name}")).file(LOG)?.execute([]).file(LOG)?;
            bytes += self.table(at).map_or(0, |(first, last)| USUAL_BYTES * (last - first + 1));
        }
        if let Some((first, count)) = positions {
            bytes += records.len() as u64;
            let name = LOG_TABLES.get(current).unwrap_or(&LOG_TABLES[0]);
            self.db
                .prepare_cached(&format!("INSERT INTO {name} VALUES (?1, ?2, ?3)"))
                .file(LOG)?
                .execute((first.cast_signed(), count as i64, records))
                .file(LOG)?;
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

    /// The oldest table, if it holds nothing above `folded`.
    fn clearable(&self, folded: u64) -> Option<usize> {
        let tables = self.tables.iter().enumerate().filter_map(|(at, table)| Some(((*table)?, at)));
        let ((_, last), at) = tables.min()?;
        (last <= folded).then_some(at)
    }

    /// The table to append to: the next one where the current one is full or holds folded rows, which
    /// are to be cleared soon; if the next one is not empty yet, the current one grows.
    fn turn(&self, cleared: Option<usize>) -> usize {
        if cleared == Some(self.current) {
            return self.current;
        }
        let next = (self.current + 1) % LOG_TABLES.len();
        let rows = self.table(self.current).map_or(0, |(first, last)| last - first + 1);
        let next_is_empty = self.table(next).is_none() || cleared == Some(next);
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
