//! The key of an epoch and who is in it: what is kept for reading, in the user's backup.
//!
//! ```text
//! "chinwag epoch 1" ‖ group[16] ‖ u64 epoch ‖ u64 commit seq ‖ key[32] ‖ u8 whole (0, 1) ‖ list of changes
//! change = u32 leaf ‖ option (u64 user ‖ u64 device ‖ signKey[32])
//! ```
//!
//! The key is exported from MLS with the label `chinwag content 1`, the chat id as context, 32 bytes. With it
//! any entry of the epoch can be read at any time and in any order. In the backup a record that is whole
//! begins with the change `(2^32−1, none)`: no leaf has that index. Leaves out sealing (`content`).

use std::collections::BTreeMap;

use chinwag_proto::{DeviceId, Seq, UserId};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::data::GROUP_ID_BYTES;
use super::facts::read_seq;
use super::rules::Leaves;
use crate::backup::{CHANGES_MAX, EpochKey, Leaf, LeafChange};
use crate::canonical::{DecodeError, Hash, Reader, Writer};
use crate::identity::{read_device, read_user};

const LABEL: &str = "chinwag epoch 1";
/// The exporter's label.
pub(crate) const EXPORT_LABEL: &str = "chinwag content 1";
/// 4,096 changes of at most 53 bytes.
const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Marks a record of the backup that is whole.
const NO_LEAF: u32 = u32::MAX;

/// The exported secret of an epoch. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochSecret(pub [u8; 32]);

impl std::fmt::Debug for EpochSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EpochSecret(***)")
    }
}

/// An epoch's key and leaves, as a record to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochRecord {
    /// The MLS group.
    pub group: [u8; GROUP_ID_BYTES],
    /// The MLS epoch.
    pub epoch: u64,
    /// The seq of the commit that began it.
    pub commit: Seq,
    /// The key.
    pub secret: EpochSecret,
    /// Whether the changes are from an empty tree, not from the epoch before.
    pub whole: bool,
    /// What the commit did to the leaves.
    pub changes: Vec<LeafChange>,
}

impl EpochRecord {
    /// The canonical bytes. Secret.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(LABEL);
        writer.fixed(&self.group).u64(self.epoch).u64(self.commit.get()).fixed(&self.secret.0);
        writer.u8(u8::from(self.whole)).count(self.changes.len());
        for change in &self.changes {
            writer.u32(change.leaf).option(change.now.as_ref(), |writer, leaf| {
                writer.u64(leaf.user.get()).u64(leaf.device.get()).fixed(&leaf.sign_key);
            });
        }
        Zeroizing::new(writer.finish())
    }

    /// From canonical bytes, exactly.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, RECORD_BYTES_MAX)?;
        let record = Self {
            group: reader.array()?,
            epoch: reader.u64()?,
            commit: read_seq(&mut reader)?,
            secret: EpochSecret(reader.array()?),
            whole: match reader.u8()? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::Invalid { field: "whole" }),
            },
            changes: {
                let count = reader.count(CHANGES_MAX, "changes")?;
                (0..count).map(|_| read_change(&mut reader)).collect::<Result<_, _>>()?
            },
        };
        reader.finish()?;
        Ok(record)
    }

    /// As the backup keeps it, with the log's hash at the commit.
    pub fn to_backup(&self, chain_hash: Hash) -> EpochKey {
        let all = self.whole.then_some(LeafChange { leaf: NO_LEAF, now: None });
        EpochKey {
            group: self.group,
            epoch: self.epoch,
            commit_seq: self.commit.get(),
            key: Zeroizing::new(self.secret.0),
            chain_hash,
            leaf_changes: all.into_iter().chain(self.changes.iter().cloned()).collect(),
        }
    }

    /// From what the backup keeps; `None` where its seq is none.
    pub fn from_backup(kept: &EpochKey) -> Option<Self> {
        let (whole, changes) = match kept.leaf_changes.split_first() {
            Some((LeafChange { leaf: NO_LEAF, now: None }, rest)) => (true, rest),
            _ => (false, kept.leaf_changes.as_slice()),
        };
        Some(Self {
            group: kept.group,
            epoch: kept.epoch,
            commit: Seq::new(kept.commit_seq)?,
            secret: EpochSecret(*kept.key),
            whole,
            changes: changes.to_vec(),
        })
    }
}

