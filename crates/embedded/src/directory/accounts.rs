//! Accounts. Names of erased users are kept as hashes, so that they stay taken without being kept.

use async_trait::async_trait;
use chinwag_ports::directory::{Account, Accounts, CreateUser, CreateUserError, Credential, LoginName};
use chinwag_ports::{Unavailable, directory};
use chinwag_proto::UserId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::{SqliteDirectory, invites};
use crate::sqlite::{boolean, integer, number, optional_text, time};

/// The columns that [`user_of`] reads, from 0 on.
pub(super) const USER_COLUMNS: &str =
    "user.id, user.username, user.display_name, user.shows_presence, user.shows_receipts, user.shows_typing";

/// A user from [`USER_COLUMNS`].
pub(super) fn user_of(row: &Row<'_>) -> rusqlite::Result<directory::User> {
    Ok(directory::User {
        id: user_id(row, 0)?,
        username: optional_text(row, 1)?,
        display_name: optional_text(row, 2)?,
        shows_presence: boolean(row, 3)?,
        shows_receipts: boolean(row, 4)?,
        shows_typing: boolean(row, 5)?,
    })
}

/// A user's id in a column.
pub(super) fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    let number = number(row, column)?;
    UserId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.cast_signed()))
}

/// An account from [`USER_COLUMNS`] and `email, created_at, suspended`.
fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: user_of(row)?,
        email: optional_text(row, 6)?,
        created_at: time(row, 7)?,
        suspended: boolean(row, 8)?,
    })
}

fn credential_of(row: &Row<'_>) -> rusqlite::Result<Credential> {
    Ok(Credential { user: user_id(row, 0)?, password_hash: row.get(1)?, suspended: boolean(row, 2)? })
}

fn name_hash(name: &str) -> [u8; 32] {
    Sha256::new().chain_update("chinwag name ").chain_update(name).finalize().into()
}

fn exists(db: &Connection, sql: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<bool> {
    db.prepare_cached(sql)?.exists([value])
}

fn create(db: &Connection, user: &CreateUser) -> rusqlite::Result<Result<(), CreateUserError>> {
    let invite = match &user.invite {
        None => None,
        Some(hash) => match invites::usable(db, hash, user.created_at)? {
            None => return Ok(Err(CreateUserError::InviteInvalid)),
            found => found,
        },
    };
    let name = user.username.as_str();
    if exists(db, "SELECT 1 FROM user WHERE username = ?1", name)?
        || exists(db, "SELECT 1 FROM former_name WHERE hash = ?1", name_hash(name))?
    {
        return Ok(Err(CreateUserError::UsernameTaken));
    }
    let folded = user.email.as_ref().map(chinwag_proto::text::Email::folded);
    if let Some(folded) = &folded
        && exists(db, "SELECT 1 FROM user WHERE email_folded = ?1", folded)?
    {
        return Ok(Err(CreateUserError::EmailTaken));
    }
    if let Some(invite) = invite {
        invites::use_up(db, invite)?;
    }
    db.prepare_cached(
        "INSERT INTO user (id, username, display_name, email, email_folded, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        integer(user.id.get()),
        name,
        user.display_name.as_str(),
        user.email.as_ref().map(chinwag_proto::text::Email::as_str),
        folded,
        user.password_hash,
        user.created_at.as_ms(),
    ])?;
    Ok(Ok(()))
}

/// Whether there was somebody to erase.
fn erase(db: &Connection, user: UserId) -> rusqlite::Result<bool> {
    let id = integer(user.get());
    let name: Option<String> = db
        .prepare_cached("SELECT username FROM user WHERE id = ?1 AND username IS NOT NULL")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(name) = name else {
        return Ok(false);
    };
    db.prepare_cached("INSERT OR IGNORE INTO former_name VALUES (?1)")?.execute([name_hash(&name)])?;
    for sql in [
        "UPDATE user SET username = NULL, display_name = NULL, email = NULL, email_folded = NULL, password_hash = NULL,
             shows_presence = 0, shows_receipts = 0, shows_typing = 0, suspended = 0 WHERE id = ?1",
        "DELETE FROM device WHERE user = ?1",
        "DELETE FROM contact WHERE user = ?1",
        "DELETE FROM contact WHERE other = ?1",
        "DELETE FROM block WHERE user = ?1",
        "DELETE FROM block WHERE other = ?1",
    ] {
        db.prepare_cached(sql)?.execute([id])?;
    }
    Ok(true)
}

#[async_trait]
impl Accounts for SqliteDirectory {
    /// Looks at the invitation first, so that names and addresses are not told to the uninvited.
    async fn create(&self, user: CreateUser) -> Result<(), CreateUserError> {
        self.store.write(move |db| create(db, &user)).await?
    }

    async fn credential(&self, name: &LoginName) -> Result<Option<Credential>, Unavailable> {
        let (sql, name) = match name {
            LoginName::Username(name) => {
                ("SELECT id, password_hash, suspended FROM user WHERE username = ?1", name.clone())
            }
            LoginName::Email(folded) => {
                ("SELECT id, password_hash, suspended FROM user WHERE email_folded = ?1", folded.clone())
            }
        };
        self.store.read(move |db| db.prepare_cached(sql)?.query_row([name], credential_of).optional()).await
    }

    async fn credential_of(&self, user: UserId) -> Result<Option<Credential>, Unavailable> {
        let sql = "SELECT id, password_hash, suspended FROM user WHERE id = ?1 AND password_hash IS NOT NULL";
        let id = integer(user.get());
        self.store.read(move |db| db.prepare_cached(sql)?.query_row([id], credential_of).optional()).await
    }

    async fn set_password(&self, user: UserId, password_hash: &str) -> Result<bool, Unavailable> {
        let sql = "UPDATE user SET password_hash = ?2 WHERE id = ?1 AND password_hash IS NOT NULL";
        let row = (integer(user.get()), password_hash.to_owned());
        self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute(row)? > 0)).await
    }

    async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<bool, Unavailable> {
        let sql = "UPDATE user SET suspended = ?2 WHERE id = ?1 AND password_hash IS NOT NULL";
        let row = (integer(user.get()), suspended);
        self.store.write(move |db| Ok(db.prepare_cached(sql)?.execute(row)? > 0)).await
    }

    async fn erase(&self, user: UserId) -> Result<(), Unavailable> {
        if self.store.write(move |db| erase(db, user)).await? {
            self.store.wipe_soon();
        }
        Ok(())
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, Unavailable> {
        let sql = format!("SELECT {USER_COLUMNS}, email, created_at, suspended FROM user WHERE id = ?1");
        let id = integer(user.get());
        self.store.read(move |db| db.prepare_cached(&sql)?.query_row([id], account_of).optional()).await
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Account>, Unavailable> {
        let sql = format!(
            "SELECT {USER_COLUMNS}, email, created_at, suspended FROM user WHERE id > ?1 ORDER BY id LIMIT ?2"
        );
        let page = (after.map_or(0, |after| integer(after.get())), i64::try_from(limit).unwrap_or(i64::MAX));
        self.store.read(move |db| db.prepare_cached(&sql)?.query_map(page, account_of)?.collect()).await
    }
}
