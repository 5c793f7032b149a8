//! An accepted entry as it stands in the log and in chunks: the entry, the offset of its record, and the
//! id by which a resend of it is recognised.
//!
//! Layout 1: version 1 · a byte: has an id (bit 0) · offset int · the id's key and the request's
//! fingerprint, 16 bytes big endian each, if bit 0 · the entry as in `chinwag_chat::stored`, to the end.
//! In the log four bytes stand before: CRC-32 of the rest, little endian.

use std::ops::Range;

use chinwag_chat::stored::{decode_entry, encode_entry};
use chinwag_chat::{Fingerprint, IdKey};
use chinwag_proto::Entry;

use super::bytes::{Bytes, put_int};

const LAYOUT: u8 = 1;
const HAS_ID: u8 = 1;
const CRC_BYTES: usize = 4;
const LENGTH_BYTES: usize = 4;

/// The key of a client's id, and the fingerprint of the request that it made.
pub(super) type Id = (IdKey, Fingerprint);

/// An accepted entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The offset of its record in the log.
    pub(super) offset: u64,
    /// What recognises a resend; none where the client gave no id.
    pub(super) id: Option<Id>,
    /// The entry.
    pub(super) entry: Entry,
}

/// Appends an accepted entry as it stands in the log: its length (4 bytes, little endian), then the entry
/// with its checksum. Returns where the latter begins and ends.
pub(super) fn append(offset: u64, id: Option<Id>, entry: &Entry, out: &mut Vec<u8>) -> Range<usize> {
    let length_at = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES + CRC_BYTES]);
    let begin = length_at + LENGTH_BYTES;
    encode_into(offset, id, entry, out);
    let end = out.len();
    if let Some((length, rest)) =
        out.get_mut(length_at..).and_then(|out| out.split_first_chunk_mut::<LENGTH_BYTES>())
    {
        *length = (rest.len() as u32).to_le_bytes();
        if let Some((crc, rest)) = rest.split_first_chunk_mut::<CRC_BYTES>() {
            *crc = crc32fast::hash(rest).to_le_bytes();
        }
    }
    begin..end
}

/// Appends the bytes without the checksum.
pub(super) fn encode_into(offset: u64, id: Option<Id>, entry: &Entry, out: &mut Vec<u8>) {
    out.push(LAYOUT);
    out.push(if id.is_some() { HAS_ID } else { 0 });
    put_int(out, offset);
    if let Some((key, fingerprint)) = id {
        out.extend_from_slice(&key.0.to_be_bytes());
        out.extend_from_slice(&fingerprint.0.to_be_bytes());
    }
    encode_entry(entry, out);
}

/// What [`append`] made, without the checksum.
pub(super) fn unchecked(bytes: &[u8]) -> &[u8] {
    bytes.get(CRC_BYTES..).unwrap_or_default()
}

/// Reads what [`append`] made, without the length; the error says what is wrong.
pub(super) fn decode_checked(bytes: &[u8]) -> Result<Accepted, String> {
    let (crc, rest) = bytes.split_first_chunk::<CRC_BYTES>().ok_or("cut short")?;
    if crc32fast::hash(rest) != u32::from_le_bytes(*crc) {
        return Err("wrong checksum".to_owned());
    }
    decode(rest)
}

/// Reads what [`encode_into`] made.
pub(super) fn decode(bytes: &[u8]) -> Result<Accepted, String> {
    let (offset, id, rest) = parts(bytes).ok_or("not an accepted entry")?;
    let entry = decode_entry(rest).map_err(|error| error.to_string())?;
    Ok(Accepted { offset, id, entry })
}

/// Offset, id and the entry's bytes.
pub(super) fn parts(bytes: &[u8]) -> Option<(u64, Option<Id>, &[u8])> {
    let mut bytes = Bytes(bytes);
    let [LAYOUT, bits] = bytes.array()? else { return None };
    let offset = bytes.int()?;
    let id = match bits {
        0 => None,
        HAS_ID => {
            let key = IdKey(u128::from_be_bytes(bytes.array()?));
            Some((key, Fingerprint(u128::from_be_bytes(bytes.array()?))))
        }
        _ => return None,
    };
    Some((offset, id, bytes.0))
}