/// What makes one tree out of another.
pub(super) fn changes(was: &Leaves, is: &Leaves) -> Vec<LeafChange> {
    let gone = was.keys().filter(|leaf| !is.contains_key(leaf));
    let mut changes: Vec<_> = gone.map(|leaf| LeafChange { leaf: *leaf, now: None }).collect();
    for (index, device) in is.iter().filter(|(index, device)| was.get(index) != Some(device)) {
        let (user, device, sign_key) = (device.user, device.device, device.sign_key);
        changes.push(LeafChange { leaf: *index, now: Some(Leaf { user, device, sign_key }) });
    }
    changes
}

fn read_change(reader: &mut Reader<'_>) -> Result<LeafChange, DecodeError> {
    Ok(LeafChange {
        leaf: reader.u32()?,
        now: reader.option("leaf", |reader| {
            let (user, device) = (read_user(reader)?, read_device(reader)?);
            Ok(Leaf { user, device, sign_key: reader.array()? })
        })?,
    })
}

/// The epochs of a chat that a device can read, by the seq of their commits.
#[derive(Clone, Debug, Default)]
pub struct Epochs {
    records: BTreeMap<Seq, EpochRecord>,
}

/// What is known of a sender in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderLeaf {
    /// A leaf, with this key.
    Key([u8; 32]),
    /// No leaf of that epoch.
    None,
    /// The leaves of that epoch are not known.
    Unknown,
}

impl Epochs {
    /// Takes in a record; order does not matter, the same twice does no harm.
    pub fn insert(&mut self, record: EpochRecord) {
        match self.records.entry(record.commit) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(record);
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                // Another device may have begun here, and knows all leaves.
                if record.whole && !known.get().whole {
                    known.insert(record);
                }
            }
        }
    }

    /// All records, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &EpochRecord> {
        self.records.values()
    }

    /// The epoch whose commit stands at this seq.
    pub fn at(&self, commit: Seq) -> Option<&EpochRecord> {
        self.records.get(&commit)
    }

    /// The epoch in force at a seq, as far as this device knows: that of the last commit before it.
    pub fn in_force(&self, seq: Seq) -> Option<&EpochRecord> {
        self.records.range(..seq).next_back().map(|(_, record)| record)
    }

    /// All leaves of the epoch whose commit stands at `commit`; `None` where they are not known.
    pub fn leaves(&self, commit: Seq) -> Option<BTreeMap<u32, Leaf>> {
        let epoch = self.records.get(&commit)?;
        let mut next = epoch.epoch;
        let mut back = Vec::new();
        for record in self.records.range(..=commit).rev().map(|(_, record)| record) {
            if record.group != epoch.group || record.epoch != next {
                return None;
            }
            back.push(record);
            if record.whole {
                break;
            }
            next = next.wrapping_sub(1);
        }
        if !back.last().is_some_and(|first| first.whole) {
            return None;
        }
        let mut leaves = BTreeMap::new();
        for change in back.iter().rev().flat_map(|record| &record.changes) {
            match &change.now {
                Some(leaf) => leaves.insert(change.leaf, leaf.clone()),
                None => leaves.remove(&change.leaf),
            };
        }
        Some(leaves)
    }

    /// The records that a member with this `since` may have; the first of each run is whole, so that its
    /// leaves are known without what stands before.
    pub fn since(&self, since: Seq) -> Vec<EpochRecord> {
        let mut records: Vec<EpochRecord> = Vec::new();
        let after = (std::ops::Bound::Excluded(since), std::ops::Bound::Unbounded);
        for record in self.records.range(after).map(|(_, record)| record) {
            let follows = records
                .last()
                .is_some_and(|last| last.group == record.group && last.epoch.wrapping_add(1) == record.epoch);
            let mut record = record.clone();
            if let (false, Some(leaves)) = (follows, self.leaves(record.commit)) {
                let now = |(leaf, now)| LeafChange { leaf, now: Some(now) };
                record.changes = leaves.into_iter().map(now).collect();
                record.whole = true;
            }
            records.push(record);
        }
        records
    }

    /// The key of a sender's leaf in the epoch whose commit stands at `commit`.
    pub fn sender(&self, commit: Seq, user: UserId, device: DeviceId) -> SenderLeaf {
        let Some(leaves) = self.leaves(commit) else { return SenderLeaf::Unknown };
        let leaf = leaves.values().find(|leaf| leaf.device == device && leaf.user == user);
        leaf.map_or(SenderLeaf::None, |leaf| SenderLeaf::Key(leaf.sign_key))
    }
}
