//! The backup chains of a user, verified: each alone, then against what they say of each other.
//!
//! Nothing is opened here. A server can hold back the newest records of a chain only as long as no other chain
//! names them; a roll-back of all chains at once shows nothing.

use std::collections::BTreeMap;

use chinwag_proto::{DeviceId, UserId};

use super::record::{Head, Record};
use crate::canonical::{DecodeError, Hash};
use crate::identity::{Certificate, Chain};

/// Why a backup is refused. `index` is the record's place in its chain, from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum BackupError {
    /// The record is not one.
    #[error("record {index} is malformed: {source}")]
    Malformed {
        /// Where.
        index: u64,
        /// What is wrong.
        source: DecodeError,
    },
    /// The record is of another user or another device's chain.
    #[error("record {index} belongs to another chain")]
    WrongChain {
        /// Where.
        index: u64,
    },
    /// Records are missing.
    #[error("records {expected} to {found} are missing before the last of them")]
    Gap {
        /// The first that is missing.
        expected: u64,
        /// The record that came instead.
        found: u64,
    },
    /// A record comes again, or after a later one.
    #[error("record {found} comes where {expected} should: out of order")]
    Reordered {
        /// The record that should come.
        expected: u64,
        /// The record that came.
        found: u64,
    },
    /// The record continues other records than those before it.
    #[error("record {index} does not continue the one before")]
    Fork {
        /// Where.
        index: u64,
    },
    /// The signature does not match.
    #[error("the signature of record {index} does not match")]
    BadSignature {
        /// Where.
        index: u64,
    },
    /// A chain of a device that is not in the user's device chain, or the same chain twice.
    #[error("device {device} has no chain here")]
    UnknownDevice {
        /// Which.
        device: DeviceId,
    },
    /// A chain ends before a record that another chain has seen.
    #[error("the chain of device {device} ends at {found}, device {witness} has seen {named}")]
    RolledBack {
        /// Whose chain is too short.
        device: DeviceId,
        /// How long it is.
        found: u64,
        /// How long it was.
        named: u64,
        /// Who saw it.
        witness: DeviceId,
    },
    /// A chain has another record where another chain has seen one.
    #[error("the chain of device {device} is not the one that device {witness} has seen at {index}")]
    Forked {
        /// Whose chain.
        device: DeviceId,
        /// Where.
        index: u64,
        /// Who saw another.
        witness: DeviceId,
    },
}

/// One device's backup chain, verified by itself.
#[derive(Clone, Debug)]
pub struct BackupChain {
    user: UserId,
    device: DeviceId,
    sign_key: [u8; 32],
    base: Head,
    records: Vec<Record>,
    hashes: Vec<Hash>,
}

