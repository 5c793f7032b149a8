//! Device chains and backups: lists of opaque items that only grow, by compare-and-append.

use std::sync::Arc;

use chinwag_ports::backups::BackupLimits;
use chinwag_ports::chain::{Append, Appended, Page};
use chinwag_ports::{Backups, Clock, DeviceChains};
use chinwag_proto::rest::{
    AppendBackup, AppendLinks, BackupHead, BackupInfo, BackupPage, Backups as BackupList, ChainVersion,
    DeviceChain,
};
use chinwag_proto::{DeviceId, Limits, Opaque, Seq, UserId};

use super::keys::{NO_USER, items};
use super::visibility::Visibility;
use super::{Caller, Failure, Ports};

/// Device chains, which any user may read, and backups, which are each user's own.
pub struct Chains {
    chains: Arc<dyn DeviceChains>,
    backups: Arc<dyn Backups>,
    clock: Arc<dyn Clock>,
    visibility: Arc<Visibility>,
    limits: Arc<Limits>,
}

impl Chains {
    pub(super) fn new(ports: &Ports, limits: Arc<Limits>, visibility: Arc<Visibility>) -> Self {
        let (chains, backups) = (Arc::clone(&ports.device_chains), Arc::clone(&ports.backups));
        Self { chains, backups, clock: Arc::clone(&ports.clock), visibility, limits }
    }

    /// Links of a user's device chain after a number; an erased user's chain is there as well.
    pub async fn links(&self, user: UserId, after: Seq, limit: usize) -> Result<DeviceChain, Failure> {
        if self.visibility.user(user).await?.is_none() {
            return Err(NO_USER);
        }
        let page = self.chains.links(user, after, limit, self.page_bytes()).await?;
        let (from, complete) = extent(&page, after);
        Ok(DeviceChain { links: opaque(page.items), from, version: page.head, complete })
    }

    /// Appends links to the caller's own chain.
    pub async fn append_links(&self, caller: Caller, body: AppendLinks) -> Result<ChainVersion, Failure> {
        let limits = &self.limits;
        let items = items("links", body.links, limits.chain_links_per_call, limits.chain_link_bytes)?;
        let append = Append { after: body.after, items };
        let appended = self.chains.append_links(caller.user, append, limits.chain_links as u64).await?;
        let full = Failure::Forbidden("the device chain is full; begin a new identity");
        Ok(ChainVersion { version: end_of(appended, full)? })
    }

    /// The chains of the caller's backup.
    pub async fn backups(&self, caller: Caller) -> Result<BackupList, Failure> {
        let chains = self.backups.chains(caller.user).await?.into_iter();
        let info = chains.map(|chain| BackupInfo {
            device_id: chain.device,
            head: chain.head,
            updated_at: chain.updated_at,
        });
        Ok(BackupList { backups: info.collect() })
    }

    /// Records of one chain of the caller's backup after a number.
    pub async fn records(
        &self,
        caller: Caller,
        device: DeviceId,
        after: Seq,
        limit: usize,
    ) -> Result<BackupPage, Failure> {
        let page = self.backups.records(caller.user, device, after, limit, self.page_bytes()).await?;
        let (from, complete) = extent(&page, after);
        Ok(BackupPage { records: opaque(page.items), from, head: page.head, complete })
    }

    /// Appends records to the calling device's own chain.
    pub async fn append_records(&self, caller: Caller, body: AppendBackup) -> Result<BackupHead, Failure> {
        let limits = &self.limits;
        let items =
            items("records", body.records, limits.backup_records_per_call, limits.backup_record_bytes)?;
        let append = Append { after: body.after, items };
        let may_keep = BackupLimits {
            records: limits.backup_records as u64,
            bytes: limits.backup_bytes as u64,
            chains: limits.backup_chains as u64,
        };
        let now = self.clock.now();
        let appended = self.backups.append(caller.user, caller.device, append, now, may_keep).await?;
        let full = Failure::Forbidden("the backup is full; nothing more is kept for you");
        Ok(BackupHead { head: end_of(appended, full)? })
    }

    /// Deletes a user's backups, for ever; his device chain stays.
    pub async fn erase(&self, user: UserId) -> Result<(), Failure> {
        Ok(self.backups.erase(user).await?)
    }

    /// Bytes of a page before they become base64 within the largest answer.
    fn page_bytes(&self) -> usize {
        self.limits.server_frame_bytes / 2
    }
}

fn end_of(appended: Appended, full: Failure) -> Result<Seq, Failure> {
    match appended {
        Appended::Done(end) => Ok(end),
        Appended::Stale(after) => Err(Failure::StaleVersion { after }),
        Appended::Full => Err(full),
    }
}

/// The number of a page's first item (`after` when there is none), and whether nothing follows.
fn extent(page: &Page, after: Seq) -> (Seq, bool) {
    let from = if page.items.is_empty() { after } else { after.next() };
    (from, after.get().saturating_add(page.items.len() as u64) >= page.head.get())
}

fn opaque(items: Vec<Vec<u8>>) -> Vec<Opaque> {
    items.into_iter().map(Opaque).collect()
}
