//! Opening a database: born with care, migrated by numbered steps, refused when it is another's.
//!
//! Created under `EXTRA`, which syncs the folder when the rollback journal of its first transaction
//! goes; used under `FULL`: in WAL mode that loses nothing when the power goes. SQLite never checkpoints
//! by itself here, since it would not tell of a sync that failed ([`super::writer`] does).

use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::BUSY;
use crate::place::Place;

/// Pages kept by the writer and by each reader, KiB, taken as they are used. Indexes over a million rows
/// are some 60 MB; what is not kept comes from the system's own cache.
const WRITER_CACHE_KIB: u32 = 32 * 1024;
const READER_CACHE_KIB: u32 = 8 * 1024;

/// What one store's database is.
pub(crate) struct Schema {
    /// The name of the file in the data folder.
    pub(crate) file: &'static str,
    /// Tells the file from other databases (`PRAGMA application_id`).
    pub(crate) application: i32,
    /// The SQL of each version, from 1. Never edited once released.
    pub(crate) migrations: &'static [&'static str],
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite refuses it.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It was written by a later version of this program.
    #[error(
        "{}: its layout is version {found}, this program knows up to {known}; use the newer program that wrote it",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// It is a database of another program, or another store's.
    #[error("{}: not a database of this kind; was a file put here by mistake?", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another program reads it.
    #[error("{}: another program holds it open; close that one", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A thread could not be started.
    #[error("a thread of {} cannot be started: {source}", path.display())]
    Thread {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A connection. The lock of its folder is let go of after it.
pub(crate) struct Database {
    db: Connection,
    _lock: Option<Arc<File>>,
}

impl Database {
    fn new(db: Connection, place: &Place) -> Self {
        Self { db, _lock: place.lock.clone() }
    }

    /// Closes it, and hears whether that went well.
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        self.db.close().map_err(|(_, why)| why)
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.db
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.db
    }
}

/// Where a database lies.
pub(super) fn path_of(place: &Place, schema: &Schema) -> PathBuf {
    place.folder.join(schema.file)
}

/// Opens the database for writing; makes or migrates it where there is need.
pub(crate) fn open_writer(place: &Place, schema: &Schema) -> Result<Database, OpenError> {
    let path = path_of(place, schema);
    if place.vfs.is_none() {
        make_private(&path).map_err(|source| OpenError::File { path: path.clone(), source })?;
    }
    let opened = connect(place, &path, WRITER_CACHE_KIB).and_then(|mut db| {
        // Deleted rows are overwritten, not only let go of.
        db.execute_batch("PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA;")?;
        let (application, found) = versions(&db)?;
        let ours =
            if found == 0 { application == 0 && is_empty(&db)? } else { application == schema.application };
        if !ours {
            return Ok(Err(OpenError::Foreign { path: path.clone() }));
        }
        let known = i64::try_from(schema.migrations.len()).unwrap_or(i64::MAX);
        if found > known {
            return Ok(Err(OpenError::TooNew { path: path.clone(), found, known }));
        }
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        db.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
        migrate(&mut db, schema, found)?;
        db.execute_batch("PRAGMA synchronous = FULL;")?;
        // A checkpoint at close would be one whose failure nobody hears of.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let is_ours = write_out(&db)?;
        Ok(if is_ours { Ok(Database::new(db, place)) } else { Err(OpenError::InUse { path: path.clone() }) })
    });
    opened.map_err(|source| OpenError::Sqlite { path: path.clone(), source })?
}

/// Puts a WAL that was found into the database and cuts it off; `false` where another program's reading is in the
/// way. After a sync that failed the system may show what never reached the disk, and a later sync does not write it:
/// only writing it again does. What would be answered behind it would be lost with it when the power goes.
fn write_out(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}

/// Opens a database that is there, for reading alone.
pub(crate) fn open_reader(place: &Place, schema: &Schema) -> Result<Database, OpenError> {
    let path = path_of(place, schema);
    let opened = connect(place, &path, READER_CACHE_KIB).and_then(|db| {
        db.execute_batch("PRAGMA query_only = ON;")?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(Database::new(db, place))
    });
    opened.map_err(|source| OpenError::Sqlite { path, source })
}

fn connect(place: &Place, path: &Path, cache_kib: u32) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match &place.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str())?,
        None => Connection::open_with_flags(path, flags)?,
    };
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    // Otherwise a statement is planned anew for other values, at more than the cost of the read itself.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Nothing personal in temporary files.
    db.execute_batch(&format!("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib};"))?;
    Ok(db)
}

/// (`application_id`, `user_version`).
fn versions(db: &Connection) -> rusqlite::Result<(i32, i64)> {
    let application = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((application, version))
}

fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// Each step in a transaction of its own, with the number that it brings the database to.
fn migrate(db: &mut Connection, schema: &Schema, found: i64) -> rusqlite::Result<()> {
    for (number, step) in (1_i64..).zip(schema.migrations).filter(|(number, _)| *number > found) {
        let transaction = db.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", schema.application)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Makes the file, readable by its owner alone, before SQLite does: the WAL takes its mode from it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