impl BackupChain {
    /// An empty chain of the device with this certificate.
    pub fn new(certificate: &Certificate) -> Self {
        Self {
            user: certificate.user,
            device: certificate.device,
            sign_key: certificate.sign_key,
            base: Head::default(),
            records: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// Verifies records from the first on.
    pub fn verify<B: AsRef<[u8]>>(certificate: &Certificate, records: &[B]) -> Result<Self, BackupError> {
        let mut chain = Self::new(certificate);
        chain.extend(records)?;
        Ok(chain)
    }

    /// A chain of which the records up to a head were verified before and are not at hand.
    pub fn after(certificate: &Certificate, head: Head) -> Self {
        Self { base: head, ..Self::new(certificate) }
    }

    /// Verifies records that follow. Those before a faulty one are kept.
    pub fn extend<B: AsRef<[u8]>>(&mut self, records: &[B]) -> Result<(), BackupError> {
        records.iter().try_for_each(|bytes| self.append(bytes.as_ref()))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let head = self.head();
        let expected = head.index + 1;
        let record =
            Record::decode(bytes).map_err(|source| BackupError::Malformed { index: expected, source })?;
        let index = record.index;
        if (record.user, record.device) != (self.user, self.device) {
            return Err(BackupError::WrongChain { index: expected });
        }
        if index > expected {
            return Err(BackupError::Gap { expected, found: index });
        }
        if index < expected {
            return Err(BackupError::Reordered { expected, found: index });
        }
        if record.prev != head.hash {
            return Err(BackupError::Fork { index });
        }
        record.verify(&self.sign_key).map_err(|_| BackupError::BadSignature { index })?;
        self.hashes.push(crate::canonical::hash(bytes));
        self.records.push(record);
        Ok(())
    }

    /// Whose chain it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The last record.
    pub fn head(&self) -> Head {
        let index = self.base.index + self.records.len() as u64;
        Head { index, hash: self.hashes.last().copied().unwrap_or(self.base.hash) }
    }

    /// When the last record at hand was made, by the device's clock, in milliseconds since the Unix epoch.
    pub fn last_activity_ms(&self) -> Option<i64> {
        self.records.last().map(|record| record.time_ms)
    }

    /// The records at hand, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What a record of this chain hashes to, if it is at hand or is the one before.
    fn hash_at(&self, index: u64) -> Option<Hash> {
        if index == self.base.index {
            return Some(self.base.hash);
        }
        let at = index.checked_sub(self.base.index + 1)?;
        self.hashes.get(usize::try_from(at).ok()?).copied()
    }

    fn cut(&mut self, index: u64) -> usize {
        let keep = usize::try_from(index.saturating_sub(self.base.index)).unwrap_or(usize::MAX);
        let cut = self.records.len().saturating_sub(keep);
        self.records.truncate(keep);
        self.hashes.truncate(keep);
        cut
    }
}

/// All backup chains of a user, verified against each other.
#[derive(Clone, Debug)]
pub struct BackupSet {
    user: UserId,
    chains: BTreeMap<DeviceId, BackupChain>,
    cut: BTreeMap<DeviceId, usize>,
}

impl BackupSet {
    /// Like [`Self::read`], refusing the set at the first fault.
    pub fn verify(
        devices: &Chain,
        chains: impl IntoIterator<Item = BackupChain>,
    ) -> Result<Self, BackupError> {
        let (set, faults) = Self::read(devices, chains)?;
        faults.into_iter().next().map_or(Ok(set), Err)
    }

    /// Holds every head that a chain names against that chain. What does not fit comes back as faults, to be
    /// shown: a server holds records back, or a device lied; the rest of the backup is of use all the same.
    ///
    /// What a revoked device wrote after the last record that a live device's chain names is cut off: it may
    /// be a thief's. If no live device's chain names any record of it, all of it stays: then it is all there
    /// is.
    pub fn read(
        devices: &Chain,
        chains: impl IntoIterator<Item = BackupChain>,
    ) -> Result<(Self, Vec<BackupError>), BackupError> {
        let mut set = Self { user: devices.user(), chains: BTreeMap::new(), cut: BTreeMap::new() };
        for chain in chains {
            let device = chain.device;
            let known = devices.device(device).is_some_and(|certificate| {
                certificate.sign_key == chain.sign_key && certificate.user == chain.user
            });
            if !known || set.chains.insert(device, chain).is_some() {
                return Err(BackupError::UnknownDevice { device });
            }
        }
        set.cut_revoked(devices);
        let mut faults = Vec::new();
        for witness in set.chains.values() {
            // A head is named once for each growth; the first fault of a witness tells what is wrong.
            let named = witness.records.iter().map(|record| &record.heads);
            let held = named.into_iter().try_for_each(|heads| set.hold_against(heads, witness.device));
            faults.extend(held.err());
        }
        Ok((set, faults))
    }

    fn cut_revoked(&mut self, devices: &Chain) {
        let mut seen = BTreeMap::new();
        let live = self.chains.values().filter(|chain| devices.live_device(chain.device).is_some());
        for (device, head) in live.flat_map(|chain| &chain.records).flat_map(|record| &record.heads) {
            let index: &mut u64 = seen.entry(*device).or_default();
            *index = (*index).max(head.index);
        }
        for (device, index) in seen {
            if let Some(chain) = self.chains.get_mut(&device)
                && devices.is_revoked(device)
            {
                let cut = chain.cut(index);
                if cut > 0 {
                    self.cut.insert(device, cut);
                }
            }
        }
    }

    /// Whose backup it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The chains, by device.
    pub fn chains(&self) -> impl Iterator<Item = &BackupChain> {
        self.chains.values()
    }

    /// The heads of all chains: what a device names in its next record and hands to a device it links.
    pub fn heads(&self) -> BTreeMap<DeviceId, Head> {
        self.chains
            .iter()
            .map(|(device, chain)| (*device, chain.head()))
            .filter(|(_, h)| h.index > 0)
            .collect()
    }

    /// How many records of revoked devices were cut off.
    pub fn cut(&self) -> &BTreeMap<DeviceId, usize> {
        &self.cut
    }

    /// Holds the set against heads that were seen before or handed over; `witness` is who says so.
    pub fn hold_against(
        &self,
        heads: &BTreeMap<DeviceId, Head>,
        witness: DeviceId,
    ) -> Result<(), BackupError> {
        for (device, named) in heads {
            let chain = self.chains.get(device);
            let found = chain.map_or(0, |chain| chain.head().index);
            if found < named.index {
                let (device, named) = (*device, named.index);
                return Err(BackupError::RolledBack { device, found, named, witness });
            }
            if chain.and_then(|chain| chain.hash_at(named.index)).is_some_and(|hash| hash != named.hash) {
                return Err(BackupError::Forked { device: *device, index: named.index, witness });
            }
        }
        Ok(())
    }
}
