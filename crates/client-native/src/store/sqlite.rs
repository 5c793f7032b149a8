//! Rows in a SQLite file, each value sealed, each key told by nothing but its place (see `place`).
//!
//! One table of places and sealed values, in WAL mode, every commit synced (`synchronous = FULL`). A sealed
//! value begins with 0 where its place is its key, else with 1, the key's length (two bytes, big endian) and
//! the key. Leaves out who may open the file: that is `folder`'s.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chinwag_client::store::{Op, Range, Row};
use rusqlite::{Connection, OptionalExtension, params};

use super::folder::Folder;
use super::key::{Sealer, StoreKey};
use super::place::{DICTIONARY, Placed, Scan, WORDS, dictionary_place, occurrences, place, scan, word_of};
use super::{Rows, StoreFailed};

/// The name of the file in the profile's folder.
pub(super) const FILE: &str = "store.db";
/// Tells the file from other databases: "chwC".
const APPLICATION: i64 = 0x6368_7743;
/// The key that all rows are sealed under; another number would name another key.
const KEY_NUMBER: i64 = 1;
/// The SQL of each version, from 1. Never edited once released.
const MIGRATIONS: [&str; 1] = ["CREATE TABLE row (
    place TEXT NOT NULL PRIMARY KEY,
    key_number INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID"];
/// Statements kept ready.
const STATEMENTS: usize = 16;

/// Why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// SQLite refuses it.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It was written by a later version of this program.
    #[error("{}: its layout is version {found}, this program knows up to {known}; use the newer program that wrote it", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// It is a database of another program.
    #[error("{}: not a store of this program; was a file put here by mistake?", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

/// The rows of a profile.
pub(crate) struct Sqlite {
    db: Connection,
    sealer: Sealer,
    changing: bool,
    /// The words there are; read at the first search.
    words: Option<BTreeSet<String>>,
    /// Let go of after the file.
    _folder: Option<Folder>,
}

impl Sqlite {
    /// Opens the file of a profile; makes or migrates it where there is need.
    pub(crate) fn open(folder: Folder, key: &StoreKey) -> Result<Self, FileError> {
        let path = folder.path().join(FILE);
        let db =
            Connection::open(&path).map_err(|source| FileError::Sqlite { path: path.clone(), source })?;
        Self::on(db, &path, key, Some(folder))
    }

    /// The same on a connection that stands.
    pub(super) fn on(
        mut db: Connection,
        path: &Path,
        key: &StoreKey,
        folder: Option<Folder>,
    ) -> Result<Self, FileError> {
        match migrate(&mut db) {
            Ok(Fit::Ours) => {}
            Ok(Fit::Foreign) => return Err(FileError::Foreign { path: path.to_owned() }),
            Ok(Fit::TooNew(found)) => {
                let known = MIGRATIONS.len() as i64;
                return Err(FileError::TooNew { path: path.to_owned(), found, known });
            }
            Err(source) => return Err(FileError::Sqlite { path: path.to_owned(), source }),
        }
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { db, sealer: Sealer::new(key), changing: false, words: None, _folder: folder })
    }

    fn put(&mut self, key: &str, value: &str) -> Result<(), StoreFailed> {
        let Placed { key: at, word } = place(&self.sealer, key);
        let plain = plain(&at, key, value)?;
        self.write(&at, &plain)?;
        match word {
            Some(word) => self.learn(&word),
            None => Ok(()),
        }
    }

    fn write(&self, at: &str, plain: &[u8]) -> Result<(), StoreFailed> {
        let sealed = self.sealer.seal(at, plain)?;
        let sql = "INSERT INTO row (place, key_number, nonce, sealed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (place) DO UPDATE SET key_number = ?2, nonce = ?3, sealed = ?4";
        let values = params![at, KEY_NUMBER, sealed.nonce, sealed.bytes];
        self.db.prepare_cached(sql).and_then(|mut put| put.execute(values)).map_err(failed)?;
        Ok(())
    }

    /// Writes a word down that is not known yet.
    fn learn(&mut self, word: &str) -> Result<(), StoreFailed> {
        if self.words.as_ref().is_some_and(|words| words.contains(word)) {
            return Ok(());
        }
        let at = dictionary_place(&self.sealer, word);
        if !self.is_there("SELECT 1 FROM row WHERE place = ?1", &[&at])? {
            self.write(&at, &plain(&at, word, "")?)?;
        }
        if let Some(words) = &mut self.words {
            words.insert(word.to_owned());
        }
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), StoreFailed> {
        let Placed { key: at, word } = place(&self.sealer, key);
        self.execute("DELETE FROM row WHERE place = ?1", &[&at])?;
        let Some(word) = word else { return Ok(()) };
        let (from, to) = occurrences(&self.sealer, &word);
        if !self.is_there("SELECT 1 FROM row WHERE place >= ?1 AND place < ?2 LIMIT 1", &[&from, &to])? {
            let at = dictionary_place(&self.sealer, &word);
            self.execute("DELETE FROM row WHERE place = ?1", &[&at])?;
            if let Some(words) = &mut self.words {
                words.remove(&word);
            }
        }
        Ok(())
    }

    fn delete_range(&mut self, range: &Range) -> Result<(), StoreFailed> {
        if range.from >= range.to {
            return Ok(());
        }
        if let Scan::Exact(from, to) = scan(&self.sealer, range) {
            return self.execute("DELETE FROM row WHERE place >= ?1 AND place < ?2", &[&from, &to]);
        }
        let all = Range { limit: usize::MAX, backwards: false, ..range.clone() };
        for (key, _) in self.read(&all)? {
            self.delete(&key)?;
        }
        Ok(())
    }

    fn execute(&self, sql: &str, values: &[&String]) -> Result<(), StoreFailed> {
        let values = rusqlite::params_from_iter(values);
        self.db.prepare_cached(sql).and_then(|mut change| change.execute(values)).map_err(failed)?;
        Ok(())
    }

    fn is_there(&self, sql: &str, values: &[&String]) -> Result<bool, StoreFailed> {
        let values = rusqlite::params_from_iter(values);
        let found =
            self.db.prepare_cached(sql).and_then(|mut find| find.query_row(values, |_| Ok(())).optional());
        Ok(found.map_err(failed)?.is_some())
    }

    /// The rows that stand from a place up to another, in the order of places.
    fn between(&self, from: &str, to: &str, backwards: bool, limit: usize) -> Result<Vec<Row>, StoreFailed> {
        let sql = if backwards {
            "SELECT place, nonce, sealed, key_number FROM row WHERE place >= ?1 AND place < ?2
             ORDER BY place DESC LIMIT ?3"
        } else {
            "SELECT place, nonce, sealed, key_number FROM row WHERE place >= ?1 AND place < ?2
             ORDER BY place LIMIT ?3"
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut find = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = find.query(params![from, to, limit]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(self.opened(row)?);
        }
        Ok(found)
    }

    fn opened(&self, row: &rusqlite::Row<'_>) -> Result<Row, StoreFailed> {
        let text = |why: rusqlite::types::FromSqlError| StoreFailed(why.to_string());
        let at = row.get_ref(0).map_err(failed)?.as_str().map_err(text)?;
        let nonce = row.get_ref(1).map_err(failed)?.as_blob().map_err(text)?;
        let sealed = row.get_ref(2).map_err(failed)?.as_blob().map_err(text)?;
        if row.get::<_, i64>(3).map_err(failed)? != KEY_NUMBER {
            return Err(StoreFailed("a row is sealed under a key that is not known here".to_owned()));
        }
        taken_apart(at, self.sealer.open(at, nonce, sealed)?)
    }

    /// The occurrences of words in a range: word by word, those of one word sorted as far as they are read.
    fn of_words(&mut self, range: &Range) -> Result<Vec<Row>, StoreFailed> {
        let begin = word_of(&range.from).unwrap_or_default().to_owned();
        let words = self.words()?;
        let in_range = |word: &&String| format!("{WORDS}/{word}/") < range.to;
        let mut names: Vec<String> = words.range(begin..).take_while(in_range).cloned().collect();
        if range.backwards {
            names.reverse();
        }
        let mut found = Vec::new();
        for word in names {
            let left = range.limit.saturating_sub(found.len());
            if left == 0 {
                break;
            }
            let whole = format!("{WORDS}/{word}/") >= range.from && format!("{WORDS}/{word}0") <= range.to;
            let (from, to) = occurrences(&self.sealer, &word);
            let rows = self.between(&from, &to, range.backwards, if whole { left } else { usize::MAX })?;
            found.extend(sorted(rows, range, left));
        }
        Ok(found)
    }

    fn words(&mut self) -> Result<&BTreeSet<String>, StoreFailed> {
        if self.words.is_none() {
            let (from, to) = (format!("{DICTIONARY}/"), format!("{DICTIONARY}0"));
            let rows = self.between(&from, &to, false, usize::MAX)?;
            self.words = Some(rows.into_iter().map(|(word, _)| word).collect());
        }
        Ok(self.words.get_or_insert_default())
    }
}

impl Rows for Sqlite {
    fn apply(&mut self, ops: &[Op]) -> Result<(), StoreFailed> {
        if !std::mem::replace(&mut self.changing, true) {
            self.db.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        }
        for op in ops {
            match op {
                Op::Put(key, value) => self.put(key, value)?,
                Op::Delete(key) => self.delete(key)?,
                Op::DeleteRange(range) => self.delete_range(range)?,
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreFailed> {
        if std::mem::take(&mut self.changing) {
            self.db.execute_batch("COMMIT").map_err(failed)?;
        }
        Ok(())
    }

    fn read(&mut self, range: &Range) -> Result<Vec<Row>, StoreFailed> {
        if range.from >= range.to {
            return Ok(Vec::new());
        }
        match scan(&self.sealer, range) {
            Scan::Exact(from, to) => self.between(&from, &to, range.backwards, range.limit),
            Scan::Words => self.of_words(range),
            Scan::Among(from, to) => {
                let rows = self.between(&from, &to, false, usize::MAX)?;
                Ok(sorted(rows, range, range.limit))
            }
            Scan::Everywhere => {
                // All but the dictionary, which is nobody's row.
                let (from, to) = (format!("{DICTIONARY}/"), format!("{DICTIONARY}0"));
                let mut rows = self.between("", &from, false, usize::MAX)?;
                rows.extend(self.between(&to, "\u{10ffff}", false, usize::MAX)?);
                Ok(sorted(rows, range, range.limit))
            }
        }
    }
}

/// Those of a range, in its order.
fn sorted(mut rows: Vec<Row>, range: &Range, limit: usize) -> Vec<Row> {
    rows.retain(|(key, _)| range.contains(key));
    rows.sort_unstable();
    if range.backwards {
        rows.reverse();
    }
    rows.truncate(limit);
    rows
}

fn plain(at: &str, key: &str, value: &str) -> Result<Vec<u8>, StoreFailed> {
    if at == key {
        return Ok([&[0], value.as_bytes()].concat());
    }
    let length = u16::try_from(key.len()).map_err(|_| StoreFailed("a key is too long".to_owned()))?;
    Ok([&[1], &length.to_be_bytes()[..], key.as_bytes(), value.as_bytes()].concat())
}

fn taken_apart(at: &str, plain: Vec<u8>) -> Result<Row, StoreFailed> {
    let damaged = || StoreFailed("a row has a form that is not known here".to_owned());
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| damaged());
    match plain.split_first().ok_or_else(damaged)? {
        (0, value) => Ok((at.to_owned(), text(value)?)),
        (1, rest) => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (key, value) = rest.split_at_checked(length).ok_or_else(damaged)?;
            Ok((text(key)?, text(value)?))
        }
        _ => Err(damaged()),
    }
}

enum Fit {
    Ours,
    Foreign,
    TooNew(i64),
}

/// Makes or migrates the tables. Born under `EXTRA`, so that a power cut at birth loses nothing.
fn migrate(db: &mut Connection) -> rusqlite::Result<Fit> {
    db.execute_batch("PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA;")?;
    let number = |db: &Connection, name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number(db, "application_id")?, number(db, "user_version")?);
    let empty: bool = db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && !(application == 0 && version == 0 && empty) {
        return Ok(Fit::Foreign);
    }
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Ok(Fit::TooNew(version));
    }
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for (number, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        change.execute_batch(sql)?;
        change.pragma_update(None, "application_id", APPLICATION)?;
        change.pragma_update(None, "user_version", number as i64 + 1)?;
    }
    change.commit()?;
    db.execute_batch("PRAGMA synchronous = FULL")?;
    Ok(Fit::Ours)
}

/// Errors of SQLite name tables and columns, a value never.
fn failed(error: rusqlite::Error) -> StoreFailed {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            StoreFailed("the disk is full; nothing was changed".to_owned())
        }
        _ => StoreFailed(error.to_string()),
    }
}
