//! The disk as running programs see it: names and bytes including what is not durable, open files, locks, and the faults
//! that are ordered. Every change is one step of the log.
//!
//! It knows nothing of SQLite: [`crate::vfs`] translates.

use crate::content::Content;
use crate::dice::Dice;
use crate::fault::{Fault, Faults, Operation};
use crate::history::{History, NoSuchStep};
use crate::image::{Image, Landed};
use crate::lock::FileLock;
use crate::model::{Directory, Model};
use crate::shm::Shm;
use crate::state::{DiskState, Effect, FileState, Ino, parent};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The longest file; a write beyond it finds the disk full.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 30;

/// Why an operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The disk does not answer, or answers with an error.
    Io,
    /// No room.
    Full,
    /// There is no such file.
    Absent,
    /// There is one already.
    Present,
}

/// A file that has a name or is open.
#[derive(Default)]
struct Node {
    content: Content,
    lock: FileLock,
    shm: Option<Shm>,
    handles: usize,
}

/// How to open a file.
#[derive(Clone, Copy)]
pub(crate) struct OpenHow {
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
}

pub(crate) struct Live {
    model: Model,
    dice: Dice,
    /// Durable and pending, after the last step.
    state: DiskState,
    history: History,
    names: BTreeMap<Arc<str>, Ino>,
    nodes: HashMap<Ino, Node>,
    next_ino: Ino,
    pub(crate) faults: Faults,
    pub(crate) lying: bool,
    pub(crate) dead: bool,
    /// The step after which the machine dies by itself.
    pub(crate) dies_at: Option<usize>,
}

impl Live {
    pub(crate) fn new(model: Model, seed: u64, files: BTreeMap<Arc<str>, Content>) -> Self {
        let mut state = DiskState::default();
        let (mut names, mut nodes) = (BTreeMap::new(), HashMap::new());
        let mut next_ino = 0;
        for (path, content) in files {
            state.names.insert(path.clone(), next_ino);
            state.files.insert(next_ino, FileState::durable(content.clone()));
            names.insert(path, next_ino);
            nodes.insert(next_ino, Node { content, ..Node::default() });
            next_ino += 1;
        }
        let history = History::new(state.clone());
        let dice = Dice::new(seed);
        let faults = Faults::default();
        Self {
            model,
            dice,
            state,
            history,
            names,
            nodes,
            next_ino,
            faults,
            lying: false,
            dead: false,
            dies_at: None,
        }
    }

    pub(crate) fn history(&mut self) -> &mut History {
        &mut self.history
    }

    fn alive(&self) -> Result<(), Refusal> {
        if self.dead { Err(Refusal::Io) } else { Ok(()) }
    }

    fn step(&mut self, effect: Effect, path: &Arc<str>) {
        self.state.apply(self.history.steps() + 1, &effect, &self.model);
        self.history.push(effect, path.clone(), &self.state, &self.model);
        self.dead |= self.dies_at.is_some_and(|step| self.history.steps() >= step);
    }

    pub(crate) fn open(&mut self, path: &Arc<str>, how: OpenHow) -> Result<Ino, Refusal> {
        self.alive()?;
        let ino = match self.names.get(path) {
            Some(_) if how.create && how.exclusive => return Err(Refusal::Present),
            Some(ino) => *ino,
            None if !how.create => return Err(Refusal::Absent),
            None => {
                let ino = self.next_ino;
                self.next_ino += 1;
                self.names.insert(path.clone(), ino);
                self.nodes.insert(ino, Node::default());
                self.step(Effect::Create { ino, path: path.clone() }, path);
                ino
            }
        };
        self.node(ino)?.handles += 1;
        Ok(ino)
    }

    /// Never refused: a program can always let go.
    pub(crate) fn close(&mut self, ino: Ino) {
        if let Some(node) = self.nodes.get_mut(&ino) {
            node.handles -= 1;
            self.forget_if_gone(ino);
        }
    }

    fn forget_if_gone(&mut self, ino: Ino) {
        let open = self.nodes.get(&ino).is_some_and(|node| node.handles > 0);
        if !open && !self.names.values().any(|named| *named == ino) {
            self.nodes.remove(&ino);
        }
    }

    pub(crate) fn is_in_use(&self) -> bool {
        self.nodes.values().any(|node| node.handles > 0)
    }

    pub(crate) fn delete(&mut self, path: &Arc<str>, sync_directory: bool) -> Result<(), Refusal> {
        self.alive()?;
        let ino = self.names.remove(path).ok_or(Refusal::Absent)?;
        self.forget_if_gone(ino);
        self.step(Effect::Delete { path: path.clone() }, path);
        if sync_directory { self.sync_directory(parent(path)) } else { Ok(()) }
    }

