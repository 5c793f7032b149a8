//! The log of everything that happened to the disk, and its state after any step of it: snapshots at intervals, which
//! share their bytes, and replay from the nearest one.

use crate::model::Model;
use crate::state::{DiskState, Effect};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Steps between snapshots: a replay from one is about a millisecond.
const SNAPSHOT_STEPS: usize = 1024;

/// What a step costs beside its bytes, roughly.
const RECORD_BYTES: usize = 128;

/// One thing that happened to the disk. Reads and refused operations are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number, from 1: [`crate::Disk::image_at`] with it is a power cut right after this step.
    pub number: usize,
    /// What happened.
    pub kind: StepKind,
    /// The file, or for [`StepKind::SyncDirectory`] the directory.
    pub path: String,
}

/// What happened in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A file got a name.
    Create,
    /// A name was removed.
    Delete,
    /// Bytes were written to the volatile cache. A write refused by a fault shows the part that was written before.
    Write {
        /// Where, in bytes.
        offset: u64,
        /// How many.
        bytes: usize,
    },
    /// The file was cut off, or grown with zeros.
    Truncate {
        /// Its length from now on, in bytes.
        len: u64,
    },
    /// The file's bytes and length became durable.
    Sync,
    /// A sync answered well and did nothing ([`crate::Disk::lying_sync`]).
    SyncLied,
    /// A sync failed ([`crate::Fault::SyncEio`]); part of what was unsynced is lost for good.
    SyncFailed,
    /// The creations and deletions in a directory became durable.
    SyncDirectory,
}

/// There is no such step: not yet, or forgotten already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step} is not among those remembered, {first} to {last}")]
pub struct NoSuchStep {
    /// The step asked for.
    pub step: usize,
    /// The first for which there is an image; above 0 once history was forgotten.
    pub first: usize,
    /// The last.
    pub last: usize,
}

struct Record {
    effect: Effect,
    path: Arc<str>,
}

pub(crate) struct History {
    /// Steps before the first one remembered.
    first: usize,
    records: VecDeque<Record>,
    /// States by step; there is always one at `first`.
    snapshots: BTreeMap<usize, DiskState>,
    bytes: usize,
    /// The state last asked for, so that walking through the steps replays each once.
    cursor: Option<(usize, DiskState)>,
}

impl History {
    pub(crate) fn new(start: DiskState) -> Self {
        Self {
            first: 0,
            records: VecDeque::new(),
            snapshots: BTreeMap::from([(0, start)]),
            bytes: 0,
            cursor: None,
        }
    }

    pub(crate) fn first(&self) -> usize {
        self.first
    }

    pub(crate) fn steps(&self) -> usize {
        self.first + self.records.len()
    }

    /// Takes the step that led to `state`.
    pub(crate) fn push(&mut self, effect: Effect, path: Arc<str>, state: &DiskState, model: &Model) {
        self.bytes += bytes_of(&effect);
        self.records.push_back(Record { effect, path });
        if self.steps().is_multiple_of(SNAPSHOT_STEPS) {
            self.snapshots.insert(self.steps(), state.clone());
            while self.bytes > model.history_bytes_max
                && let Some(next) = self.snapshots.keys().nth(1).copied()
            {
                self.forget_before(next, model);
            }
        }
    }

    /// Drops the steps before `step`; there is no image of an earlier moment afterwards. Asks for a known step.
    pub(crate) fn forget_before(&mut self, step: usize, model: &Model) {
        let step = step.min(self.steps());
        if step <= self.first {
            return;
        }
        if let Ok(state) = self.state_at(step, model) {
            let state = state.clone();
            self.snapshots.insert(step, state);
        }
        self.snapshots = self.snapshots.split_off(&step);
        for record in self.records.drain(..step - self.first) {
            self.bytes -= bytes_of(&record.effect);
        }
        self.first = step;
        if self.cursor.as_ref().is_some_and(|(at, _)| *at < step) {
            self.cursor = None;
        }
    }

    /// The state right after step number `step`; 0 is before the first.
    pub(crate) fn state_at(&mut self, step: usize, model: &Model) -> Result<&DiskState, NoSuchStep> {
        let missing = NoSuchStep { step, first: self.first, last: self.steps() };
        if step < self.first || step > self.steps() {
            return Err(missing);
        }
        let (nearest, snapshot) = self.snapshots.range(..=step).next_back().ok_or(missing)?;
        let from = match self.cursor.take() {
            Some((at, state)) if (*nearest..=step).contains(&at) => (at, state),
            _ => (*nearest, snapshot.clone()),
        };
        let (at, state) = self.cursor.insert(from);
        let passed = self.records.iter().skip(*at - self.first).take(step - *at);
        for (number, record) in (*at + 1..).zip(passed) {
            state.apply(number, &record.effect, model);
        }
        *at = step;
        Ok(state)
    }

    /// The remembered steps in order.
    pub(crate) fn log(&self) -> Vec<Step> {
        let numbered = (self.first + 1..).zip(&self.records);
        numbered
            .map(|(number, record)| Step { number, kind: record.kind(), path: record.path.to_string() })
            .collect()
    }
}

impl Record {
    fn kind(&self) -> StepKind {
        match &self.effect {
            Effect::Create { .. } => StepKind::Create,
            Effect::Delete { .. } => StepKind::Delete,
            Effect::Write { offset, data, .. } => StepKind::Write { offset: *offset, bytes: data.len() },
            Effect::Truncate { len, .. } => StepKind::Truncate { len: *len },
            Effect::Sync { .. } => StepKind::Sync,
            Effect::SyncLied => StepKind::SyncLied,
            Effect::SyncFailed { .. } => StepKind::SyncFailed,
            Effect::SyncDirectory { .. } => StepKind::SyncDirectory,
        }
    }
}

fn bytes_of(effect: &Effect) -> usize {
    match effect {
        Effect::Write { data, .. } => RECORD_BYTES + data.len(),
        _ => RECORD_BYTES,
    }
}
