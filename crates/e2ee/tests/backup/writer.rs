//! Two devices and their backup chains, as the other tests use them.

use std::collections::BTreeMap;

use chinwag_e2ee::backup::{
    BackupChain, BackupError, BackupSet, BackupState, Entry, EpochKey, Head, HistoryKey, KeyRing, OwnChain,
    Peer, Recipient, Rotation,
};
use chinwag_e2ee::identity::{Chain, Pin, Position, RootPublic};
use chinwag_proto::DeviceId;

use crate::common::{Device, Dice, id, user};

/// A device that writes its backup.
pub(crate) struct Writer {
    pub(crate) device: Device,
    pub(crate) own: OwnChain,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) seen: BTreeMap<DeviceId, Head>,
    pub(crate) dice: Dice,
}

impl Writer {
    pub(crate) fn new(device: Device) -> Self {
        let own = OwnChain::new(user(7), device.certificate.device);
        let dice = Dice::new(50 + own.device.get());
        Self { device, own, records: Vec::new(), seen: BTreeMap::new(), dice }
    }

    pub(crate) fn rotates(&mut self, chain: &Chain, old: &[HistoryKey]) -> HistoryKey {
        let (rotation, key) = Rotation::new(chain, old, &mut self.dice).unwrap();
        let record = self.own.rotation(&self.device.keys, rotation, &self.seen, 100);
        self.records.push(record.encode());
        key
    }

    pub(crate) fn writes(&mut self, key: &HistoryKey, entry: &Entry) {
        let (keys, seen) = (&self.device.keys, &self.seen);
        let record = self.own.entry(keys, key, entry, seen, 200, &mut self.dice).unwrap();
        self.records.push(record.encode());
    }

    pub(crate) fn sees(&mut self, other: &Self) {
        self.seen.insert(other.own.device, other.own.head);
    }

    pub(crate) fn verified(&self) -> BackupChain {
        BackupChain::verify(&self.device.certificate, &self.records).unwrap()
    }

    pub(crate) fn opener(&self) -> Option<Recipient<'_>> {
        Some(Recipient::Device(self.own.device, &self.device.keys))
    }
}

pub(crate) fn set(chain: &Chain, writers: &[&Writer]) -> Result<BackupSet, BackupError> {
    BackupSet::verify(chain, writers.iter().map(|writer| writer.verified()))
}

pub(crate) fn state(chain: &Chain, writers: &[&Writer], keys: &[HistoryKey]) -> BackupState {
    build(&set(chain, writers).unwrap(), chain, keys, None)
}

pub(crate) fn build(
    set: &BackupSet,
    chain: &Chain,
    keys: &[HistoryKey],
    own: Option<Recipient<'_>>,
) -> BackupState {
    let mut state = BackupState::new(KeyRing::new(keys.iter().cloned()));
    state.absorb(set, chain, own);
    state
}

pub(crate) fn epoch(group: u8, epoch: u64, key: u8) -> Entry {
    epoch_key(group, epoch, key).entries().remove(0)
}

pub(crate) fn epoch_key(group: u8, epoch: u64, key: u8) -> EpochKey {
    EpochKey {
        group: [group; 16],
        epoch,
        commit_seq: 10 * epoch,
        key: [key; 32].into(),
        chain_hash: [1; 32],
        leaf_changes: Vec::new(),
    }
}

pub(crate) fn peer(root: u8, version: u64, verified: bool, decided_at_ms: i64) -> Peer {
    let position = Position { generation: 1, version };
    let pin = Pin { root: RootPublic([root; 32]), position, head: [version as u8; 32] };
    Peer { user: user(8), pin, verified, decided_at_ms }
}

pub(crate) fn head(index: u64, hash: u8) -> Head {
    Head { index, hash: [hash; 32] }
}

pub(crate) fn known(state: &BackupState) -> Vec<(u8, u64, usize)> {
    let count = |((group, epoch), keys): (&([u8; 16], u64), &Vec<_>)| (group[0], *epoch, keys.len());
    state.epochs.iter().map(count).collect()
}

pub(crate) fn ids(numbers: &[u64]) -> Vec<DeviceId> {
    numbers.iter().map(|number| id(*number)).collect()
}
