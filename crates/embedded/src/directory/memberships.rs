//! Memberships: the chats of users.
//!
//! With n rows in all: `project` is O(log n) a row. `chats_of` is O(log n + limit + chats that the user
//! has left among them): rows of former members stand in the same range of the primary key. `acquainted`
//! is O(log n) for each of `others` who shares a direct chat, else O(g log n), g being the small groups
//! of `user`; the sizes of groups are kept by triggers.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::directory::{Membership, MembershipRow, Memberships};
use chinwag_proto::{ChatId, Role, UserId};
use rusqlite::Connection;

use super::SqliteDirectory;
use super::accounts::user_id;
use crate::sqlite::{chat_columns, chat_of, id_list, integer};

pub(super) const CHATS_OF: &str =
    "SELECT kind, a, b FROM membership WHERE user = ?1 AND (kind, a, b) > (?2, ?3, ?4) AND role > 0
     ORDER BY kind, a, b LIMIT ?5";

pub(super) const ACQUAINTED: &str = "WITH small AS MATERIALIZED (
         SELECT a FROM membership JOIN group_size ON group_size.id = a
         WHERE user = ?1 AND kind = 1 AND role > 0 AND members <= ?3)
     SELECT value FROM json_each(?2) AS other
     WHERE EXISTS (SELECT 1 FROM membership WHERE user = ?1 AND kind = 0 AND role > 0
                       AND a = min(?1, other.value) AND b = max(?1, other.value))
        OR EXISTS (SELECT 1 FROM small CROSS JOIN membership AS theirs
                   WHERE theirs.user = other.value AND theirs.kind = 1 AND theirs.a = small.a
                       AND theirs.b = 0 AND theirs.role > 0)";

/// As the table's comment says.
const fn role_column(membership: Membership) -> i64 {
    match membership {
        Membership::Former => 0,
        Membership::Member(Role::Member) => 1,
        Membership::Member(Role::Admin) => 2,
        Membership::Member(Role::Owner) => 3,
    }
}

/// Of two rows of one entry the later one counts.
fn project(db: &Connection, rows: &[MembershipRow]) -> rusqlite::Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO membership VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (user, kind, a, b) DO UPDATE SET seq = excluded.seq, role = excluded.role
         WHERE excluded.seq >= seq AND (excluded.seq, excluded.role) <> (seq, role)",
    )?;
    for row in rows {
        let (kind, a, b) = chat_columns(row.chat);
        let (user, seq) = (integer(row.user.get()), integer(row.seq.get()));
        upsert.execute((user, kind, a, b, seq, role_column(row.membership)))?;
    }
    Ok(())
}

#[async_trait]
impl Memberships for SqliteDirectory {
    async fn project(&self, rows: &[MembershipRow]) -> Result<(), Unavailable> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = rows.to_vec();
        self.store.write(move |db| project(db, &rows)).await
    }

    async fn chats_of(
        &self,
        user: UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> Result<Vec<ChatId>, Unavailable> {
        let (kind, a, b) = after.map_or((-1, 0, 0), chat_columns);
        let page = (integer(user.get()), kind, a, b, i64::try_from(limit).unwrap_or(i64::MAX));
        self.store
            .read(move |db| db.prepare_cached(CHATS_OF)?.query_map(page, |row| chat_of(row, 0))?.collect())
            .await
    }

    async fn acquainted(
        &self,
        user: UserId,
        others: &[UserId],
        group_max: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let others = id_list(others.iter().map(|other| other.get()));
        let row = (integer(user.get()), others, i64::try_from(group_max).unwrap_or(i64::MAX));
        self.store
            .read(move |db| db.prepare_cached(ACQUAINTED)?.query_map(row, |row| user_id(row, 0))?.collect())
            .await
    }
}
