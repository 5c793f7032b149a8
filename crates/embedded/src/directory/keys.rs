//! Key packages. They go with their device by the table's own rule.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Claimed, KeyPackages, Publish, Published, REMEMBERED, Stock};
use chinwag_proto::{DeviceId, UserId};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::SqliteDirectory;
use super::devices::device_id;
use crate::sqlite::{boolean, id_list, integer, number};

pub(super) const STOCK: &str = "SELECT
     (SELECT count(*) FROM key_package WHERE device = ?1 AND bytes IS NOT NULL),
     EXISTS (SELECT 1 FROM last_resort_key_package WHERE device = ?1)";

pub(super) const OLDEST: &str =
    "SELECT id, bytes FROM key_package WHERE device = ?1 AND bytes IS NOT NULL ORDER BY id LIMIT 1";

/// Of those given out, what stands behind so many.
pub(super) const FORGOTTEN: &str = "DELETE FROM key_package WHERE device = ?1 AND bytes IS NULL AND id <=
     (SELECT id FROM key_package WHERE device = ?1 AND bytes IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)";

fn has_device(db: &Connection, user: UserId, device: DeviceId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM device WHERE id = ?1 AND user = ?2")?
        .exists((integer(device.get()), integer(user.get())))
}

fn stock(db: &Connection, device: DeviceId) -> rusqlite::Result<Stock> {
    db.prepare_cached(STOCK)?.query_row([integer(device.get())], |row| {
        let available = usize::try_from(number(row, 0)?).unwrap_or(usize::MAX);
        Ok(Stock { available, last_resort: boolean(row, 1)? })
    })
}

fn publish(db: &Connection, publish: &Publish) -> rusqlite::Result<Published> {
    if !has_device(db, publish.user, publish.device)? {
        return Ok(Published::NoDevice);
    }
    let device = integer(publish.device.get());
    let mut known = db.prepare_cached("SELECT 1 FROM key_package WHERE device = ?1 AND hash = ?2")?;
    let mut fresh: Vec<([u8; 32], &Vec<u8>)> = Vec::with_capacity(publish.packages.len());
    for package in &publish.packages {
        let hash: [u8; 32] = Sha256::digest(package).into();
        if fresh.iter().all(|(other, _)| *other != hash) && !known.exists((device, hash))? {
            fresh.push((hash, package));
        }
    }
    if !fresh.is_empty() && stock(db, publish.device)?.available + fresh.len() > publish.waiting_max {
        return Ok(Published::TooMany);
    }
    let mut insert =
        db.prepare_cached("INSERT INTO key_package (device, hash, bytes) VALUES (?1, ?2, ?3)")?;
    for (hash, package) in fresh {
        insert.execute((device, hash, package))?;
    }
    if let Some(last_resort) = &publish.last_resort {
        db.prepare_cached(
            "INSERT INTO last_resort_key_package VALUES (?1, ?2)
             ON CONFLICT (device) DO UPDATE SET bytes = excluded.bytes",
        )?
        .execute((device, last_resort))?;
    }
    db.prepare_cached(FORGOTTEN)?.execute((device, i64::try_from(REMEMBERED).unwrap_or(i64::MAX)))?;
    Ok(Published::Done(stock(db, publish.device)?))
}

/// The next key package of a device, and whether it is the last-resort one.
fn take(db: &Connection, device: DeviceId) -> rusqlite::Result<Option<(Vec<u8>, bool)>> {
    let id = integer(device.get());
    let oldest = db.prepare_cached(OLDEST)?.query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
    if let Some((row, package)) = oldest.optional()? {
        db.prepare_cached("UPDATE key_package SET bytes = NULL WHERE id = ?1")?.execute([row])?;
        return Ok(Some((package, false)));
    }
    db.prepare_cached("SELECT bytes FROM last_resort_key_package WHERE device = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, true)))
        .optional()
}

fn claim(db: &Connection, user: UserId, named: Option<&str>) -> rusqlite::Result<Vec<Claimed>> {
    let mut devices = db.prepare_cached(
        "SELECT id FROM device WHERE user = ?1 AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))
         ORDER BY created_at, id",
    )?;
    let devices = devices.query_map((integer(user.get()), named), |row| device_id(row, 0))?;
    let mut claimed = Vec::new();
    for device in devices.collect::<rusqlite::Result<Vec<_>>>()? {
        if let Some((package, last_resort)) = take(db, device)? {
            claimed.push(Claimed { device, package, last_resort });
        }
    }
    Ok(claimed)
}

#[async_trait]
impl KeyPackages for SqliteDirectory {
    async fn publish(&self, asked: Publish) -> Result<Published, Unavailable> {
        self.store.write(move |db| publish(db, &asked)).await
    }

    async fn stock(&self, user: UserId, device: DeviceId) -> Result<Stock, Unavailable> {
        let read = self.store.read(move |db| match has_device(db, user, device)? {
            true => stock(db, device),
            false => Ok(Stock::default()),
        });
        read.await
    }

    async fn claim(&self, user: UserId, devices: Option<&[DeviceId]>) -> Result<Vec<Claimed>, Unavailable> {
        let named = devices.map(|devices| id_list(devices.iter().map(|device| device.get())));
        self.store.write(move |db| claim(db, user, named.as_deref())).await
    }
}
