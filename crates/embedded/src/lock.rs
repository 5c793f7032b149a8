//! The data folder, and the lock that keeps a second process out of it.
//!
//! The system lets go of the lock when the process ends, however it ends. Where the folder lies on a
//! network file system the lock is as good as that system's locks are.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::place::Place;

/// The name of the lock's file.
const FILE: &str = "lock";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process works in it.
    #[error(
        "the data folder {} is in use by another process{}; stop that one, or choose another folder with --data",
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
    #[error("the data folder {} cannot be used: {source}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A data folder that is ours until this is dropped and every store that was opened at its [`place`](Self::place)
/// has let go of its files.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Holds the lock.
    lock: Arc<File>,
}

impl DataFolder {
    /// Makes the folder where there is none, open to its owner alone, and takes its lock.
    ///
    /// # Errors
    /// Another process has it, or it cannot be used.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FolderError> {
        let path = path.as_ref();
        let failed = |source| FolderError::Io { folder: path.to_owned(), source };
        make(path).map_err(failed)?;
        let mut file = open_lock(&path.join(FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::InUse { folder: path.to_owned(), pid: pid_in(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        write_pid(&mut file).map_err(failed)?;
        sync(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), lock: Arc::new(file) })
    }

    /// Where stores are to be opened. A store that is dropped closes its files a little later, on its own threads:
    /// until then the folder is not free for the next.
    pub fn place(&self) -> Place {
        Place { lock: Some(Arc::clone(&self.lock)), ..Place::folder(&self.path) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the folder and those above it; each new one is durable before this returns.
fn make(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if !path.is_dir() => return Err(error),
        _ => {}
    }
    sync(parent.unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> std::io::Result<()> {
    // A folder can be opened as a file, and synced, on Unix alone.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
