//! Opening a database so that it keeps what it promises: born with care, migrated by numbered steps, and
//! with the settings that the ledger stands on. Which tables there are is in [`super::schema`].
//!
//! Measured on simulated power cuts: WAL and `synchronous=FULL` lose nothing if the database was created
//! under `EXTRA`, which syncs the directory; created with defaults, half of the strictest crash images
//! were empty.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};

use super::error::{InFile, StoreError};
use super::faults::Faults;
use crate::place::Place;

/// How long a connection waits for another one's lock; no lock is held longer than a fold's last step.
const BUSY: Duration = Duration::from_secs(10);

/// What the steps of one database are.
pub(super) struct Schema {
    /// The file's name.
    pub(super) file: &'static str,
    /// Tells the file from other databases.
    pub(super) application: i32,
    /// One step for each version, from 1. Never edited once released.
    pub(super) steps: &'static [fn(&Transaction<'_>) -> rusqlite::Result<()>],
}

/// Opens a database for writing, and creates or migrates it where that is to do.
pub(super) fn open(
    place: &Place,
    faults: Faults,
    schema: &Schema,
    cache_kb: u32,
) -> Result<Connection, StoreError> {
    let file = schema.file;
    let mut db = connect(place, file)?;
    let careful = if faults.careless_birth { "FULL" } else { "EXTRA" };
    pragma(&db, file, "synchronous", careful)?;
    pragma(&db, file, "secure_delete", "ON")?;
    pragma(&db, file, "cache_size", &format!("-{cache_kb}"))?;
    pragma(&db, file, "journal_mode", "WAL")?;
    // The ledger says itself when it checkpoints, so that no commit pays for it unasked.
    pragma(&db, file, "wal_autocheckpoint", "0")?;
    migrate(&mut db, schema)?;
    pragma(&db, file, "synchronous", "FULL")?;
    Ok(db)
}

/// Opens a database that is there, for reading alone.
pub(super) fn open_to_read(
    place: &Place,
    file: &'static str,
    cache_kb: u32,
) -> Result<Connection, StoreError> {
    let db = connect(place, file)?;
    pragma(&db, file, "query_only", "ON")?;
    pragma(&db, file, "cache_size", &format!("-{cache_kb}"))?;
    Ok(db)
}

fn connect(place: &Place, file: &'static str) -> Result<Connection, StoreError> {
    let path = place.folder.join(file);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match &place.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&path, flags, vfs.as_str()),
        None => Connection::open_with_flags(&path, flags),
    };
    let db = db.file(file)?;
    db.busy_timeout(BUSY).file(file)?;
    db.set_prepared_statement_cache_capacity(64);
    // No content in temporary files.
    pragma(&db, file, "temp_store", "MEMORY")?;
    // A checkpoint at close would be one whose failure nobody hears of, and after a sync that failed it
    // would take the WAL away although what it wrote may be lost.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).file(file)?;
    // One plan for each statement, whatever is bound to it; else some are made anew for every row.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).file(file)?;
    Ok(db)
}

/// Sets a pragma, whether it answers with a row or not.
pub(super) fn pragma(db: &Connection, file: &'static str, name: &str, value: &str) -> Result<(), StoreError> {
    let mut statement = db.prepare(&format!("PRAGMA {name} = {value}")).file(file)?;
    let mut rows = statement.query([]).file(file)?;
    while rows.next().file(file)?.is_some() {}
    Ok(())
}

fn number(db: &Connection, file: &'static str, name: &str) -> Result<i64, StoreError> {
    db.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).file(file)
}

fn migrate(db: &mut Connection, schema: &Schema) -> Result<(), StoreError> {
    let file = schema.file;
    let version = number(db, file, "user_version")?;
    let application = number(db, file, "application_id")?;
    let known = schema.steps.len() as i64;
    if version > 0 && application != i64::from(schema.application) {
        return Err(StoreError::Other { file, detail: "this is a database of something else".to_owned() });
    }
    if version > known {
        let detail = format!(
            "its layout is {version}, this version of the program knows up to {known}: use a newer one"
        );
        return Err(StoreError::Other { file, detail });
    }
    for (number, step) in (1_i64..).zip(schema.steps).skip_while(|(number, _)| *number <= version) {
        let transaction = db.transaction().file(file)?;
        step(&transaction).file(file)?;
        let application = schema.application;
        transaction
            .execute_batch(&format!("PRAGMA application_id = {application}; PRAGMA user_version = {number};"))
            .file(file)?;
        transaction.commit().file(file)?;
    }
    Ok(())
}

/// Puts the WAL into the database; the next transaction begins it anew. `false` where readers were in the
/// way; it is tried again later.
pub(super) fn checkpoint(db: &Connection, file: &'static str, wal: Wal) -> Result<bool, StoreError> {
    let sql = match wal {
        Wal::Reused => "PRAGMA wal_checkpoint(RESTART)",
        Wal::CutOff => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0).file(file)
}

/// What becomes of the WAL's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wal {
    /// It keeps its length and is written over, which is half the cost of a file that grows anew; old
    /// bytes stay in it until then.
    Reused,
    /// It is cut off, and nothing is left of what was overwritten.
    CutOff,
}
