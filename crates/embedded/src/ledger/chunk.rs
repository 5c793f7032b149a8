//! A chunk: up to 64 entries of one chat in a row, as one value of `chunks.db`.
//!
//! Layout 1: CRC-32 of the rest, little endian · version 1 · length of the chat key (a byte) · chat key ·
//! first seq int · messages before it int · count int · each entry: bytes of its slot and bytes used of
//! them, 4 little endian each, the accepted entry (`record`), zeros to the end of the slot.
//!
//! An entry whose content is wiped stays in its slot, so that a chunk is overwritten where it stands and
//! never moves: SQLite leaves copies of what it moves about in the free parts of pages.

use chinwag_chat::stored::ChatKey;
use chinwag_proto::Seq;

use super::bytes::{Bytes, put_int};
use super::record::{self, Accepted};

const LAYOUT: u8 = 1;
const CRC_BYTES: usize = 4;
const SLOT_HEAD_BYTES: usize = 8;

/// Entries of a chunk.
pub(super) const CHUNK_ENTRIES: usize = 64;
/// A chunk takes no further entry once it has so many bytes. One entry has at most about 70 kB.
pub(super) const CHUNK_BYTES: usize = 32 << 10;

/// Where an entry's bytes begin, how long its slot is, and how much of that is used.
type Slot = (usize, usize, usize);

/// A chunk in the making; made once, and used for one chunk after the other.
#[derive(Default)]
pub(super) struct ChunkBuilder {
    slots: Vec<u8>,
    count: usize,
    bytes: Vec<u8>,
}

impl ChunkBuilder {
    /// Adds the next entry, encoded without its checksum.
    pub(super) fn push(&mut self, accepted: &[u8]) {
        let length = (accepted.len() as u32).to_le_bytes();
        self.slots.extend_from_slice(&length);
        self.slots.extend_from_slice(&length);
        self.slots.extend_from_slice(accepted);
        self.count += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= CHUNK_ENTRIES || self.slots.len() >= CHUNK_BYTES
    }

    /// The chunk of what was pushed; the next push begins another.
    pub(super) fn finish(&mut self, chat: &ChatKey, first: Seq, messages_before: u64) -> &[u8] {
        let key = chat.as_bytes();
        let bytes = &mut self.bytes;
        bytes.clear();
        bytes.extend_from_slice(&[0; CRC_BYTES]);
        bytes.extend_from_slice(&[LAYOUT, key.len() as u8]);
        bytes.extend_from_slice(key);
        put_int(bytes, first.get());
        put_int(bytes, messages_before);
        put_int(bytes, self.count as u64);
        bytes.append(&mut self.slots);
        self.count = 0;
        seal(bytes);
        bytes
    }
}

fn seal(bytes: &mut [u8]) {
    if let Some((crc, rest)) = bytes.split_first_chunk_mut::<CRC_BYTES>() {
        *crc = crc32fast::hash(rest).to_le_bytes();
    }
}

/// A chunk that was read back and has the right checksum.
pub(super) struct Chunk {
    bytes: Vec<u8>,
    first: Seq,
    /// Of each entry: where its slot begins and how long it is, and how much of it is used.
    slots: Vec<Slot>,
}

