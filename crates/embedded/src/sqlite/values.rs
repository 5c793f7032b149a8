//! Values of the ports as columns, and back. A value that no writer of ours can have put there is an
//! error of the row, not a panic.

use std::fmt::Display;
use std::str::FromStr;

use chinwag_chat::Fingerprint;
use chinwag_proto::{ChatId, GroupId, Timestamp, UserId};
use rusqlite::types::Type;
use rusqlite::{Row, RowIndex};

/// A chat's columns `(kind, a, b)`: their order is the order of chat ids.
pub(crate) fn chat_columns(chat: ChatId) -> (i64, i64, i64) {
    match chat {
        ChatId::Direct(low, high) => (0, integer(low.get()), integer(high.get())),
        ChatId::Group(group) => (1, integer(group.get()), 0),
        ChatId::Inbox(owner) => (2, integer(owner.get()), 0),
    }
}

/// The chat of three neighbouring columns.
pub(crate) fn chat_of(row: &Row<'_>, first: usize) -> rusqlite::Result<ChatId> {
    let a = number(row, first + 1)?;
    let chat = match row.get::<_, i64>(first)? {
        0 => UserId::new(a)
            .zip(UserId::new(number(row, first + 2)?))
            .map(|(low, high)| ChatId::Direct(low, high)),
        1 => GroupId::new(a).map(ChatId::Group),
        2 => UserId::new(a).map(ChatId::Inbox),
        _ => None,
    };
    chat.ok_or_else(|| wrong(first, Type::Integer, "not a chat"))
}

/// An id or a count as SQLite holds it; ids have 63 bits.
pub(crate) const fn integer(number: u64) -> i64 {
    number.cast_signed()
}

/// A number that is not negative.
pub(crate) fn number(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// A point in time, stored as milliseconds.
pub(crate) fn time(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_ms)
}

/// Whether a column is not 0.
pub(crate) fn boolean(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<bool> {
    row.get::<_, i64>(column).map(|value| value != 0)
}

/// A text of a type that parses.
pub(crate) fn text<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    parse(&row.get::<_, String>(column)?, column)
}

/// The same, or NULL.
pub(crate) fn optional_text<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: Display,
{
    row.get::<_, Option<String>>(column)?.map(|text| parse(&text, column)).transpose()
}

fn parse<T>(text: &str, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| wrong(column, Type::Text, &error.to_string()))
}

/// The fingerprint of 16 bytes, the most significant first.
pub(crate) fn fingerprint_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Fingerprint> {
    row.get(column).map(|bytes: [u8; 16]| Fingerprint(u128::from_be_bytes(bytes)))
}

/// Names the column, never the value.
fn wrong(column: usize, kind: Type, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, what.to_owned().into())
}

/// Numbers as a JSON list, for `json_each`: one statement for a list of any length.
pub(crate) fn id_list(numbers: impl IntoIterator<Item = u64>) -> String {
    let mut list = String::from("[");
    for number in numbers {
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(&number.to_string());
    }
    list.push(']');
    list
}
