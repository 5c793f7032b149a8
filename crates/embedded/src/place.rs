//! Where the stores of a node lie, and on which threads they work.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// On which thread a store works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// On threads of its own.
    #[default]
    Threads,
    /// On the thread that calls, within the call: the same calls give the same steps on the disk. For
    /// simulations.
    Inline,
}

/// Where a store lies, and on which threads it works.
#[derive(Clone, Debug)]
pub struct Place {
    /// The data folder.
    pub folder: PathBuf,
    /// The SQLite VFS to work on; `None` is the system's own.
    pub vfs: Option<String>,
    /// On which threads.
    pub mode: Mode,
    /// The folder's lock, held for as long as a connection is open there.
    pub(crate) lock: Option<Arc<File>>,
}

impl Place {
    /// A folder on the system's own disk, on threads of the store's own. Nothing keeps others out of it:
    /// [`DataFolder::place`](crate::DataFolder::place) does.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), vfs: None, mode: Mode::Threads, lock: None }
    }

    /// The same place, worked on within the calls.
    #[must_use]
    pub fn inline(self) -> Self {
        Self { mode: Mode::Inline, ..self }
    }

    /// The same place on another VFS.
    #[must_use]
    pub fn on_vfs(self, vfs: impl Into<String>) -> Self {
        Self { vfs: Some(vfs.into()), ..self }
    }
}
