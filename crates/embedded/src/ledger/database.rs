//! The ledger's connections and checkpoints. How a database is born, migrated and opened is in
//! [`crate::sqlite`].

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::error::{InFile, StoreError};
use super::faults::Faults;
use crate::place::Place;
use crate::sqlite::{Database, OpenError, Schema, open_reader, open_writer};

/// Opens a database for writing, and creates or migrates it where that is to do.
pub(super) fn open(
    place: &Place,
    faults: Faults,
    schema: &Schema,
    cache_kb: u32,
) -> Result<Database, OpenError> {
    if faults.careless_birth {
        be_born_carelessly(place, schema);
    }
    let db = open_writer(place, schema)?;
    tuned(place, schema, db, cache_kb)
}

/// Opens a database that is there, for reading alone.
pub(super) fn open_to_read(place: &Place, schema: &Schema, cache_kb: u32) -> Result<Database, OpenError> {
    let db = open_reader(place, schema)?;
    tuned(place, schema, db, cache_kb)
}

fn tuned(place: &Place, schema: &Schema, db: Database, cache_kb: u32) -> Result<Database, OpenError> {
    let set = db.pragma_update(None, "cache_size", -i64::from(cache_kb)).and_then(|()| {
        // One plan for each statement, whatever is bound to it; else some are made anew for every row.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
    });
    match set {
        Ok(_) => Ok(db),
        Err(source) => Err(OpenError::Sqlite { path: place.folder.join(schema.file), source }),
    }
}

/// A planted fault: nothing makes sure that the directory knows the new file.
fn be_born_carelessly(place: &Place, schema: &Schema) {
    let path = place.folder.join(schema.file);
    let db = match &place.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, rusqlite::OpenFlags::default(), vfs.as_str()),
        None => Connection::open(path),
    };
    let _ = db.map(|db| db.execute_batch("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;"));
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