    /// The length of a file, if it is there.
    pub(crate) fn find(&self, path: &str) -> Result<Option<u64>, Refusal> {
        self.alive()?;
        Ok(self.names.get(path).and_then(|ino| self.nodes.get(ino)).map(|node| node.content.len()))
    }

    pub(crate) fn peek(&self, path: &str) -> Option<Vec<u8>> {
        self.names.get(path).and_then(|ino| self.nodes.get(ino)).map(|node| node.content.to_vec())
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.names.keys().map(|path| path.to_string()).collect()
    }

    fn node(&mut self, ino: Ino) -> Result<&mut Node, Refusal> {
        self.nodes.get_mut(&ino).ok_or(Refusal::Io)
    }

    pub(crate) fn len(&mut self, ino: Ino) -> Result<u64, Refusal> {
        self.alive()?;
        Ok(self.node(ino)?.content.len())
    }

    /// As [`Content::read`].
    pub(crate) fn read(
        &mut self,
        ino: Ino,
        path: &str,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, Refusal> {
        self.alive()?;
        match self.faults.strike(Operation::Read, path) {
            Some(_) => Err(Refusal::Io),
            None => Ok(self.node(ino)?.content.read(offset, out)),
        }
    }

    pub(crate) fn write(
        &mut self,
        ino: Ino,
        path: &Arc<str>,
        offset: u64,
        data: &[u8],
    ) -> Result<(), Refusal> {
        self.alive()?;
        if offset.saturating_add(data.len() as u64) > FILE_BYTES_MAX {
            return Err(Refusal::Full);
        }
        let (written, answer) = match self.faults.strike(Operation::Write, path) {
            None => (data, Ok(())),
            Some(fault) => {
                let unit = self.model.torn_unit.bytes() as usize;
                let units = self.dice.below(data.len().div_ceil(unit));
                let refusal = if fault == Fault::DiskFull { Refusal::Full } else { Refusal::Io };
                (&data[..units * unit], Err(refusal))
            }
        };
        if !written.is_empty() {
            self.node(ino)?.content.write(offset, written);
            self.step(Effect::Write { ino, offset, data: written.into() }, path);
        }
        answer
    }

    pub(crate) fn truncate(&mut self, ino: Ino, path: &Arc<str>, len: u64) -> Result<(), Refusal> {
        self.alive()?;
        if len > FILE_BYTES_MAX {
            return Err(Refusal::Full);
        }
        self.node(ino)?.content.set_len(len);
        self.step(Effect::Truncate { ino, len }, path);
        Ok(())
    }

    /// Syncs a file, and with `with_directory` its directory as well, as SQLite does once for each journal and WAL. That
    /// second sync is a step of its own in the one model where it matters.
    pub(crate) fn sync(&mut self, ino: Ino, path: &Arc<str>, with_directory: bool) -> Result<(), Refusal> {
        self.alive()?;
        if self.faults.strike(Operation::Sync, path).is_some() {
            let seed = self.dice.next();
            self.step(Effect::SyncFailed { ino, seed }, path);
            return Err(Refusal::Io);
        }
        let effect = if self.lying { Effect::SyncLied } else { Effect::Sync { ino } };
        self.step(effect, path);
        if with_directory && self.model.directory == Directory::Unix {
            // SQLite ignores how this one ends.
            let _ = self.sync_directory(parent(path));
        }
        Ok(())
    }

    pub(crate) fn sync_directory(&mut self, directory: &str) -> Result<(), Refusal> {
        self.alive()?;
        let directory: Arc<str> = directory.into();
        let effect = if self.lying {
            Effect::SyncLied
        } else {
            Effect::SyncDirectory { directory: directory.clone() }
        };
        self.step(effect, &directory);
        Ok(())
    }

    pub(crate) fn file_lock(&mut self, ino: Ino) -> Result<&mut FileLock, Refusal> {
        self.alive()?;
        Ok(&mut self.node(ino)?.lock)
    }

    /// As [`Live::file_lock`], for letting go, which a dead disk does not refuse.
    pub(crate) fn file_lock_to_release(&mut self, ino: Ino) -> Option<&mut FileLock> {
        self.nodes.get_mut(&ino).map(|node| &mut node.lock)
    }

    /// The shared memory of a database for a new user of it.
    pub(crate) fn shm_join(&mut self, ino: Ino) -> Result<(), Refusal> {
        self.alive()?;
        self.node(ino)?.shm.get_or_insert_default().users += 1;
        Ok(())
    }

    /// The shared memory of a database; refused where the disk is dead or nobody has joined.
    pub(crate) fn shm(&mut self, ino: Ino) -> Result<&mut Shm, Refusal> {
        self.alive()?;
        self.node(ino)?.shm.as_mut().ok_or(Refusal::Io)
    }

    /// As [`Live::shm`], for letting go, which a dead disk does not refuse.
    pub(crate) fn shm_to_release(&mut self, ino: Ino) -> Option<&mut Shm> {
        self.nodes.get_mut(&ino).and_then(|node| node.shm.as_mut())
    }

    pub(crate) fn shm_leave(&mut self, ino: Ino) {
        if let Some(node) = self.nodes.get_mut(&ino)
            && let Some(shm) = &mut node.shm
        {
            shm.users -= 1;
            if shm.users == 0 {
                node.shm = None;
            }
        }
    }

    /// See [`crate::Disk::image_at`].
    pub(crate) fn image(&mut self, step: usize, landed: Landed, seed: u64) -> Result<Image, NoSuchStep> {
        let state = self.history.state_at(step, &self.model)?;
        Ok(Image::of(state, step, landed, seed, self.model))
    }

    /// The image right after the last step.
    pub(crate) fn image_now(&self, landed: Landed, seed: u64) -> Image {
        Image::of(&self.state, self.history.steps(), landed, seed, self.model)
    }

    pub(crate) fn forget_before(&mut self, step: usize) {
        self.history.forget_before(step, &self.model);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::fault::{OnPath, Rule};

    const NEW: OpenHow = OpenHow { create: true, exclusive: false };

    fn with_synced_file(path: &Arc<str>) -> (Live, Ino) {
        let mut live = Live::new(Model::default(), 1, BTreeMap::new());
        let ino = live.open(path, NEW).unwrap();
        live.write(ino, path, 0, &[b'o'; 8_192]).unwrap();
        live.sync(ino, path, true).unwrap();
        (live, ino)
    }

    #[test]
    fn a_sync_that_follows_a_failed_one_lies() {
        let path: Arc<str> = "/d/a".into();
        let (mut live, ino) = with_synced_file(&path);
        live.write(ino, &path, 0, &[b'n'; 8_192]).unwrap();
        live.faults.order(Rule { fault: Fault::SyncEio, after: 0, path: OnPath::Any, lasting: false });
        assert_eq!(live.sync(ino, &path, false), Err(Refusal::Io));
        assert_eq!(live.sync(ino, &path, false), Ok(()));
        assert_eq!(live.peek(&path).unwrap(), [b'n'; 8_192], "programs still see what was lost");
        let steps = live.history().steps();
        let image = live.image(steps, Landed::Everything, 0).unwrap();
        assert!(image.read(&path).unwrap().contains(&b'o'), "the disk does not have all of it");
    }

    #[test]
    fn images_of_the_past_do_not_depend_on_the_order_they_are_asked_for() {
        let path: Arc<str> = "/d/a".into();
        let (mut live, ino) = with_synced_file(&path);
        for i in 0..3_000_u64 {
            live.write(ino, &path, i * 37 % 60_000, &[i as u8; 700]).unwrap();
            if i % 50 == 0 {
                live.sync(ino, &path, false).unwrap();
            }
        }
        let steps = live.history().steps();
        let mut digest = |step| live.image(step, Landed::Torn, 9).unwrap().digest();
        let upwards: Vec<u64> = (0..=steps).map(&mut digest).collect();
        for step in (0..=steps).rev().step_by(97) {
            assert_eq!(digest(step), upwards[step], "step {step}");
        }
    }

    #[test]
    fn history_is_bounded_and_says_what_it_forgot() {
        let path: Arc<str> = "/d/a".into();
        let model = Model { history_bytes_max: 1 << 20, ..Model::default() };
        let mut live = Live::new(model, 1, BTreeMap::new());
        let ino = live.open(&path, NEW).unwrap();
        for i in 0..10_000_u64 {
            live.write(ino, &path, i % 100 * 1_000, &[i as u8; 1_000]).unwrap();
        }
        let first = live.history().first();
        assert!(first > 7_000, "{first}");
        let kept: Vec<_> = live.history().log();
        assert_eq!((kept[0].number, kept.len()), (first + 1, 10_001 - first));
        assert_eq!(live.image(first - 1, Landed::Nothing, 0).unwrap_err().first, first);
        let whole = live.image(10_001, Landed::Everything, 0).unwrap();
        assert_eq!(whole.read(&path), live.peek(&path));
        live.forget_before(9_999);
        assert!(live.image(9_998, Landed::Nothing, 0).is_err());
        assert_eq!(live.image(10_001, Landed::Everything, 0).unwrap(), whole);
    }
}
