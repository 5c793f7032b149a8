//! What the disk holds for certain and what is still on its way: per file the synced bytes and the changes since, for
//! the directories the durable names and the pending ones. A step of the log applied to it gives the next state, live and
//! in replay alike.
//!
//! It leaves out what programs see before it is durable ([`crate::live`]) and what survives a cut ([`crate::choose`]).

use crate::choose;
use crate::content::Content;
use crate::dice::Dice;
use crate::model::{Directory, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A file for as long as it lives, whatever its name; never used twice on a disk.
pub(crate) type Ino = u64;

/// Unsynced bytes of one file after which the disk writes back by itself, as a kernel does under memory pressure.
const WRITEBACK_BYTES: usize = 256 << 20;

/// Pending creations and deletions after which the disk commits them by itself.
const PENDING_NAMES_MAX: usize = 65_536;

/// One thing that happened to the disk.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Create {
        ino: Ino,
        path: Arc<str>,
    },
    Delete {
        path: Arc<str>,
    },
    Write {
        ino: Ino,
        offset: u64,
        data: Arc<[u8]>,
    },
    Truncate {
        ino: Ino,
        len: u64,
    },
    Sync {
        ino: Ino,
    },
    /// A sync that answers well and does nothing.
    SyncLied,
    /// A sync that failed: by `seed` some changes landed, the others are forgotten, and no later sync writes them.
    SyncFailed {
        ino: Ino,
        seed: u64,
    },
    SyncDirectory {
        directory: Arc<str>,
    },
}

/// A change to a file's bytes that is not durable yet.
#[derive(Clone)]
pub(crate) struct Change {
    /// The step that made it.
    pub(crate) step: usize,
    pub(crate) kind: ChangeKind,
    /// The file's length after it.
    pub(crate) len_after: u64,
}

#[derive(Clone)]
pub(crate) enum ChangeKind {
    Write { offset: u64, data: Arc<[u8]> },
    Truncate { len_before: u64 },
}

/// A creation (`to` is the file) or deletion (`to` is none) that is not durable yet.
#[derive(Clone)]
pub(crate) struct NameChange {
    pub(crate) step: usize,
    pub(crate) path: Arc<str>,
    pub(crate) to: Option<Ino>,
}

#[derive(Clone, Default)]
pub(crate) struct FileState {
    pub(crate) durable: Content,
    pub(crate) pending: Vec<Change>,
    pending_bytes: usize,
    /// The length once everything pending has landed.
    len: u64,
}

impl FileState {
    pub(crate) fn durable(content: Content) -> Self {
        Self { len: content.len(), durable: content, ..Self::default() }
    }

    fn push(&mut self, step: usize, kind: ChangeKind, len_after: u64) {
        if let ChangeKind::Write { data, .. } = &kind {
            self.pending_bytes += data.len();
        }
        self.len = len_after;
        self.pending.push(Change { step, kind, len_after });
        if self.pending_bytes > WRITEBACK_BYTES {
            self.settle(choose::in_order(self, usize::MAX));
        }
    }

    fn settle(&mut self, landed: Content) {
        self.durable = landed;
        self.len = self.durable.len();
        self.pending.clear();
        self.pending_bytes = 0;
    }
}

/// The whole disk at one moment.
#[derive(Clone, Default)]
pub(crate) struct DiskState {
    pub(crate) files: BTreeMap<Ino, FileState>,
    /// The names that any power cut leaves in place.
    pub(crate) names: BTreeMap<Arc<str>, Ino>,
    pub(crate) pending_names: Vec<NameChange>,
}

impl DiskState {
    /// Takes the effect of step number `step`.
    pub(crate) fn apply(&mut self, step: usize, effect: &Effect, model: &Model) {
        match effect {
            Effect::Create { ino, path } => {
                self.files.insert(*ino, FileState::default());
                self.rename(step, path, Some(*ino));
            }
            Effect::Delete { path } => self.rename(step, path, None),
            Effect::Write { ino, offset, data } => {
                if let Some(file) = self.files.get_mut(ino) {
                    let len_after = file.len.max(offset + data.len() as u64);
                    file.push(step, ChangeKind::Write { offset: *offset, data: data.clone() }, len_after);
                }
            }
            Effect::Truncate { ino, len } => {
                if let Some(file) = self.files.get_mut(ino) {
                    file.push(step, ChangeKind::Truncate { len_before: file.len }, *len);
                }
            }
            Effect::Sync { ino } => self.sync(*ino, model),
            Effect::SyncLied => {}
            Effect::SyncFailed { ino, seed } => {
                if let Some(file) = self.files.get_mut(ino) {
                    let landed = choose::torn(file, 128, false, &mut Dice::new(*seed), model);
                    file.settle(landed);
                }
            }
            Effect::SyncDirectory { directory } => {
                self.commit_names(|change| parent(&change.path) == &**directory)
            }
        }
    }

    fn rename(&mut self, step: usize, path: &Arc<str>, to: Option<Ino>) {
        self.pending_names.push(NameChange { step, path: path.clone(), to });
        if self.pending_names.len() > PENDING_NAMES_MAX {
            self.commit_names(|_| true);
        }
    }

