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
use super::schema::CHUNKS;

/// Ids of a block: 4,002 bytes, so that a block is a page.
const BLOCK_IDS: usize = 250;
/// Runs of like size that are merged.
const MERGED: usize = 8;
/// A run of so many ids is merged no further: a merge is 2 million ids at most, about 0.1 s of work.
const FINAL_IDS: u64 = 1 << 21;
const FILTER_BITS: u64 = 10;
/// Bits that each id sets in the filter.
const FILTER_HASHES: u64 = 6;
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
    number: i64,
    count: u64,
    first_block: i64,
    /// The first key of each block.
    fences: Vec<u64>,
    filter: Option<Filter>,
}

#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn new(count: u64) -> Self {
        let words = (count * FILTER_BITS).div_ceil(64).max(1);
        Self(vec![0; usize::try_from(words).unwrap_or(1)])
    }

    /// The bits of a key: double hashing (Kirsch and Mitzenmacher 2006).
    fn bits(&self, key: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = (self.0.len() as u64) * 64;
        let step = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..FILTER_HASHES).map(move |number| {
            let hash = key.wrapping_add(step.wrapping_mul(number));
            let bit = ((u128::from(hash) * u128::from(bits)) >> 64) as u64;
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }

    fn add(&mut self, key: u64) {
        for (word, bit) in self.bits(key) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn may_hold(&self, key: u64) -> bool {
        self.bits(key).all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }
}

fn words_to_bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// `None` where the bytes are no words, or none at all.
fn words_of_bytes(bytes: &[u8]) -> Option<Vec<u64>> {
    let (words, []) = bytes.as_chunks::<8>() else { return None };
    (!words.is_empty()).then(|| words.iter().map(|word| u64::from_le_bytes(*word)).collect())
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
    fn blocks_of(&self, key: u64) -> std::ops::Range<i64> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_hold(key)) {
            return self.first_block..self.first_block;
        }
        // Equal keys may stand on both sides of a fence.
        let begin = self.fences.partition_point(|fence| *fence < key).saturating_sub(1);
        let end = self.fences.partition_point(|fence| *fence <= key);
        self.first_block + begin as i64..self.first_block + end as i64
    }

    fn without_filter(&self) -> Self {
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

type Block = Vec<(u64, Seq)>;

fn read_block(db: &Connection, block: i64) -> Result<Option<Block>, StoreError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT data FROM ids WHERE block = ?1")
        .file(CHUNKS)?
        .query_row([block], |row| row.get(0))
        .optional()
        .file(CHUNKS)?;
    bytes.map(|bytes| decode_block(&bytes).ok_or_else(|| damaged_block(block))).transpose()
}

fn encode_block(ids: &[(u64, Seq)]) -> Vec<u8> {
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

fn damaged_run(run: i64, detail: &str) -> StoreError {
    StoreError::Damaged { file: CHUNKS, what: format!("run {run} of the ids"), detail: detail.to_owned() }
}

fn damaged_block(block: i64) -> StoreError {
    let detail = "it is not there, or is none".to_owned();
    StoreError::Damaged { file: CHUNKS, what: format!("block {block} of the ids"), detail }
}

/// Changes to the runs, inside a fold's transaction.
pub(super) struct IdsFold<'a> {
    db: &'a Connection,
    runs: Vec<Arc<Run>>,
}

impl<'a> IdsFold<'a> {
    pub(super) fn new(db: &'a Connection, runs: &[Arc<Run>]) -> Self {
        Self { db, runs: runs.to_vec() }
    }

    /// The runs to make known with the commit.
    pub(super) fn finish(self) -> Vec<Arc<Run>> {
        self.runs
    }

    /// Adds ids as a run, and merges runs where there are many of a size.
    pub(super) fn add(
        &mut self,
        mut ids: Vec<(u64, Seq)>,
        pause: &mut dyn FnMut(),
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        ids.sort_unstable();
        let mut builder = RunBuilder::new(self.db, ids.len() as u64)?;
        for id in ids {
            builder.push(id, pause)?;
        }
        self.runs.push(Arc::new(builder.finish()?));
        while let Some(alike) = self.alike() {
            self.merge(&alike, pause)?;
        }
        Ok(())
    }

    /// Eight runs of like size.
    fn alike(&self) -> Option<Vec<Arc<Run>>> {
        let size = |run: &Run| run.count.ilog(MERGED as u64);
        let small = || self.runs.iter().filter(|run| run.count < FINAL_IDS);
        let sizes = small().map(|run| size(run));
        let crowded = sizes.filter(|one| small().filter(|run| size(run) == *one).count() >= MERGED).min()?;
        Some(small().filter(|run| size(run) == crowded).cloned().collect())
    }

