//! Ids of groups reserved for a client's own id.

use async_trait::async_trait;
use chinwag_chat::Fingerprint;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Reservations, Reserved};
use chinwag_proto::{ClientMessageId, GroupId, UserId};
use rusqlite::Row;

use super::SqliteDirectory;
use crate::sqlite::{fingerprint_of, integer, number};

fn reserved_of(row: &Row<'_>) -> rusqlite::Result<Reserved> {
    let number = number(row, 0)?;
    let group =
        GroupId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number.cast_signed()))?;
    Ok(Reserved { group, fingerprint: fingerprint_of(row, 1)? })
}

#[async_trait]
impl Reservations for SqliteDirectory {
    async fn reserve(
        &self,
        user: UserId,
        id: &ClientMessageId,
        group: GroupId,
        fingerprint: Fingerprint,
    ) -> Result<Reserved, Unavailable> {
        let (user, id) = (integer(user.get()), id.as_str().to_owned());
        self.store
            .write(move |db| {
                db.prepare_cached("INSERT OR IGNORE INTO reservation VALUES (?1, ?2, ?3, ?4)")?.execute((
                    user,
                    &id,
                    integer(group.get()),
                    fingerprint.0.to_be_bytes(),
                ))?;
                db.prepare_cached(
                    "SELECT group_id, fingerprint FROM reservation WHERE user = ?1 AND client_id = ?2",
                )?
                .query_row((user, &id), reserved_of)
            })
            .await
    }
}
