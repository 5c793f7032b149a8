//! Ids that were folded: which entry a client's id made. Sorted runs, as in a log-structured merge tree
//! (O'Neil et al. 1996): each fold writes one run in one go, and eight runs of like size are merged into one.
//! A tree of random keys would touch a page for each id instead, more than all the rest of a fold.
//!
//! A run knows the first key of each of its blocks and has a Bloom filter (Bloom 1970) of 10 bits for each
//! id, so that an id that was never used costs no read of nearly any run. Both are in memory: 12.5 MB for
//! ten million ids; of filters no more than [`FILTER_BYTES_MAX`].
//!
//! Layouts. A block: number of ids (2 bytes, little endian), the first 64 bits of their keys (8 bytes each, big endian,
//! ascending), then the seq of each (8 bytes, little endian). Filters and fences (the first key of each block): 64-bit
//! words, little endian.

use std::sync::Arc;

use chinwag_chat::{IdKey, Known};
use chinwag_proto::{ChatId, Seq};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension};

use super::error::{InFile, StoreError};
use super::history::History;
use super::ids_filter::{Filter, words_of_bytes};
use super::schema::CHUNKS;

/// Filters in memory: enough for 50 million ids; beyond, a look-up reads a block of each further run.
const FILTER_BYTES_MAX: usize = 64 << 20;

/// The first 64 bits of an id's key: what runs are sorted by. Keys are keyed hashes, so that two alike
/// are rare; the entry itself tells them apart.
pub(super) const fn short(key: IdKey) -> u64 {
    (key.0 >> 64) as u64
}

/// A run, as it is kept in memory.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) number: i64,
    pub(super) count: u64,
    pub(super) first_block: i64,
    /// The first key of each block.
    pub(super) fences: Vec<u64>,
    pub(super) filter: Option<Filter>,
}

/// The runs of the store, shared by whoever looks ids up and the folder, who replaces them.
#[derive(Debug, Default)]
pub(super) struct Ids {
    runs: RwLock<Arc<Vec<Arc<Run>>>>,
    /// Held while a commit replaces runs.
    changing: RwLock<()>,
}

impl Ids {
    /// Reads what is known of the runs.
    pub(super) fn load(db: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT run, count, first_block, fences, filter FROM ids_run ORDER BY run";
        let mut statement = db.prepare(sql).file(CHUNKS)?;
        let mut rows = statement.query([]).file(CHUNKS)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().file(CHUNKS)? {
            let (number, count): (i64, i64) = (row.get(0).file(CHUNKS)?, row.get(1).file(CHUNKS)?);
            let words = |column| {
                let bytes: Vec<u8> = row.get(column).file(CHUNKS)?;
                words_of_bytes(&bytes).ok_or_else(|| damaged_run(number, "its filter or fences are none"))
            };
            runs.push(Arc::new(Run {
                number,
                count: count.cast_unsigned(),
                first_block: row.get(2).file(CHUNKS)?,
                fences: words(3)?,
                filter: Some(Filter(words(4)?)),
            }));
        }
        let ids = Self::default();
        ids.set(runs);
        Ok(ids)
    }

    /// The runs of now.
    pub(super) fn runs(&self) -> Arc<Vec<Arc<Run>>> {
        Arc::clone(&self.runs.read())
    }

    fn set(&self, runs: Vec<Arc<Run>>) {
        *self.runs.write() = Arc::new(within_memory(runs));
    }

    /// Commits, and makes the runs known that are there then.
    pub(super) fn replace(
        &self,
        runs: Vec<Arc<Run>>,
        commit: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let _changing = self.changing.write();
        commit()?;
        self.set(runs);
        Ok(())
    }

    /// What an id made, if it was folded: the first entry, should there be several.
    pub(super) fn known(
        &self,
        db: &Connection,
        chat: ChatId,
        key: IdKey,
    ) -> Result<Option<Known>, StoreError> {
        if let Look::Found(known) = look(&self.runs(), db, chat, key)? {
            return Ok(known);
        }
        // The runs were merged meanwhile; when this is let through, the new ones are known.
        let _steady = self.changing.read();
        match look(&self.runs(), db, chat, key)? {
            Look::Found(known) => Ok(known),
            Look::Gone(block) => Err(damaged_block(block)),
        }
    }
}

