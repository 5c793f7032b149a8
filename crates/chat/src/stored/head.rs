//! A chat's head, always of the same length.
//!
//! Layout 1: version 1 · seq · n · lastOffset · stateSeq · mlsSeq · lastAt (two's complement, ms) · floor, 8 bytes big
//! endian each · ruleVersion, 2 bytes big endian.

use chinwag_proto::{Seq, Timestamp};

use super::StoredError;
use super::bytes::Reader;
use crate::state::Head;

const LAYOUT: u8 = 1;

/// The length of a stored head.
pub const HEAD_BYTES: usize = 1 + 7 * 8 + 2;

/// Appends a head's bytes.
pub fn encode_head(head: &Head, out: &mut Vec<u8>) {
    out.push(LAYOUT);
    for number in [head.seq.get(), head.n, head.last_offset, head.state_seq.get(), head.mls_seq.get()] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&head.last_at.as_ms().to_be_bytes());
    out.extend_from_slice(&head.floor.get().to_be_bytes());
    out.extend_from_slice(&head.rule_version.to_be_bytes());
}

/// Reads a head back.
pub fn decode_head(bytes: &[u8]) -> Result<Head, StoredError> {
    let mut reader = Reader::versioned(bytes, LAYOUT)?;
    let seq = |number| Seq::new(number).ok_or(StoredError::Damaged("a seq above 2^53"));
    let mut head = Head {
        seq: seq(reader.u64()?)?,
        n: reader.u64()?,
        last_offset: reader.u64()?,
        state_seq: seq(reader.u64()?)?,
        mls_seq: seq(reader.u64()?)?,
        ..Head::default()
    };
    let ms = reader.array().map(i64::from_be_bytes)?;
    head.last_at = Timestamp::from_ms(ms);
    if head.last_at.as_ms() != ms {
        return Err(StoredError::Damaged("a time out of range"));
    }
    head.floor = seq(reader.u64()?)?;
    head.rule_version = reader.array().map(u16::from_be_bytes)?;
    reader.end()?;
    Ok(head)
}
