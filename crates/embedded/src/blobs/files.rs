//! What is done with single files and folders: private, durable, and an honest word when it fails.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use chinwag_ports::Unavailable;

/// Makes a folder that only its owner may look into; its name is durable when this returns.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if !(error.kind() == ErrorKind::AlreadyExists && path.is_dir()) => Err(error),
        // One that was there may have been made just before a crash, or by another call that has not synced yet.
        _ => sync_folder(parent_of(path)?),
    }
}

/// Makes a file that only its owner may read, and that was not there.
pub(super) fn create_private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    // A folder can be opened as a file, and synced, on Unix alone.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Deletes all files of a folder.
pub(super) fn sweep(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        std::fs::remove_file(entry?.path())?;
    }
    Ok(())
}

pub(super) fn parent_of(path: &Path) -> Result<&Path> {
    path.parent().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a path without a folder"))
}

pub(super) fn size(path: &Path) -> Result<Option<u64>> {
    there(std::fs::metadata(path)).map(|found| found.map(|file| file.len()))
}

pub(super) fn read(path: &Path, offset: u64, len: usize) -> Result<Option<Bytes>> {
    let Some(mut file) = there(File::open(path))? else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(len as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes.into()))
}

/// Durable when this returns, also where the file went just before a crash.
pub(super) fn delete(path: &Path) -> Result<()> {
    there(std::fs::remove_file(path))?;
    there(sync_folder(parent_of(path)?)).map(drop)
}

/// `None` where there is no such file.
fn there<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the caller and the operator are told. Names no file: its name is the client's.
pub(super) fn tell(error: &Error) -> Unavailable {
    let what_to_do = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; free some space, nothing was changed"
        }
        _ => "the disk failed; look at it and at the system's log",
    };
    Unavailable(format!("blobs: {what_to_do} ({error})"))
}
