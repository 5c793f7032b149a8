//! Blobs in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chinwag_proto::BlobName;
use parking_lot::Mutex;

use crate::Unavailable;
use crate::blobs::{BlobWriter, Blobs};
use crate::twins::Faults;

/// Blobs in memory; clones share them.
#[derive(Clone, Default)]
pub struct MemoryBlobs {
    blobs: Arc<Mutex<BTreeMap<BlobName, Bytes>>>,
    faults: Arc<Faults>,
}

impl MemoryBlobs {
    /// Without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls fail, those of writers too.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.blobs.lock().len()
    }
}

struct Writer {
    to: MemoryBlobs,
    written: Vec<u8>,
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Unavailable> {
        self.to.faults.check()?;
        self.written.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>, name: BlobName) -> Result<(), Unavailable> {
        self.to.faults.check()?;
        self.to.blobs.lock().insert(name, self.written.into());
        Ok(())
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWriter>, Unavailable> {
        self.faults.check()?;
        Ok(Box::new(Writer { to: self.clone(), written: Vec::new() }))
    }

    async fn size(&self, name: BlobName) -> Result<Option<u64>, Unavailable> {
        self.faults.check()?;
        Ok(self.blobs.lock().get(&name).map(|blob| blob.len() as u64))
    }

    async fn read(&self, name: BlobName, offset: u64, len: usize) -> Result<Option<Bytes>, Unavailable> {
        self.faults.check()?;
        Ok(self.blobs.lock().get(&name).map(|blob| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(blob.len());
            blob.slice(start..start.saturating_add(len).min(blob.len()))
        }))
    }

    async fn delete(&self, name: BlobName) -> Result<(), Unavailable> {
        self.faults.check()?;
        self.blobs.lock().remove(&name);
        Ok(())
    }
}
