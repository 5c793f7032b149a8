//! Devices and their tokens.
//!
//! A suspended user's tokens are hidden, not deleted: [`Devices::end_other_tokens`] ends them.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Device, Devices, NewDevice, TokenHash, TokenOwner};
use chinwag_proto::text::Name;
use chinwag_proto::{DeviceId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteDirectory;
use super::accounts::user_id;
use crate::sqlite::{boolean, integer, number, text, time};

pub(super) const TOKEN_OWNER: &str =
    "SELECT device.user, device.id, device.expires_at FROM device JOIN user ON user.id = device.user
     WHERE device.token = ?1 AND NOT user.suspended";

pub(super) const DEVICES: &str = "SELECT id, user, name, created_at, last_seen, token IS NOT NULL FROM device
     WHERE user = ?1 ORDER BY created_at, id";

pub(super) fn device_id(row: &Row<'_>, column: usize) -> rusqlite::Result<DeviceId> {
    let number = number(row, column)?;
    DeviceId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.cast_signed()))
}

fn device_of(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: device_id(row, 0)?,
        user: user_id(row, 1)?,
        name: text(row, 2)?,
        created_at: time(row, 3)?,
        last_seen: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
        logged_in: boolean(row, 5)?,
    })
}

fn owner_of(row: &Row<'_>) -> rusqlite::Result<TokenOwner> {
    Ok(TokenOwner { user: user_id(row, 0)?, device: device_id(row, 1)?, expires_at: time(row, 2)? })
}

/// Counts at most `devices_max` rows of the index.
fn add(db: &Connection, device: &NewDevice, devices_max: usize) -> rusqlite::Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT INTO device (id, user, name, created_at, token, expires_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6
             WHERE EXISTS (SELECT 1 FROM user WHERE id = ?2 AND username IS NOT NULL AND NOT suspended)
               AND (SELECT count(*) FROM (SELECT 1 FROM device WHERE user = ?2 LIMIT ?7)) < ?7",
        )?
        .execute(params![
            integer(device.id.get()),
            integer(device.user.get()),
            device.name.as_str(),
            device.created_at.as_ms(),
            device.token.0,
            device.expires_at.as_ms(),
            i64::try_from(devices_max).unwrap_or(i64::MAX),
        ])?;
    Ok(added > 0)
}

#[async_trait]
impl Devices for SqliteDirectory {
    async fn add_device(&self, device: NewDevice, devices_max: usize) -> Result<bool, Unavailable> {
        self.store.write(move |db| add(db, &device, devices_max)).await
    }

    async fn renew_token(
        &self,
        user: UserId,
        device: DeviceId,
        token: TokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let sql = "UPDATE device SET token = ?3, expires_at = ?4 WHERE id = ?1 AND user = ?2
                   AND EXISTS (SELECT 1 FROM user WHERE id = ?2 AND username IS NOT NULL AND NOT suspended)";
        let row = (integer(device.get()), integer(user.get()), token.0, expires_at.as_ms());
        self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute(row)? > 0)).await
    }

    async fn token_owner(&self, token: &TokenHash) -> Result<Option<TokenOwner>, Unavailable> {
        let hash = token.0;
        self.store
            .read(move |db| db.prepare_cached(TOKEN_OWNER)?.query_row([hash], owner_of).optional())
            .await
    }

    async fn devices(&self, user: UserId) -> Result<Vec<Device>, Unavailable> {
        let id = integer(user.get());
        self.store.read(move |db| db.prepare_cached(DEVICES)?.query_map([id], device_of)?.collect()).await
    }

    async fn rename_device(&self, user: UserId, device: DeviceId, name: &Name) -> Result<bool, Unavailable> {
        let sql = "UPDATE device SET name = ?3 WHERE id = ?1 AND user = ?2";
        let row = (integer(device.get()), integer(user.get()), name.as_str().to_owned());
        self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute(row)? > 0)).await
    }

    async fn end_token(&self, user: UserId, device: DeviceId) -> Result<(), Unavailable> {
        let sql = "UPDATE device SET token = NULL, expires_at = NULL WHERE id = ?1 AND user = ?2";
        let row = (integer(device.get()), integer(user.get()));
        self.store.write(move |db| db.prepare_cached(sql)?.execute(row).map(drop)).await
    }

    async fn end_other_tokens(
        &self,
        user: UserId,
        keep: Option<DeviceId>,
    ) -> Result<Vec<DeviceId>, Unavailable> {
        let sql = "UPDATE device SET token = NULL, expires_at = NULL
                   WHERE user = ?1 AND id <> ?2 AND token IS NOT NULL RETURNING id";
        // No device has the number 0.
        let row = (integer(user.get()), keep.map_or(0, |keep| integer(keep.get())));
        self.store
            .write(move |db| db.prepare_cached(sql)?.query_map(row, |row| device_id(row, 0))?.collect())
            .await
    }

    async fn remove_device(&self, user: UserId, device: DeviceId) -> Result<bool, Unavailable> {
        // Its key packages go with it.
        let sql = "DELETE FROM device WHERE id = ?1 AND user = ?2";
        let row = (integer(device.get()), integer(user.get()));
        let removed = self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute(row)? > 0)).await?;
        if removed {
            self.store.wipe_soon();
        }
        Ok(removed)
    }

    async fn seen(&self, devices: &[(DeviceId, Timestamp, Timestamp)]) -> Result<(), Unavailable> {
        if devices.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE device SET last_seen = max(ifnull(last_seen, ?2), ?2),
                       expires_at = iif(token IS NULL, NULL, max(expires_at, ?3)) WHERE id = ?1";
        let devices = devices.to_vec();
        self.store
            .write(move |db| {
                let mut note = db.prepare_cached(sql)?;
                for (device, at, expires_at) in &devices {
                    note.execute((integer(device.get()), at.as_ms(), expires_at.as_ms()))?;
                }
                Ok(())
            })
            .await
    }
}
