//! Lists that grow by compare-and-append, as rows: the rules of [`Append`], and pages.

use chinwag_ports::chain::{Append, Appended, Page};
use chinwag_proto::Seq;
use rusqlite::{CachedStatement, Connection, ToSql};

use super::{integer, number};

/// Where a list's items stand: statements whose first parameters are the list's own.
pub(crate) struct List<'a> {
    /// The number of the last item, or NULL.
    pub(crate) head: &'a str,
    /// Numbers and bytes above a number, in order; the last two parameters are that number and how many.
    pub(crate) above: &'a str,
    /// Puts an item; the last two parameters are its number and its bytes.
    pub(crate) insert: &'a str,
    /// Which list.
    pub(crate) key: &'a [i64],
}

fn with<'a>(key: &'a [i64], rest: &[&'a dyn ToSql]) -> Vec<&'a dyn ToSql> {
    key.iter().map(|part| part as &dyn ToSql).chain(rest.iter().copied()).collect()
}

impl List<'_> {
    /// The number of the last item; 0 before the first.
    pub(crate) fn head(&self, db: &Connection) -> rusqlite::Result<Seq> {
        let mut statement = db.prepare_cached(self.head)?;
        let head = statement.query_row(&*with(self.key, &[]), |row| row.get::<_, Option<i64>>(0))?;
        Ok(Seq::clamped(head.unwrap_or(0).cast_unsigned()))
    }

    /// Appends where `has_room` says so; it is asked only when there is something to append.
    pub(crate) fn append(
        &self,
        db: &Connection,
        append: &Append,
        has_room: impl FnOnce() -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Appended> {
        let head = self.head(db)?;
        let end = Seq::clamped(append.after.get().saturating_add(append.items.len() as u64));
        if end <= head && self.stands(db, append)? {
            return Ok(Appended::Done(end));
        }
        if append.after != head {
            return Ok(Appended::Stale(head));
        }
        if !has_room()? {
            return Ok(Appended::Full);
        }
        let mut insert = db.prepare_cached(self.insert)?;
        for (number, item) in (append.after.get() + 1..).zip(&append.items) {
            insert.execute(&*with(self.key, &[&integer(number), item]))?;
        }
        Ok(Appended::Done(end))
    }

    fn stands(&self, db: &Connection, append: &Append) -> rusqlite::Result<bool> {
        let mut above = db.prepare_cached(self.above)?;
        let mut asked = append.items.iter();
        let count = append.items.len();
        each(&mut above, self.key, append.after, count, |_, bytes| {
            Ok(asked.next().is_some_and(|item| item == bytes))
        })
    }

    /// At most `limit` items above a number, and no more than `bytes_max` of them together, but one at least.
    pub(crate) fn page(
        &self,
        db: &Connection,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> rusqlite::Result<Page> {
        let head = self.head(db)?;
        let mut page = Page { items: Vec::new(), head };
        let mut bytes = 0;
        each(&mut db.prepare_cached(self.above)?, self.key, after, limit, |number, item| {
            bytes += item.len();
            let fits = number <= head.get() && (page.items.is_empty() || bytes <= bytes_max);
            if fits {
                page.items.push(item.to_vec());
            }
            Ok(fits)
        })?;
        Ok(page)
    }
}

/// Hands items in until one is not wanted; whether all were.
fn each(
    above: &mut CachedStatement<'_>,
    key: &[i64],
    after: Seq,
    limit: usize,
    mut take: impl FnMut(u64, &[u8]) -> rusqlite::Result<bool>,
) -> rusqlite::Result<bool> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = above.query(&*with(key, &[&integer(after.get()), &limit]))?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob()?;
        if !take(number(row, 0)?, bytes)? {
            return Ok(false);
        }
    }
    Ok(true)
}
