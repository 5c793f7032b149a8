//! Marks as rows of the table `mark`.

use std::collections::HashMap;

use chinwag_ports::Mark;
use chinwag_proto::Seq;
use rusqlite::{Connection, Row};

use super::memory::Key;
use crate::sqlite::{chat_columns, integer, number};

/// A mark only grows, in the store too, in whatever order it is written.
pub(super) fn write(db: &Connection, marks: &HashMap<Key, Mark>) -> rusqlite::Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO mark VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (user, kind, a, b)
         DO UPDATE SET read = max(read, excluded.read), delivered = max(delivered, excluded.delivered)",
    )?;
    for ((user, chat), mark) in marks {
        let (kind, a, b) = chat_columns(*chat);
        let (read, delivered) = (integer(mark.read.get()), integer(mark.delivered.get()));
        upsert.execute((integer(user.get()), kind, a, b, read, delivered))?;
    }
    Ok(())
}

fn mark_of(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { read: Seq::clamped(number(row, 0)?), delivered: Seq::clamped(number(row, 1)?) })
}

/// The marks of keys, in their order: one look-up of the primary key each, in one statement.
pub(super) fn read(db: &Connection, keys: &[Key]) -> rusqlite::Result<Vec<Mark>> {
    let asked: Vec<_> = keys
        .iter()
        .map(|(user, chat)| {
            let (kind, a, b) = chat_columns(*chat);
            format!("[{user},{kind},{a},{b}]")
        })
        .collect();
    db.prepare_cached(
        "SELECT ifnull(mark.read, 0), ifnull(mark.delivered, 0) FROM json_each(?1) AS asked LEFT JOIN mark
             ON user = asked.value ->> 0 AND kind = asked.value ->> 1
                 AND a = asked.value ->> 2 AND b = asked.value ->> 3
         ORDER BY asked.key",
    )?
    .query_map([format!("[{}]", asked.join(","))], mark_of)?
    .collect()
}
