//! Blobs in a folder: `blobs/ab/cd/NAME`, NAME being the SHA-256 of the bytes, ab and cd its first two bytes.
//!
//! A blob is written to `blobs/tmp`, synced, and given its name by a rename whose folder is synced in turn:
//! after a crash it is there whole, or not at all, and what stands in `blobs/tmp` is swept at the next start.
//! Everything is open to its owner alone. Which chat a blob belongs to is not known here.

mod files;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chinwag_ports::Unavailable;
use chinwag_ports::blobs::{BlobWriter, Blobs};
use chinwag_proto::BlobName;

use crate::place::{Mode, Place};
use crate::sqlite::OpenError;

/// The folder in the data folder.
const FOLDER: &str = "blobs";
/// Where blobs lie that have no name yet.
const TEMPORARY: &str = "tmp";

/// Blobs in a folder of the data folder.
///
/// When the disk is full, or fails, a blob is refused and leaves nothing.
#[derive(Clone)]
pub struct FolderBlobs(Arc<Inner>);

struct Inner {
    root: PathBuf,
    mode: Mode,
    /// The next temporary name.
    next: AtomicU64,
    _lock: Option<Arc<File>>,
}

impl FolderBlobs {
    /// Opens the folder; makes it where there is none, and sweeps what was not finished.
    ///
    /// # Errors
    /// It cannot be made, read or written.
    pub fn open(place: &Place) -> Result<Self, OpenError> {
        let root = place.folder.join(FOLDER);
        let opened = files::make_folder(&root)
            .and_then(|()| files::make_folder(&root.join(TEMPORARY)))
            .and_then(|()| files::sweep(&root.join(TEMPORARY)));
        opened.map_err(|source| OpenError::File { path: root.clone(), source })?;
        let lock = place.lock.clone();
        Ok(Self(Arc::new(Inner { root, mode: place.mode, next: AtomicU64::new(0), _lock: lock })))
    }

    /// Runs a job on the disk: within the call, or where others are not held up.
    async fn run<T, F>(&self, job: F) -> Result<T, Unavailable>
    where
        F: FnOnce(&Inner) -> std::io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let done = match self.0.mode {
            Mode::Inline => job(&inner),
            Mode::Threads => tokio::task::spawn_blocking(move || job(&inner))
                .await
                .map_err(|_| Unavailable("blobs: a job broke off".to_owned()))?,
        };
        done.map_err(|error| files::tell(&error))
    }
}

impl Inner {
    fn path_of(&self, name: BlobName) -> PathBuf {
        let text = name.to_string();
        let [one, two, ..] = name.0;
        self.root.join(format!("{one:02x}")).join(format!("{two:02x}")).join(text)
    }

    fn begin(&self) -> std::io::Result<Upload> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Upload::create(self.root.join(TEMPORARY).join(number.to_string()))
    }
}

/// A file without a name of its own yet; goes when it is dropped before it has one.
struct Upload {
    path: PathBuf,
    file: File,
    named: bool,
}

impl Upload {
    fn create(path: PathBuf) -> std::io::Result<Self> {
        let file = files::create_private(&path)?;
        Ok(Self { path, file, named: false })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        std::io::Write::write_all(&mut self.file, bytes)
    }

    /// Each step is durable before the next, so that no name stands for bytes that are not there.
    fn finish(mut self, path: &Path) -> std::io::Result<()> {
        self.file.sync_all()?;
        let folder = files::parent_of(path)?;
        files::make_folder(files::parent_of(folder)?)?;
        files::make_folder(folder)?;
        std::fs::rename(&self.path, path)?;
        self.named = true;
        files::sync_folder(folder)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.named && std::fs::remove_file(&self.path).is_err() {
            tracing::debug!("a blob that was not finished is swept at the next start");
        }
    }
}

/// A blob on its way in; `None` while it is worked on and after an error.
struct Writer {
    blobs: FolderBlobs,
    upload: Option<Upload>,
}

fn broken() -> Unavailable {
    Unavailable("blobs: an earlier write of this blob failed".to_owned())
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Unavailable> {
        let mut upload = self.upload.take().ok_or_else(broken)?;
        let written = self.blobs.run(move |_| upload.write(&bytes).map(|()| upload)).await?;
        self.upload = Some(written);
        Ok(())
    }

    async fn finish(mut self: Box<Self>, name: BlobName) -> Result<(), Unavailable> {
        let upload = self.upload.take().ok_or_else(broken)?;
        self.blobs.run(move |inner| upload.finish(&inner.path_of(name))).await
    }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWriter>, Unavailable> {
        let upload = self.run(Inner::begin).await?;
        Ok(Box::new(Writer { blobs: self.clone(), upload: Some(upload) }))
    }

    async fn size(&self, name: BlobName) -> Result<Option<u64>, Unavailable> {
        self.run(move |inner| files::size(&inner.path_of(name))).await
    }

    async fn read(&self, name: BlobName, offset: u64, len: usize) -> Result<Option<Bytes>, Unavailable> {
        self.run(move |inner| files::read(&inner.path_of(name), offset, len)).await
    }

    async fn delete(&self, name: BlobName) -> Result<(), Unavailable> {
        self.run(move |inner| files::delete(&inner.path_of(name))).await
    }
}
