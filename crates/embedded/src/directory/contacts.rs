//! Contacts and blocks: two tables of the same form.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Contacts, Since};
use chinwag_proto::{Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use super::SqliteDirectory;
use super::accounts::user_id;
use crate::sqlite::{id_list, integer, time};

/// Which of the two tables.
#[derive(Clone, Copy)]
enum Table {
    Contact,
    Block,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Block => "block",
        }
    }
}

fn since_of(row: &Row<'_>) -> rusqlite::Result<Since> {
    Ok(Since { user: user_id(row, 0)?, since: time(row, 1)? })
}

/// `false`: there are `max` already. Whoever is not there, or erased, is as one whose erasure came right
/// after: nothing is written, and that is no refusal.
fn add(
    db: &Connection,
    table: Table,
    pair: (UserId, UserId),
    now: Timestamp,
    max: usize,
) -> rusqlite::Result<bool> {
    let name = table.name();
    let (user, other) = (integer(pair.0.get()), integer(pair.1.get()));
    let stands = format!(
        "SELECT EXISTS (SELECT 1 FROM {name} WHERE user = ?1 AND other = ?2)
             OR (SELECT count(*) FROM user WHERE id IN (?1, ?2) AND username IS NOT NULL) < iif(?1 = ?2, 1, 2)"
    );
    if db.prepare_cached(&stands)?.query_row([user, other], |row| row.get(0))? {
        return Ok(true);
    }
    let insert = format!(
        "INSERT INTO {name} SELECT ?1, ?2, ?3
         WHERE (SELECT count(*) FROM (SELECT 1 FROM {name} WHERE user = ?1 LIMIT ?4)) < ?4"
    );
    let row = params![user, other, now.as_ms(), i64::try_from(max).unwrap_or(i64::MAX)];
    Ok(db.prepare_cached(&insert)?.execute(row)? > 0)
}

pub(super) fn pairs_with(table: &str) -> String {
    format!(
        "SELECT value FROM json_each(?2) WHERE EXISTS (SELECT 1 FROM {table} WHERE user = value AND other = ?1)"
    )
}

impl SqliteDirectory {
    async fn add_pair(
        &self,
        table: Table,
        pair: (UserId, UserId),
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable> {
        self.store.write(move |db| add(db, table, pair, now, max)).await
    }

    async fn remove_pair(&self, table: Table, pair: (UserId, UserId)) -> Result<(), Unavailable> {
        let sql = format!("DELETE FROM {} WHERE user = ?1 AND other = ?2", table.name());
        let row = (integer(pair.0.get()), integer(pair.1.get()));
        self.store.write(move |db| db.prepare_cached(&sql)?.execute(row).map(drop)).await
    }

    async fn pairs_of(&self, table: Table, user: UserId, order: &str) -> Result<Vec<Since>, Unavailable> {
        let sql = format!("SELECT other, since FROM {} WHERE user = ?1 ORDER BY {order}", table.name());
        let id = integer(user.get());
        self.store.read(move |db| db.prepare_cached(&sql)?.query_map([id], since_of)?.collect()).await
    }

    /// Which of `others` have a pair with `user`, by one look-up of the primary key each.
    async fn pairs_with(
        &self,
        table: Table,
        user: UserId,
        others: &[UserId],
    ) -> Result<Vec<UserId>, Unavailable> {
        let sql = pairs_with(table.name());
        let row = (integer(user.get()), id_list(others.iter().map(|other| other.get())));
        self.store
            .read(move |db| db.prepare_cached(&sql)?.query_map(row, |row| user_id(row, 0))?.collect())
            .await
    }
}

#[async_trait]
impl Contacts for SqliteDirectory {
    async fn add_contact(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable> {
        self.add_pair(Table::Contact, (user, other), now, max).await
    }

    async fn remove_contact(&self, user: UserId, other: UserId) -> Result<(), Unavailable> {
        self.remove_pair(Table::Contact, (user, other)).await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Since>, Unavailable> {
        self.pairs_of(Table::Contact, user, "other").await
    }

    async fn add_block(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable> {
        self.add_pair(Table::Block, (user, other), now, max).await
    }

    async fn remove_block(&self, user: UserId, other: UserId) -> Result<(), Unavailable> {
        self.remove_pair(Table::Block, (user, other)).await
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<Since>, Unavailable> {
        self.pairs_of(Table::Block, user, "since DESC, other DESC").await
    }

    async fn blocked_by(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable> {
        self.pairs_with(Table::Block, user, others).await
    }

    async fn contact_of(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable> {
        self.pairs_with(Table::Contact, user, others).await
    }
}
