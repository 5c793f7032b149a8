//! The folder of a profile: open to its owner alone, and to one process at a time.
//!
//! The system lets go of the lock when the process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The name of the lock's file.
const LOCK: &str = "lock";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process works in it.
    #[error(
        "the profile {} is in use by another process{}; stop that one, or take another profile",
        folder.display(),
        pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, where it has written its number down.
        pid: Option<u32>,
    },
    /// It cannot be made, read or written.
    #[error("the profile {} cannot be used: {source}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A folder that is ours until this is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Folder {
    /// Makes the folder where there is none, and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io { folder: path.to_owned(), source };
        make(path).map_err(failed)?;
        let mut lock = private().read(true).open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::InUse { folder: path.to_owned(), pid: pid_in(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{}", std::process::id())
        };
        write(&mut lock).map_err(failed)?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        // SQLite gives what it makes beside the file the same mode.
        private().open(folder.path.join(super::sqlite::FILE)).map_err(failed)?;
        sync(path).map_err(failed)?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file; `None` where there is none.
    pub(crate) fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Whether a file holds anything.
    pub(crate) fn holds(&self, name: &str) -> io::Result<bool> {
        match fs::metadata(self.path.join(name)) {
            Ok(file) => Ok(file.len() > 0),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
        }
    }

    /// Writes a file that is there whole or not at all, also after a power cut.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = self.path.join(format!("{name}.new"));
        let mut file = private().truncate(true).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, self.path.join(name))?;
        sync(&self.path)
    }
}

/// For files that nobody but their owner reads.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // One that was there before may be open to others.
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    sync(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    // A folder can be opened as a file, and synced, on Unix alone.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
