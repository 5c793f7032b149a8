//! A view row.
//!
//! Layout 1: version 1 · a byte: has a last edit (bit 0), is deleted (1) · edits: count int, each int (less the one before) ·
//! the last edit: time sint, ms · content · the deletion: seq int · offset int · time sint, ms · cells: count int, each key text ·
//! user id · on 0/1 · seq int · keys: count int, each key text · offset int.

use chinwag_proto::{Seq, UserId};

use super::StoredError;
use super::bytes::{Reader, put_bytes, put_int, put_len};
use super::common::{put_content, put_id, put_seq, put_time};
use crate::view::{Cell, View};

const LAYOUT: u8 = 1;
const HAS_EDIT: u8 = 1;
const IS_DELETED: u8 = 2;

/// Appends a view row's bytes.
pub fn encode_view(view: &View, out: &mut Vec<u8>) {
    out.push(LAYOUT);
    out.push(u8::from(view.last_edit.is_some()) | u8::from(view.deleted.is_some()) << 1);
    put_len(out, view.edits.len());
    let mut last = 0;
    for edit in &view.edits {
        // Wraps, so that even edits out of order, which are never made, come back as they were.
        put_int(out, edit.get().wrapping_sub(last));
        last = edit.get();
    }
    if let Some((time, content)) = &view.last_edit {
        put_time(out, *time);
        put_content(out, content.as_ref());
    }
    if let Some((seq, offset, time)) = view.deleted {
        put_seq(out, seq);
        put_int(out, offset);
        put_time(out, time);
    }
    put_len(out, view.cells.len());
    for cell in &view.cells {
        put_bytes(out, cell.key.as_str().as_bytes());
        put_id(out, cell.user.get());
        out.push(u8::from(cell.on));
        put_seq(out, cell.seq);
    }
    put_len(out, view.keys.len());
    for (key, offset) in &view.keys {
        put_bytes(out, key.as_str().as_bytes());
        put_int(out, *offset);
    }
}

/// Reads a view row back.
pub fn decode_view(bytes: &[u8]) -> Result<View, StoredError> {
    let mut reader = Reader::versioned(bytes, LAYOUT)?;
    let bits = reader.byte()?;
    if bits & !(HAS_EDIT | IS_DELETED) != 0 {
        return Err(StoredError::Damaged("an unknown part of a view row"));
    }
    let mut last = 0_u64;
    let edits = reader.many(1, |reader| {
        last = last.wrapping_add(reader.int()?);
        Seq::new(last).ok_or(StoredError::Damaged("a seq above 2^53"))
    })?;
    let last_edit = if bits & HAS_EDIT != 0 { Some((reader.time()?, reader.content()?)) } else { None };
    let deleted =
        if bits & IS_DELETED != 0 { Some((reader.seq()?, reader.int()?, reader.time()?)) } else { None };
    let cells = reader.many(12, |reader| {
        Ok(Cell {
            key: reader.reaction_key()?,
            user: reader.id(UserId::new)?,
            on: reader.flag()?,
            seq: reader.seq()?,
        })
    })?;
    let keys = reader.many(3, |reader| Ok((reader.reaction_key()?, reader.int()?)))?;
    reader.end()?;
    Ok(View { edits, last_edit, deleted, cells, keys })
}
