//! Public profiles.

use async_trait::async_trait;
use chinwag_ports::directory::{ProfileChange, Profiles, User};
use chinwag_ports::{Unavailable, directory};
use chinwag_proto::UserId;
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteDirectory;
use super::accounts::{USER_COLUMNS, user_of};
use crate::sqlite::{id_list, integer};

pub(super) fn users_sql() -> String {
    format!(
        "SELECT {USER_COLUMNS} FROM json_each(?1) AS asked LEFT JOIN user ON user.id = asked.value ORDER BY asked.key"
    )
}

fn update(
    db: &Connection,
    user: UserId,
    change: &ProfileChange,
) -> rusqlite::Result<Option<directory::User>> {
    let sql = format!(
        "UPDATE user SET display_name = ifnull(?2, display_name), shows_presence = ifnull(?3, shows_presence),
             shows_receipts = ifnull(?4, shows_receipts), shows_typing = ifnull(?5, shows_typing)
         WHERE id = ?1 AND username IS NOT NULL RETURNING {}",
        USER_COLUMNS.replace("user.", "")
    );
    let ProfileChange { display_name, shows_presence, shows_receipts, shows_typing } = change;
    let name = display_name.as_ref().map(chinwag_proto::text::Name::as_str);
    let row = params![integer(user.get()), name, shows_presence, shows_receipts, shows_typing];
    db.prepare_cached(&sql)?.query_row(row, user_of).optional()
}

#[async_trait]
impl Profiles for SqliteDirectory {
    async fn users(&self, users: &[UserId]) -> Result<Vec<Option<User>>, Unavailable> {
        let sql = users_sql();
        let asked = id_list(users.iter().map(|user| user.get()));
        self.store
            .read(move |db| {
                let found = |row: &rusqlite::Row<'_>| match row.get::<_, Option<i64>>(0)? {
                    None => Ok(None),
                    Some(_) => user_of(row).map(Some),
                };
                db.prepare_cached(&sql)?.query_map([asked], found)?.collect()
            })
            .await
    }

    async fn by_username(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let sql = format!("SELECT {USER_COLUMNS} FROM user WHERE username = ?1");
        let name = username.to_owned();
        self.store.read(move |db| db.prepare_cached(&sql)?.query_row([name], user_of).optional()).await
    }

    async fn update(&self, user: UserId, change: &ProfileChange) -> Result<Option<User>, Unavailable> {
        let change = change.clone();
        self.store.write(move |db| update(db, user, &change)).await
    }
}
