//! Backups in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Seq, Timestamp, UserId};
use parking_lot::Mutex;

use super::chain;
use crate::Unavailable;
use crate::backups::{BackupChain, BackupLimits, Backups};
use crate::chain::{Append, Appended, Page};
use crate::twins::Faults;

#[derive(Default)]
struct Backup {
    chains: BTreeMap<DeviceId, (Vec<Vec<u8>>, Timestamp)>,
    erased: bool,
}

impl Backup {
    fn has_room(&self, device: DeviceId, append: &Append, limits: BackupLimits) -> bool {
        let records = self.chains.values().flat_map(|(records, _)| records).chain(&append.items);
        let (count, bytes) =
            records.fold((0, 0), |(count, bytes), record| (count + 1, bytes + record.len() as u64));
        let chains = self.chains.len() + usize::from(!self.chains.contains_key(&device));
        !self.erased && count <= limits.records && bytes <= limits.bytes && chains as u64 <= limits.chains
    }
}

/// Backups in memory.
#[derive(Default)]
pub struct MemoryBackups {
    backups: Mutex<BTreeMap<UserId, Backup>>,
    faults: Faults,
}

impl MemoryBackups {
    /// Without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls fail; nothing is written then.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[async_trait]
impl Backups for MemoryBackups {
    async fn append(
        &self,
        user: UserId,
        device: DeviceId,
        append: Append,
        now: Timestamp,
        limits: BackupLimits,
    ) -> Result<Appended, Unavailable> {
        self.faults.check()?;
        let mut backups = self.backups.lock();
        let backup = backups.entry(user).or_default();
        let has_room = backup.has_room(device, &append, limits);
        let (mut records, mut updated_at) = backup.chains.remove(&device).unwrap_or((Vec::new(), now));
        let before = records.len();
        let appended = chain::append(&mut records, append, has_room);
        if records.len() > before {
            updated_at = now;
        }
        if !records.is_empty() {
            backup.chains.insert(device, (records, updated_at));
        }
        Ok(appended)
    }

    async fn chains(&self, user: UserId) -> Result<Vec<BackupChain>, Unavailable> {
        self.faults.check()?;
        let backups = self.backups.lock();
        let chains = backups.get(&user).into_iter().flat_map(|backup| &backup.chains);
        let chain = |(&device, (records, updated_at)): (_, &(Vec<Vec<u8>>, Timestamp))| BackupChain {
            device,
            head: Seq::clamped(records.len() as u64),
            updated_at: *updated_at,
        };
        Ok(chains.map(chain).collect())
    }

    async fn records(
        &self,
        user: UserId,
        device: DeviceId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable> {
        self.faults.check()?;
        let backups = self.backups.lock();
        let records = backups.get(&user).and_then(|backup| backup.chains.get(&device));
        Ok(chain::page(records.map_or(&[], |(records, _)| records), after, limit, bytes_max))
    }

    async fn erase(&self, user: UserId) -> Result<(), Unavailable> {
        self.faults.check()?;
        self.backups.lock().insert(user, Backup { erased: true, ..Backup::default() });
        Ok(())
    }
}
