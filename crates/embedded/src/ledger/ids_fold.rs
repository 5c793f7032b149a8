//! Writing ids: a run for each fold, and runs of like size merged into one.

use std::sync::Arc;

use chinwag_proto::Seq;
use rusqlite::Connection;

use super::error::{InFile, StoreError};
use super::ids::{Run, damaged_run, encode_block, read_block};
use super::ids_filter::{Filter, words_to_bytes};
use super::schema::CHUNKS;

/// Ids of a block: 4,002 bytes, so that a block is a page.
const BLOCK_IDS: usize = 250;
/// Runs of like size that are merged.
const MERGED: usize = 8;
/// A run of so many ids is merged no further: a merge is 2 million ids at most, about 0.1 s of work.
const FINAL_IDS: u64 = 1 << 21;

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
