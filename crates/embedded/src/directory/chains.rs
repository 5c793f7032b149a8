//! Device chains.

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::chain::{Append, Appended, Page};
use chinwag_ports::directory::DeviceChains;
use chinwag_proto::{Seq, UserId};

use super::SqliteDirectory;
use crate::sqlite::{List, integer};

pub(super) const ABOVE: &str =
    "SELECT version, bytes FROM device_link WHERE user = ?1 AND version > ?2 ORDER BY version LIMIT ?3";

const fn list(key: &[i64]) -> List<'_> {
    List {
        head: "SELECT max(version) FROM device_link WHERE user = ?1",
        above: ABOVE,
        insert: "INSERT INTO device_link (user, version, bytes) VALUES (?1, ?2, ?3)",
        key,
    }
}

#[async_trait]
impl DeviceChains for SqliteDirectory {
    async fn append_links(
        &self,
        user: UserId,
        append: Append,
        links_max: u64,
    ) -> Result<Appended, Unavailable> {
        let id = integer(user.get());
        let work = move |db: &rusqlite::Connection| {
            let mut there = db.prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND username IS NOT NULL")?;
            if !there.exists([id])? {
                return Ok(Appended::Full);
            }
            let end = append.after.get().saturating_add(append.items.len() as u64);
            list(&[id]).append(db, &append, || Ok(end <= links_max))
        };
        self.store.write(work).await
    }

    async fn links(
        &self,
        user: UserId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable> {
        let id = integer(user.get());
        self.store.read(move |db| list(&[id]).page(db, after, limit, bytes_max)).await
    }
}
