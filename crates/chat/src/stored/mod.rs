//! The bytes in which entries, records, states, heads and views are stored. Public interfaces: a
//! layout is never changed once released, a new one gets the next number.
//!
//! Common to all: byte 0 is the layout's version. *int* is LEB128 of at most 10 bytes in its shortest
//! form, *sint* the same of a zigzag number, *id* 8 bytes big endian from 1 to 2^63−1, *text* and
//! *bytes* an int (the length) and so many bytes; *opt int* is 0 for none, else the number plus one; *content* is
//! an int (0 when wiped, else the length plus one) and compact JSON. A value has one encoding: unknown
//! bits, longer forms and bytes after the end are refused, so that damage is seen. Decoders are total
//! and never take more memory than a small multiple of the bytes they were given.
//!
//! | value | file |
//! |---|---|
//! | chat id, as in keys | `key` |
//! | entry | `entry` |
//! | record | `record` |
//! | head | `head` |
//! | state (a whole snapshot) | `state` |
//! | view row | `view` |
//!
//! Checksums are the store's.

mod bytes;
mod common;
mod entry;
mod head;
mod key;
mod record;
mod state;
mod view;

pub use entry::{decode_entry, encode_entry};
pub use head::{HEAD_BYTES, decode_head, encode_head};
pub use key::{ChatKey, chat_key};
pub use record::{decode_record, encode_record};
pub use state::{decode_state, encode_state};
pub use view::{decode_view, encode_view};

/// Why stored bytes were not understood.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoredError {
    /// A layout that this code does not know: written by newer code.
    #[error("stored in layout {0}, which this version does not know")]
    Version(u8),
    /// The bytes end too early.
    #[error("the stored bytes are cut short")]
    Short,
    /// There are bytes after the end.
    #[error("there are bytes after the end of the stored value")]
    Trailing,
    /// A value that cannot be.
    #[error("the stored bytes are damaged: {0}")]
    Damaged(&'static str),
}
