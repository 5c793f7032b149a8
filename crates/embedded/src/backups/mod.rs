//! Backups on SQLite: `backups.db`, apart from the directory, so that a large backup that is written or
//! deleted holds nobody else up.
//!
//! Deleted records are overwritten, in steps; the pages that they leave are used again.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::backups::{BackupChain, BackupLimits, Backups};
use chinwag_ports::chain::{Append, Appended, Page};
use chinwag_proto::{DeviceId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension};

use crate::place::Place;
use crate::sqlite::{List, OpenError, Schema, Store, boolean, integer, number, time};

/// Records deleted in one step: at most 16 MiB of them, so that others' writes go on in between.
const ERASED_AT_ONCE: i64 = 256;

/// The database of backups.
pub(crate) const SCHEMA: Schema = Schema {
    file: "backups.db",
    // `cwbk`
    application: 0x6377_626b,
    migrations: &[include_str!("../../migrations/backups/0001_backups.sql")],
};

pub(crate) const ABOVE: &str =
    "SELECT number, bytes FROM record WHERE user = ?1 AND device = ?2 AND number > ?3
     ORDER BY number LIMIT ?4";

pub(crate) const CHAINS: &str = "SELECT device, head, updated_at FROM chain WHERE user = ?1 ORDER BY device";

/// Backups on SQLite.
///
/// When the disk is full a write is refused and changes nothing. When a write or a sync fails, reads go
/// on and writes are refused until the restart.
pub struct SqliteBackups {
    store: Arc<Store>,
}

impl SqliteBackups {
    /// Opens `backups.db` in a folder that is there; makes or migrates it where there is need.
    ///
    /// # Errors
    /// What keeps it from being opened, and what to do about it.
    pub fn open(place: &Place) -> Result<Self, OpenError> {
        Ok(Self { store: Arc::new(Store::open(place, &SCHEMA)?) })
    }

    /// Whether writes are taken, and if not, why.
    ///
    /// # Errors
    /// A write or a sync has failed.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.store.ready()
    }

    /// Stops cleanly: what was asked is answered, later calls answer `Unavailable`. Waits for the
    /// threads; idempotent.
    ///
    /// # Errors
    /// The file could not be put in order; the next start does it.
    pub fn close(&self) -> Result<(), Unavailable> {
        self.store.close()
    }
}

const fn list(key: &[i64]) -> List<'_> {
    List {
        head: "SELECT max(head) FROM chain WHERE user = ?1 AND device = ?2",
        above: ABOVE,
        insert: "INSERT INTO record (user, device, number, bytes) VALUES (?1, ?2, ?3, ?4)",
        key,
    }
}

/// What a user has, with what is to come.
struct Owned {
    records: u64,
    bytes: u64,
    chains: u64,
}

/// What the user would have; `None` once erased.
fn owned_after(db: &Connection, user: i64, append: &Append) -> rusqlite::Result<Option<Owned>> {
    let owned = db
        .prepare_cached("SELECT records, bytes, chains, erased FROM owner WHERE user = ?1")?
        .query_row([user], |row| Ok((number(row, 0)?, number(row, 1)?, number(row, 2)?, boolean(row, 3)?)))
        .optional()?;
    let (records, bytes, chains, erased) = owned.unwrap_or_default();
    let more: usize = append.items.iter().map(Vec::len).sum();
    let owned = Owned {
        records: records + append.items.len() as u64,
        bytes: bytes + more as u64,
        chains: chains + u64::from(append.after == Seq::ZERO),
    };
    Ok((!erased).then_some(owned))
}

fn append(
    db: &Connection,
    key: &[i64; 2],
    append: &Append,
    now: Timestamp,
    limits: BackupLimits,
) -> rusqlite::Result<Appended> {
    let [user, device] = *key;
    let mut owned = None;
    let appended = list(key).append(db, append, || {
        owned = owned_after(db, user, append)?.filter(|owned| {
            owned.records <= limits.records && owned.bytes <= limits.bytes && owned.chains <= limits.chains
        });
        Ok(owned.is_some())
    })?;
    // Where nothing was to be appended nobody has asked for room.
    if let (Appended::Done(head), Some(owned)) = (appended, owned) {
        db.prepare_cached(
            "INSERT INTO chain VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user, device) DO UPDATE SET head = excluded.head, updated_at = excluded.updated_at",
        )?
        .execute((user, device, integer(head.get()), now.as_ms()))?;
        db.prepare_cached(
            "INSERT INTO owner (user, records, bytes, chains) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user) DO UPDATE
             SET records = excluded.records, bytes = excluded.bytes, chains = excluded.chains",
        )?
        .execute((user, integer(owned.records), integer(owned.bytes), integer(owned.chains)))?;
    }
    Ok(appended)
}

/// From now on there is nothing to be seen and nothing is taken; the records go in steps.
fn forget(db: &Connection, user: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO owner (user, erased) VALUES (?1, 1)
         ON CONFLICT (user) DO UPDATE SET records = 0, bytes = 0, chains = 0, erased = 1",
    )?
    .execute([user])?;
    db.prepare_cached("DELETE FROM chain WHERE user = ?1")?.execute([user]).map(drop)
}

#[async_trait]
impl Backups for SqliteBackups {
    async fn append(
        &self,
        user: UserId,
        device: DeviceId,
        asked: Append,
        now: Timestamp,
        limits: BackupLimits,
    ) -> Result<Appended, Unavailable> {
        let key = [integer(user.get()), integer(device.get())];
        self.store.write(move |db| append(db, &key, &asked, now, limits)).await
    }

    async fn chains(&self, user: UserId) -> Result<Vec<BackupChain>, Unavailable> {
        let id = integer(user.get());
        let chain_of = |row: &rusqlite::Row<'_>| {
            let id = number(row, 0)?;
            let wrong = rusqlite::Error::IntegralValueOutOfRange(0, id.cast_signed());
            let (head, updated_at) = (Seq::clamped(number(row, 1)?), time(row, 2)?);
            Ok(BackupChain { device: DeviceId::new(id).ok_or(wrong)?, head, updated_at })
        };
        self.store.read(move |db| db.prepare_cached(CHAINS)?.query_map([id], chain_of)?.collect()).await
    }

    async fn records(
        &self,
        user: UserId,
        device: DeviceId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable> {
        let key = [integer(user.get()), integer(device.get())];
        self.store.read(move |db| list(&key).page(db, after, limit, bytes_max)).await
    }

    async fn erase(&self, user: UserId) -> Result<(), Unavailable> {
        let id = integer(user.get());
        self.store.write(move |db| forget(db, id)).await?;
        let some = "DELETE FROM record WHERE rowid IN (SELECT rowid FROM record WHERE user = ?1 LIMIT ?2)";
        loop {
            let gone =
                self.store.write(move |db| db.prepare_cached(some)?.execute((id, ERASED_AT_ONCE))).await?;
            if gone == 0 {
                break;
            }
        }
        self.store.wipe_soon();
        Ok(())
    }
}
