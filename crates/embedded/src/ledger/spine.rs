//! The spine of a chat: which chunk holds which entries, in blocks of up to 64 chunks. The newest block
//! stands in the chat's own row, so that a fold touches one row for each chat; full ones have rows of
//! their own.
//!
//! Layout 1: version 1 · first seq int · messages before it int · each chunk to the end: number of entries
//! int · number of messages int · its id int, less that of the one before.

use chinwag_proto::Seq;

use super::bytes::{Bytes, put_int};

const LAYOUT: u8 = 1;

/// Chunks of a block.
pub(super) const SPINE_CHUNKS: usize = 64;

/// Where a chunk is and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkRef {
    /// The seq of its first entry.
    pub(super) first: Seq,
    /// How many entries it holds.
    pub(super) count: u64,
    /// Number of messages in the chat before it.
    pub(super) messages_before: u64,
    /// How many messages it holds.
    pub(super) messages: u64,
    /// Its row.
    pub(super) id: i64,
}

impl ChunkRef {
    /// The seq after its last entry.
    pub(super) fn end(&self) -> u64 {
        self.first.get().saturating_add(self.count)
    }
}

/// A block of a chat's spine: chunks in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spine {
    /// The seq that its first chunk begins with, or will.
    pub(super) first: Seq,
    /// Number of messages in the chat before it.
    pub(super) messages_before: u64,
    /// Its chunks.
    pub(super) chunks: Vec<ChunkRef>,
}

impl Spine {
    /// One without chunks.
    pub(super) fn new(first: Seq, messages_before: u64) -> Self {
        Self { first, messages_before, chunks: Vec::new() }
    }

    /// The seq after its last entry.
    pub(super) fn end(&self) -> u64 {
        self.chunks.last().map_or(self.first.get(), ChunkRef::end)
    }

    /// Number of messages in the chat up to its end.
    pub(super) fn messages_up_to_end(&self) -> u64 {
        self.chunks.last().map_or(self.messages_before, |last| last.messages_before + last.messages)
    }

    pub(super) fn push(&mut self, id: i64, count: u64, messages: u64) {
        let first = Seq::clamped(self.end());
        let messages_before = self.messages_up_to_end();
        self.chunks.push(ChunkRef { first, count, messages_before, messages, id });
    }

    pub(super) fn is_full(&self) -> bool {
        self.chunks.len() >= SPINE_CHUNKS
    }

    /// The place of the chunk that holds a seq.
    pub(super) fn find(&self, seq: Seq) -> Option<usize> {
        let place = self.chunks.partition_point(|chunk| chunk.end() <= seq.get());
        self.chunks.get(place).filter(|chunk| chunk.first <= seq).map(|_| place)
    }

    /// The place of the chunk that holds message number `n` of the chat.
    pub(super) fn find_message(&self, n: u64) -> Option<usize> {
        let place = self.chunks.partition_point(|chunk| chunk.messages_before < n).checked_sub(1)?;
        self.chunks.get(place).filter(|chunk| n <= chunk.messages_before + chunk.messages).map(|_| place)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + 6 * self.chunks.len());
        out.push(LAYOUT);
        put_int(&mut out, self.first.get());
        put_int(&mut out, self.messages_before);
        let mut last = 0;
        for chunk in &self.chunks {
            put_int(&mut out, chunk.count);
            put_int(&mut out, chunk.messages);
            put_int(&mut out, chunk.id.wrapping_sub(last).cast_unsigned());
            last = chunk.id;
        }
        out
    }

    /// `None` where the bytes are no spine.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        if bytes.byte()? != LAYOUT {
            return None;
        }
        let mut spine = Self::new(Seq::new(bytes.int()?)?, bytes.int()?);
        let mut last = 0_i64;
        while !bytes.0.is_empty() {
            let (count, messages) = (bytes.int()?, bytes.int()?);
            last = last.wrapping_add(bytes.int()?.cast_signed());
            if count == 0 || messages > count || spine.is_full() {
                return None;
            }
            spine.push(last, count, messages);
        }
        Some(spine)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn spine() -> Spine {
        let mut spine = Spine::new(Seq::clamped(101), 40);
        spine.push(900, 3, 2);
        spine.push(7_000, 1, 0);
        spine.push(7_001, 64, 60);
        spine
    }

    #[test]
    fn a_spine_comes_back_from_its_bytes() {
        assert_eq!(Spine::decode(&spine().encode()), Some(spine()));
        assert_eq!(Spine::decode(&Spine::new(Seq::clamped(1), 0).encode()).unwrap().chunks, []);
        assert_eq!(Spine::decode(&[]), None);
    }

    #[test]
    fn a_seq_is_found_in_the_chunk_that_holds_it() {
        let spine = spine();
        let found: Vec<_> = [100, 101, 103, 104, 105, 168, 169]
            .map(|seq| spine.find(Seq::clamped(seq)).map(|place| spine.chunks[place].id))
            .into();
        assert_eq!(found, [None, Some(900), Some(900), Some(7_000), Some(7_001), Some(7_001), None]);
    }

    #[test]
    fn a_message_is_found_by_its_number_past_chunks_without_messages() {
        let spine = spine();
        let found: Vec<_> = [40, 41, 42, 43, 102, 103]
            .map(|n| spine.find_message(n).map(|place| spine.chunks[place].id))
            .into();
        assert_eq!(found, [None, Some(900), Some(900), Some(7_001), Some(7_001), None]);
    }
}
