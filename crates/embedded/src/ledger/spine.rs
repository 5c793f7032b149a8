//! The spine of a chat: which chunk holds which entries, in blocks of up to 16 chunks. The newest block
//! stands in the chat's own row, so that a fold touches one row for each chat; full ones have rows of
//! their own.
//!
//! Layout 1: version 1 · first seq · messages before it · row of the last chunk (8 bytes each, little endian) · number of
//! chunks (a byte) · each chunk: number of entries int · number of messages int · its row int, less that of the one
//! before · where it begins in the row int · its bytes int. A chunk is added without looking at the others.

use chinwag_proto::Seq;

use super::bytes::{Bytes, put_int};

const LAYOUT: u8 = 1;
/// Where the row of the last chunk stands, and the number of chunks.
const LAST_ROW: usize = 17;
const COUNT: usize = 25;

/// Chunks of a block.
pub(super) const SPINE_CHUNKS: usize = 16;

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
    /// Where it stands.
    pub(super) at: At,
}

/// Where a chunk stands: bytes of a row of the table `chunk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) row: i64,
    pub(super) begin: usize,
    pub(super) bytes: usize,
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
    fn new(first: Seq, messages_before: u64) -> Self {
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

    fn push(&mut self, at: At, count: u64, messages: u64) {
        let first = Seq::clamped(self.end());
        let messages_before = self.messages_up_to_end();
        self.chunks.push(ChunkRef { first, count, messages_before, messages, at });
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

    /// `None` where the bytes are no spine.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        if bytes.byte()? != LAYOUT {
            return None;
        }
        let [first, messages_before, last_row] = [bytes.word()?, bytes.word()?, bytes.word()?];
        let mut spine = Self::new(Seq::new(first)?, messages_before);
        let mut row = 0_i64;
        for _ in 0..bytes.byte()? {
            let (count, messages) = (bytes.int()?, bytes.int()?);
            row = row.wrapping_add(bytes.int()?.cast_signed());
            let begin = usize::try_from(bytes.int()?).ok()?;
            let length = usize::try_from(bytes.int()?).ok()?;
            if count == 0 || messages > count || spine.chunks.len() >= SPINE_CHUNKS {
                return None;
            }
            spine.push(At { row, begin, bytes: length }, count, messages);
        }
        (bytes.0.is_empty() && row == last_row.cast_signed()).then_some(spine)
    }
}

/// A block of a spine as its bytes, to add to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpineBytes(Vec<u8>);

impl SpineBytes {
    /// One without chunks.
    pub(super) fn new(first: Seq, messages_before: u64) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(LAYOUT);
        bytes.extend_from_slice(&first.get().to_le_bytes());
        bytes.extend_from_slice(&messages_before.to_le_bytes());
        bytes.extend_from_slice(&[0; 9]);
        Self(bytes)
    }

    /// One that was stored; `None` where the bytes are no spine.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let known = bytes.first() == Some(&LAYOUT) && bytes.len() > COUNT;
        known.then(|| {
            // Room for one more chunk.
            let mut own = Vec::with_capacity(bytes.len() + 24);
            own.extend_from_slice(bytes);
            Self(own)
        })
    }

    fn count(&self) -> usize {
        self.0.get(COUNT).copied().map_or(0, usize::from)
    }

    pub(super) fn is_full(&self) -> bool {
        self.count() >= SPINE_CHUNKS
    }

    /// The seq that its first chunk begins with.
    pub(super) fn first(&self) -> Option<Seq> {
        let first = self.0.get(1..9)?.first_chunk::<8>()?;
        Seq::new(u64::from_le_bytes(*first))
    }

    /// Adds the chunk that follows.
    pub(super) fn push(&mut self, at: At, count: u64, messages: u64) {
        let last = self.0.get(LAST_ROW..COUNT).and_then(|bytes| bytes.first_chunk::<8>());
        let last = last.map_or(0, |bytes| i64::from_le_bytes(*bytes));
        put_int(&mut self.0, count);
        put_int(&mut self.0, messages);
        put_int(&mut self.0, at.row.wrapping_sub(last).cast_unsigned());
        put_int(&mut self.0, at.begin as u64);
        put_int(&mut self.0, at.bytes as u64);
        if let Some(row) = self.0.get_mut(LAST_ROW..COUNT) {
            row.copy_from_slice(&at.row.to_le_bytes());
        }
        if let Some(count) = self.0.get_mut(COUNT) {
            *count += 1;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn bytes() -> SpineBytes {
        let mut spine = SpineBytes::new(Seq::clamped(101), 40);
        spine.push(at(900), 3, 2);
        spine.push(at(7_000), 1, 0);
        spine.push(at(7_001), 64, 60);
        spine
    }

    fn spine() -> Spine {
        Spine::decode(bytes().bytes()).unwrap()
    }

    fn at(row: i64) -> At {
        At { row, begin: 300, bytes: 4_000 }
    }

    #[test]
    fn a_spine_comes_back_from_its_bytes_and_is_added_to() {
        let spine = spine();
        assert_eq!((spine.first.get(), spine.messages_before, spine.end()), (101, 40, 169));
        assert_eq!(
            spine.chunks[1],
            ChunkRef { first: Seq::clamped(104), count: 1, messages_before: 42, messages: 0, at: at(7_000) }
        );
        let mut more = SpineBytes::of(bytes().bytes()).unwrap();
        more.push(at(7_001), 2, 2);
        let more = Spine::decode(more.bytes()).unwrap();
        assert_eq!((more.end(), more.messages_up_to_end(), more.chunks[3].at), (171, 104, at(7_001)));
        assert_eq!(Spine::decode(SpineBytes::new(Seq::clamped(1), 0).bytes()).unwrap().chunks, []);
        assert_eq!((Spine::decode(&[]), SpineBytes::of(&[1])), (None, None));
        assert_eq!(Spine::decode(&bytes().bytes()[..40]), None);
    }

    #[test]
    fn a_seq_is_found_in_the_chunk_that_holds_it() {
        let spine = spine();
        let found: Vec<_> = [100, 101, 103, 104, 105, 168, 169]
            .map(|seq| spine.find(Seq::clamped(seq)).map(|place| spine.chunks[place].at.row))
            .into();
        assert_eq!(found, [None, Some(900), Some(900), Some(7_000), Some(7_001), Some(7_001), None]);
    }

    #[test]
    fn a_message_is_found_by_its_number_past_chunks_without_messages() {
        let spine = spine();
        let found: Vec<_> = [40, 41, 42, 43, 102, 103]
            .map(|n| spine.find_message(n).map(|place| spine.chunks[place].at.row))
            .into();
        assert_eq!(found, [None, Some(900), Some(900), Some(7_001), Some(7_001), None]);
    }
}
