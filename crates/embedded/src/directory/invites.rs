//! Invitations to register. One is good until, not at, its end.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Invite, Invites, NewInvite};
use chinwag_proto::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteDirectory;
use crate::sqlite::{integer, number, time};

/// The number of the invitation with this hash, if it may be used now.
pub(super) fn usable(db: &Connection, hash: &[u8; 32], now: Timestamp) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM invite WHERE hash = ?1 AND uses_left > 0 AND expires_at > ?2")?
        .query_row(params![hash, now.as_ms()], |row| row.get(0))
        .optional()
}

/// Uses it once; one that is used up is gone.
pub(super) fn use_up(db: &Connection, id: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE invite SET uses_left = uses_left - 1 WHERE id = ?1")?.execute([id])?;
    db.prepare_cached("DELETE FROM invite WHERE id = ?1 AND uses_left = 0")?.execute([id])?;
    Ok(())
}

fn invite_of(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        id: number(row, 0)?,
        note: row.get(1)?,
        uses_left: row.get(2)?,
        expires_at: time(row, 3)?,
        created_at: time(row, 4)?,
    })
}

#[async_trait]
impl Invites for SqliteDirectory {
    async fn create_invite(&self, invite: NewInvite) -> Result<u64, Unavailable> {
        let sql =
            "INSERT INTO invite (hash, note, uses_left, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.store
            .write(move |db| {
                let NewInvite { hash, note, uses, expires_at, created_at } = invite;
                let row = params![hash, note, uses, expires_at.as_ms(), created_at.as_ms()];
                db.prepare_cached(sql)?.insert(row).map(i64::cast_unsigned)
            })
            .await
    }

    async fn invites(&self) -> Result<Vec<Invite>, Unavailable> {
        let sql = "SELECT id, note, uses_left, expires_at, created_at FROM invite
                   WHERE uses_left > 0 ORDER BY id DESC LIMIT 1000";
        self.store.read(move |db| db.prepare_cached(sql)?.query_map([], invite_of)?.collect()).await
    }

    async fn revoke_invite(&self, id: u64) -> Result<bool, Unavailable> {
        let sql = "DELETE FROM invite WHERE id = ?1";
        self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute([integer(id)])? > 0)).await
    }
}
