//! What a disk holds when the power has gone: durable bytes and a chosen part of the rest.

use crate::choose;
use crate::content::Content;
use crate::dice::Dice;
use crate::model::{Directory, Model};
use crate::state::{DiskState, FileState, Ino, NameChange, set_name};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Which of the unsynced changes a power cut leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// None: the disk holds what was synced.
    Nothing,
    /// All of them: as after the death of the process alone.
    Everything,
    /// Those up to some moment, in the order they were made, over all files.
    Prefix,
    /// Any subset of whole writes, creations and deletions.
    Writes,
    /// Any subset of the torn units of any subset of the writes; sometimes a grown file holds rubbish where none landed.
    Torn,
    /// Each file and each name by one of the other kinds.
    Mixed,
}

impl Landed {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Nothing, Self::Everything, Self::Prefix, Self::Writes, Self::Torn, Self::Mixed];
}

/// The files of a disk after a power cut. Cheap to copy; copies share their bytes. Two are equal when all their paths and
/// bytes are.
#[derive(Clone)]
pub struct Image {
    pub(crate) model: Model,
    pub(crate) seed: u64,
    pub(crate) files: BTreeMap<Arc<str>, Content>,
    step: usize,
    landed: Landed,
}

impl Image {
    /// The step right after which the power went.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// Which unsynced changes it holds.
    #[must_use]
    pub fn landed(&self) -> Landed {
        self.landed
    }

    /// The files by path, with their lengths in bytes, in order of the path.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.iter().map(|(path, content)| (&**path, content.len()))
    }

    /// The bytes of a file.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).map(Content::to_vec)
    }

    /// A fingerprint of all paths and bytes (FNV-1a, 64 bits), the same on every machine.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        let mut take = |bytes: &[u8]| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
            }
        };
        for (path, content) in &self.files {
            take(path.as_bytes());
            take(&content.len().to_le_bytes());
            take(&content.to_vec());
        }
        hash
    }

    /// Writes the files into a real folder, by their last names, so that they can be looked at with other programs.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in &self.files {
            let name = path.rsplit('/').next().unwrap_or(path);
            std::fs::write(folder.join(name), content.to_vec())?;
        }
        Ok(())
    }

    /// The kind that `seed` stands for.
    pub(crate) fn kind_of(seed: u64) -> Landed {
        // Subsets and mixtures have many images, the first three kinds few.
        const WEIGHTED: [Landed; 10] = {
            use Landed::{Everything, Mixed, Nothing, Prefix, Torn, Writes};
            [Nothing, Everything, Prefix, Writes, Writes, Torn, Torn, Mixed, Mixed, Mixed]
        };
        WEIGHTED[Dice::of(&[1, seed]).below(WEIGHTED.len())]
    }

    pub(crate) fn of(state: &DiskState, step: usize, landed: Landed, seed: u64, model: Model) -> Self {
        let mut cut = Cut { state, step, model, dice: Dice::of(&[2, seed, step as u64]) };
        let through = cut.moment();
        let files = cut.names(landed, through).into_iter().map(|(path, ino)| {
            let content = cut.state.files.get(&ino).map_or_else(Content::default, |file| match landed {
                Landed::Mixed => {
                    let (kind, through) = (cut.any_kind(), cut.moment());
                    cut.file(file, kind, through)
                }
                kind => cut.file(file, kind, through),
            });
            (path, content)
        });
        let files = files.collect();
        Self { model, seed: cut.dice.next(), files, step, landed }
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<_> = self.files().collect();
        f.debug_struct("Image")
            .field("step", &self.step)
            .field("landed", &self.landed)
            .field("files", &files)
            .finish()
    }
}

/// A power cut in the making.
struct Cut<'a> {
    state: &'a DiskState,
    step: usize,
    model: Model,
    dice: Dice,
}

impl Cut<'_> {
    /// A step between the oldest pending change and now, or the one before it.
    fn moment(&mut self) -> usize {
        let files =
            self.state.files.values().filter_map(|file| file.pending.first()).map(|change| change.step);
        let names = self.state.pending_names.first().map(|change| change.step);
        let oldest = files.chain(names).min().unwrap_or(self.step);
        oldest.saturating_sub(1) + self.dice.below(self.step + 2 - oldest)
    }

    fn any_kind(&mut self) -> Landed {
        Landed::ALL[self.dice.below(Landed::ALL.len() - 1)]
    }

    /// Mostly as likely as not, sometimes nearly all or nearly none.
    fn odds(&mut self) -> u16 {
        [16, 128, 128, 240][self.dice.below(4)]
    }

    fn file(&mut self, file: &FileState, kind: Landed, through: usize) -> Content {
        match kind {
            Landed::Nothing => file.durable.clone(),
            Landed::Everything => choose::in_order(file, usize::MAX),
            Landed::Prefix => choose::in_order(file, through),
            Landed::Writes => {
                let odds = self.odds();
                choose::writes(file, odds, &mut self.dice, &self.model)
            }
            Landed::Torn | Landed::Mixed => {
                let (odds, noise) = (self.odds(), self.dice.chance(64));
                choose::torn(file, odds, noise, &mut self.dice, &self.model)
            }
        }
    }

    /// The names that are there, with their files.
    fn names(&mut self, landed: Landed, through: usize) -> BTreeMap<Arc<str>, Ino> {
        let mut names = self.state.names.clone();
        let pending = &self.state.pending_names;
        match landed {
            Landed::Nothing => {}
            Landed::Everything => pending.iter().for_each(|change| set_name(&mut names, change)),
            Landed::Prefix => prefix(pending, through, &mut names),
            Landed::Writes | Landed::Torn | Landed::Mixed => match self.model.directory {
                Directory::Journaled => prefix(pending, self.moment(), &mut names),
                Directory::Unix | Directory::Strict => self.any_version(&mut names),
            },
        }
        names
    }

    /// For each name any of the versions it had since the last sync of its directory.
    fn any_version(&mut self, names: &mut BTreeMap<Arc<str>, Ino>) {
        let mut by_name: BTreeMap<&Arc<str>, Vec<&NameChange>> = BTreeMap::new();
        for change in &self.state.pending_names {
            by_name.entry(&change.path).or_default().push(change);
        }
        for changes in by_name.values() {
            for change in changes.iter().take(self.dice.below(changes.len() + 1)) {
                set_name(names, change);
            }
        }
    }
}

fn prefix(pending: &[NameChange], through: usize, names: &mut BTreeMap<Arc<str>, Ino>) {
    pending.iter().take_while(|change| change.step <= through).for_each(|change| set_name(names, change));
}