impl Run {
    /// The blocks that may hold a key.
    pub(super) fn blocks_of(&self, key: u64) -> std::ops::Range<i64> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_hold(key)) {
            return self.first_block..self.first_block;
        }
        // Equal keys may stand on both sides of a fence.
        let begin = self.fences.partition_point(|fence| *fence < key).saturating_sub(1);
        let end = self.fences.partition_point(|fence| *fence <= key);
        self.first_block + begin as i64..self.first_block + end as i64
    }

    pub(super) fn without_filter(&self) -> Self {
        let Self { number, count, first_block, ref fences, .. } = *self;
        Self { number, count, first_block, fences: fences.clone(), filter: None }
    }
}

/// Drops the filters that are too much: those of the largest runs, of which there are few.
fn within_memory(mut runs: Vec<Arc<Run>>) -> Vec<Arc<Run>> {
    let mut by_size: Vec<usize> = (0..runs.len()).collect();
    by_size.sort_by_key(|at| runs.get(*at).map_or(0, |run| run.count));
    let mut left = FILTER_BYTES_MAX;
    for at in by_size {
        let Some(run) = runs.get_mut(at) else { continue };
        let bytes = run.filter.as_ref().map_or(0, |filter| filter.0.len() * 8);
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => *run = Arc::new(run.without_filter()),
        }
    }
    runs
}

enum Look {
    Found(Option<Known>),
    /// A block is not there any more.
    Gone(i64),
}

fn look(runs: &[Arc<Run>], db: &Connection, chat: ChatId, key: IdKey) -> Result<Look, StoreError> {
    let wanted = short(key);
    let mut first: Option<Known> = None;
    for run in runs {
        for number in run.blocks_of(wanted) {
            let Some(block) = read_block(db, number)? else { return Ok(Look::Gone(number)) };
            let from = block.partition_point(|(key, _)| *key < wanted);
            for (_, seq) in block.iter().skip(from).take_while(|(key, _)| *key == wanted) {
                let known = History(db).known_at(chat, key, *seq)?;
                first = first.into_iter().chain(known).min_by_key(|known| known.offset);
            }
        }
    }
    Ok(Look::Found(first))
}

pub(super) type Block = Vec<(u64, Seq)>;

pub(super) fn read_block(db: &Connection, block: i64) -> Result<Option<Block>, StoreError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT data FROM ids WHERE block = ?1")
        .file(CHUNKS)?
        .query_row([block], |row| row.get(0))
        .optional()
        .file(CHUNKS)?;
    bytes.map(|bytes| decode_block(&bytes).ok_or_else(|| damaged_block(block))).transpose()
}

pub(super) fn encode_block(ids: &[(u64, Seq)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + 16 * ids.len());
    bytes.extend_from_slice(&(ids.len() as u16).to_le_bytes());
    ids.iter().for_each(|(key, _)| bytes.extend_from_slice(&key.to_be_bytes()));
    ids.iter().for_each(|(_, seq)| bytes.extend_from_slice(&seq.get().to_le_bytes()));
    bytes
}

fn decode_block(bytes: &[u8]) -> Option<Block> {
    let (count, rest) = bytes.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_le_bytes(*count));
    let (words, []) = rest.as_chunks::<8>() else { return None };
    let (keys, seqs) = words.split_at_checked(count)?;
    if seqs.len() != count {
        return None;
    }
    let seqs = seqs.iter().map(|seq| Seq::new(u64::from_le_bytes(*seq)));
    keys.iter().map(|key| u64::from_be_bytes(*key)).zip(seqs).map(|(key, seq)| Some((key, seq?))).collect()
}

pub(super) fn damaged_run(run: i64, detail: &str) -> StoreError {
    StoreError::Damaged { file: CHUNKS, what: format!("run {run} of the ids"), detail: detail.to_owned() }
}

fn damaged_block(block: i64) -> StoreError {
    let detail = "it is not there, or is none".to_owned();
    StoreError::Damaged { file: CHUNKS, what: format!("block {block} of the ids"), detail }
}