    fn merge(&mut self, merged: &[Arc<Run>], pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        let mut builder = RunBuilder::new(self.db, merged.iter().map(|run| run.count).sum())?;
        let mut sources = Vec::new();
        for run in merged {
            let mut source = Source { db: self.db, run, next_block: 0, ids: Vec::new().into_iter() };
            let first = source.next()?;
            sources.extend(first.map(|first| (first, source)));
        }
        while let Some(at) = (0..sources.len()).min_by_key(|at| sources.get(*at).map(|(next, _)| *next)) {
            let Some((next, source)) = sources.get_mut(at) else { break };
            builder.push(*next, pause)?;
            match source.next()? {
                Some(following) => *next = following,
                None => drop(sources.swap_remove(at)),
            }
        }
        let new = builder.finish()?;
        for run in merged {
            self.remove(run)?;
        }
        self.runs.retain(|run| merged.iter().all(|gone| gone.number != run.number));
        self.runs.push(Arc::new(new));
        Ok(())
    }

    fn remove(&self, run: &Run) -> Result<(), StoreError> {
        let last = run.first_block + run.fences.len() as i64 - 1;
        self.db
            .prepare_cached("DELETE FROM ids WHERE block BETWEEN ?1 AND ?2")
            .file(CHUNKS)?
            .execute((run.first_block, last))
            .file(CHUNKS)?;
        let mut remove = self.db.prepare_cached("DELETE FROM ids_run WHERE run = ?1").file(CHUNKS)?;
        remove.execute([run.number]).map(drop).file(CHUNKS)
    }
}

/// A run that is read from its beginning.
struct Source<'a> {
    db: &'a Connection,
    run: &'a Run,
    next_block: usize,
    ids: std::vec::IntoIter<(u64, Seq)>,
}

impl Source<'_> {
    fn next(&mut self) -> Result<Option<(u64, Seq)>, StoreError> {
        if let Some(id) = self.ids.next() {
            return Ok(Some(id));
        }
        if self.next_block >= self.run.fences.len() {
            return Ok(None);
        }
        let block = read_block(self.db, self.run.first_block + self.next_block as i64)?;
        self.ids = block.ok_or_else(|| damaged_run(self.run.number, "a block is not there"))?.into_iter();
        self.next_block += 1;
        Ok(self.ids.next())
    }
}

/// A run that is written.
struct RunBuilder<'a> {
    db: &'a Connection,
    first_block: i64,
    block: Vec<(u64, Seq)>,
    fences: Vec<u64>,
    filter: Filter,
    count: u64,
}

impl<'a> RunBuilder<'a> {
    fn new(db: &'a Connection, count: u64) -> Result<Self, StoreError> {
        let first_block = last(db, "SELECT max(block) FROM ids")? + 1;
        let filter = Filter::new(count);
        Ok(Self {
            db,
            first_block,
            block: Vec::with_capacity(BLOCK_IDS),
            fences: Vec::new(),
            filter,
            count: 0,
        })
    }

    fn push(&mut self, id: (u64, Seq), pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        self.filter.add(id.0);
        self.count += 1;
        self.block.push(id);
        if self.block.len() >= BLOCK_IDS {
            self.write()?;
            pause();
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let Some((fence, _)) = self.block.first() else { return Ok(()) };
        let block = self.first_block + self.fences.len() as i64;
        self.fences.push(*fence);
        let mut insert = self.db.prepare_cached("INSERT INTO ids VALUES (?1, ?2)").file(CHUNKS)?;
        insert.execute((block, encode_block(&self.block))).file(CHUNKS)?;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Run, StoreError> {
        self.write()?;
        let number = last(self.db, "SELECT max(run) FROM ids_run")? + 1;
        let Self { first_block, fences, filter, count, .. } = self;
        self.db
            .prepare_cached("INSERT INTO ids_run VALUES (?1, ?2, ?3, ?4, ?5)")
            .file(CHUNKS)?
            .execute((
                number,
                count.cast_signed(),
                first_block,
                words_to_bytes(&fences),
                words_to_bytes(&filter.0),
            ))
            .file(CHUNKS)?;
        Ok(Run { number, count, first_block, fences, filter: Some(filter) })
    }
}

fn last(db: &Connection, sql: &str) -> Result<i64, StoreError> {
    let last: Option<i64> =
        db.prepare_cached(sql).file(CHUNKS)?.query_row([], |row| row.get(0)).file(CHUNKS)?;
    Ok(last.unwrap_or(0))
}

#[cfg(test)]
#[path = "ids_tests.rs"]
mod tests;