    fn sync(&mut self, ino: Ino, model: &Model) {
        if let Some(file) = self.files.get_mut(&ino)
            && !file.pending.is_empty()
        {
            let landed = choose::in_order(file, usize::MAX);
            file.settle(landed);
        }
        match model.directory {
            Directory::Journaled => self.commit_names(|_| true),
            Directory::Unix => {}
            Directory::Strict => self.commit_own_creation(ino),
        }
    }

    /// Makes the creation of `ino` durable, if its name still stands, and with it what happened to the name before.
    fn commit_own_creation(&mut self, ino: Ino) {
        let Some(path) =
            self.pending_names.iter().find(|change| change.to == Some(ino)).map(|change| change.path.clone())
        else {
            return;
        };
        let stands = self
            .pending_names
            .iter()
            .rev()
            .find(|change| change.path == path)
            .is_some_and(|c| c.to == Some(ino));
        if stands {
            self.commit_names(|change| change.path == path);
        }
    }

    fn commit_names(&mut self, which: impl Fn(&NameChange) -> bool) {
        if self.pending_names.is_empty() {
            return;
        }
        let names = &mut self.names;
        self.pending_names.retain(|change| {
            let commit = which(change);
            if commit {
                set_name(names, change);
            }
            !commit
        });
        self.drop_unreachable();
    }

    /// Forgets the bytes of files that no durable or pending name can bring back.
    fn drop_unreachable(&mut self) {
        let reachable: BTreeSet<Ino> = self
            .names
            .values()
            .copied()
            .chain(self.pending_names.iter().filter_map(|change| change.to))
            .collect();
        self.files.retain(|ino, _| reachable.contains(ino));
    }
}

pub(crate) fn set_name(names: &mut BTreeMap<Arc<str>, Ino>, change: &NameChange) {
    match change.to {
        Some(ino) => names.insert(change.path.clone(), ino),
        None => names.remove(&change.path),
    };
}

/// The directory of a path: what stands before its last slash; `/` for what lies at the top.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that survive for certain after these effects, under each model in turn: journaled, Unix, strict.
    fn survivors(effects: &[Effect]) -> [Vec<String>; 3] {
        [Directory::Journaled, Directory::Unix, Directory::Strict].map(|directory| {
            let model = Model { directory, ..Model::default() };
            let mut state = DiskState::default();
            for (step, effect) in (1..).zip(effects) {
                state.apply(step, effect, &model);
            }
            state.names.keys().map(|path| path.to_string()).collect()
        })
    }

    fn create(ino: Ino, path: &str) -> Effect {
        Effect::Create { ino, path: path.into() }
    }

    fn sync_directory(directory: &str) -> Effect {
        Effect::SyncDirectory { directory: directory.into() }
    }

    #[test]
    fn a_file_that_was_never_synced_may_never_have_been() {
        let nothing: [Vec<String>; 3] = Default::default();
        assert_eq!(survivors(&[create(0, "/d/a")]), nothing);
    }

    #[test]
    fn a_sync_of_one_file_keeps_all_its_own_or_no_name() {
        let found = survivors(&[create(0, "/d/a"), create(1, "/d/b"), Effect::Sync { ino: 1 }]);
        assert_eq!(found.each_ref().map(|names| names.len()), [2, 0, 1]);
        assert_eq!(found[2], ["/d/b"]);
    }

    #[test]
    fn a_sync_of_the_directory_keeps_the_names_in_it_and_no_others() {
        let found = survivors(&[create(0, "/d/a"), create(1, "/e/a"), create(2, "/a"), sync_directory("/d")]);
        assert!(found.iter().all(|names| *names == ["/d/a"]));
        let found = survivors(&[create(0, "/d/a"), create(2, "/a"), sync_directory("/")]);
        assert!(found.iter().all(|names| *names == ["/a"]));
    }

    #[test]
    fn a_deletion_waits_for_the_directory() {
        let kept = [create(0, "/d/a"), sync_directory("/d"), Effect::Delete { path: "/d/a".into() }];
        assert!(survivors(&kept).iter().all(|names| *names == ["/d/a"]));
        let gone = [&kept[..], &[sync_directory("/d")]].concat();
        assert!(survivors(&gone).iter().all(Vec::is_empty));
    }

    #[test]
    fn a_sync_of_a_deleted_file_does_not_bring_its_name_back() {
        let effects = [create(0, "/d/a"), Effect::Delete { path: "/d/a".into() }, Effect::Sync { ino: 0 }];
        assert!(survivors(&effects).iter().all(Vec::is_empty));
    }

    #[test]
    fn bytes_that_no_name_can_reach_are_forgotten() {
        let model = Model::default();
        let mut state = DiskState::default();
        let effects = [create(0, "/d/a"), Effect::Delete { path: "/d/a".into() }, sync_directory("/d")];
        for (step, effect) in (1..).zip(&effects) {
            state.apply(step, effect, &model);
        }
        assert!(state.files.is_empty());
    }
}