impl Chunk {
    /// Takes the bytes of the chunk that begins at `first` of a chat; the error says what is wrong.
    pub(super) fn parse(bytes: Vec<u8>, chat: &ChatKey, first: Seq) -> Result<Self, &'static str> {
        let (crc, rest) = bytes.split_first_chunk::<CRC_BYTES>().ok_or("cut short")?;
        if crc32fast::hash(rest) != u32::from_le_bytes(*crc) {
            return Err("wrong checksum");
        }
        let (key, found, slots) = Self::slots(rest).ok_or("not a chunk of a known layout")?;
        if key != chat.as_bytes() || found != first {
            return Err("a chunk of another place");
        }
        Ok(Self { first, slots, bytes })
    }

    fn slots(rest: &[u8]) -> Option<(&[u8], Seq, Vec<Slot>)> {
        let mut bytes = Bytes(rest);
        let [LAYOUT, key_bytes] = bytes.array()? else { return None };
        let key = bytes.take(usize::from(key_bytes))?;
        let first = Seq::new(bytes.int()?)?;
        bytes.int()?;
        let count = usize::try_from(bytes.int()?).ok().filter(|count| *count <= CHUNK_ENTRIES)?;
        let mut slots = Vec::with_capacity(count);
        for _ in 0..count {
            let (length, used) = (bytes.small()?, bytes.small()?);
            let begin = CRC_BYTES + rest.len() - bytes.0.len();
            bytes.take(length).filter(|_| used <= length)?;
            slots.push((begin, length, used));
        }
        bytes.0.is_empty().then_some((key, first, slots))
    }

    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// The bytes of an entry; `None` where the chunk does not hold it.
    pub(super) fn slot(&self, seq: Seq) -> Option<&[u8]> {
        let (begin, _, used) = *self.slots.get(self.place(seq)?)?;
        self.bytes.get(begin..)?.get(..used)
    }

    /// An entry; `None` where the chunk does not hold it.
    pub(super) fn accepted(&self, seq: Seq) -> Result<Option<Accepted>, String> {
        self.slot(seq).map(record::decode).transpose()
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.get().checked_sub(self.first.get())?).ok()
    }

    /// Takes the content of an entry out; returns whether there was any.
    pub(super) fn wipe(&mut self, seq: Seq) -> Result<bool, String> {
        let Some(accepted) = self.accepted(seq)? else { return Ok(false) };
        let wiped = accepted.entry.wiped();
        if wiped == accepted.entry {
            return Ok(false);
        }
        let mut bytes = Vec::new();
        record::encode_into(accepted.offset, accepted.id, &wiped, &mut bytes);
        self.overwrite(seq, &bytes).ok_or("the wiped entry does not fit its slot")?;
        Ok(true)
    }

    fn overwrite(&mut self, seq: Seq, new: &[u8]) -> Option<()> {
        let place = self.place(seq)?;
        let (begin, length, used) = self.slots.get_mut(place)?;
        let head = begin.checked_sub(SLOT_HEAD_BYTES)?;
        let slot = self.bytes.get_mut(head..begin.checked_add(*length)?)?;
        let (lengths, content) = slot.split_at_mut_checked(SLOT_HEAD_BYTES)?;
        content.get_mut(..new.len())?.copy_from_slice(new);
        content.get_mut(new.len()..)?.fill(0);
        lengths.get_mut(4..)?.copy_from_slice(&(new.len() as u32).to_le_bytes());
        *used = new.len();
        Some(())
    }

    /// The bytes, with a fresh checksum: as many as were read.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        seal(&mut self.bytes);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::ledger::testing::{message, seq};
    use chinwag_chat::stored::chat_key;

    fn built(texts: &[&str]) -> (Vec<u8>, ChatKey) {
        let first = message(1, texts[0]);
        let key = chat_key(first.chat_id);
        let mut builder = ChunkBuilder::default();
        for (number, text) in (1..).zip(texts) {
            let mut bytes = Vec::new();
            record::encode_into(number, None, &message(number, text), &mut bytes);
            builder.push(&bytes);
        }
        (builder.finish(&key, seq(1), 0).to_vec(), key)
    }

    #[test]
    fn a_chunk_gives_its_entries_back() {
        let (bytes, key) = built(&["one", "two", "three"]);
        let chunk = Chunk::parse(bytes, &key, seq(1)).unwrap();
        assert_eq!(chunk.count(), 3);
        assert_eq!(chunk.accepted(seq(2)).unwrap().unwrap().entry, message(2, "two"));
        assert_eq!(chunk.accepted(seq(4)), Ok(None));
    }

    #[test]
    fn a_wiped_entry_leaves_no_byte_and_the_others_where_they_were() {
        let (bytes, key) = built(&["one", "a secret", "three"]);
        let length = bytes.len();
        let mut chunk = Chunk::parse(bytes, &key, seq(1)).unwrap();
        assert_eq!((chunk.wipe(seq(2)), chunk.wipe(seq(2))), (Ok(true), Ok(false)));
        let bytes = chunk.into_bytes();
        assert_eq!(bytes.len(), length);
        assert!(!bytes.windows(6).any(|part| part == b"secret"));
        let chunk = Chunk::parse(bytes, &key, seq(1)).unwrap();
        assert_eq!(chunk.accepted(seq(2)).unwrap().unwrap().entry, message(2, "a secret").wiped());
        assert_eq!(chunk.accepted(seq(3)).unwrap().unwrap().entry, message(3, "three"));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_seen() {
        let (bytes, key) = built(&["one", "two"]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(Chunk::parse(damaged, &key, seq(1)).is_err(), "byte {at}");
        }
        assert!(Chunk::parse(bytes[..bytes.len() - 1].to_vec(), &key, seq(1)).is_err());
        assert!(Chunk::parse(bytes, &key, seq(2)).is_err());
    }
}
