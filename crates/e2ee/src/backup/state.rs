//! What the records of all chains say together: every epoch key, the newest pins, the history keys.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::{DeviceId, UserId};

use super::chain::{BackupChain, BackupSet};
use super::entry::{CHANGES_MAX, Entry, EpochKey, LeafChange, Peer};
use super::history::{KeyRing, Recipient, Rotation};
use super::record::{Body, Record};
use crate::identity::Chain;

/// Different keys of one epoch that are kept. More than one is a fork of the group: the id of an entry's key
/// tells which one it needs.
pub const KEYS_PER_EPOCH: usize = 8;

/// An epoch, as far as the backup knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The key with all changes that were found.
    pub key: EpochKey,
    /// How many changes the epoch has; fewer may have been found.
    pub changes: usize,
}

impl Epoch {
    /// Whether all changes of leaves are there.
    pub fn is_complete(&self) -> bool {
        self.key.leaf_changes.len() == self.changes
    }
}

/// The state that a backup holds.
#[derive(Clone, Default)]
pub struct BackupState {
    /// The history keys that could be had.
    pub keys: KeyRing,
    /// All epochs, by group and number; normally one each.
    pub epochs: BTreeMap<([u8; 16], u64), Vec<Epoch>>,
    /// Other users.
    pub peers: BTreeMap<UserId, Peer>,
    /// Records under a history key that could not be had.
    pub locked: usize,
    /// Records that did not open, or held no entry, though their key is there.
    pub damaged: usize,
    rotation: Option<(Rotation, DeviceId)>,
}

impl BackupState {
    /// Builds the state. `keys` are the history keys at hand; `own` opens what is sealed to this device or to
    /// the root. Live devices' chains come first: of other users, a revoked device's chain tells only what no
    /// live one does, for a thief could have written it.
    pub fn build(set: &BackupSet, devices: &Chain, keys: KeyRing, own: Option<Recipient<'_>>) -> Self {
        let mut state = Self { keys, ..Self::default() };
        state.learn_keys(set, devices, own);
        let is_live = |chain: &&BackupChain| devices.live_device(chain.device()).is_some();
        let (live, revoked): (Vec<_>, Vec<_>) = set.chains().partition(is_live);
        for chain in live {
            state.add_chain(chain);
        }
        let certain = std::mem::take(&mut state.peers);
        for chain in revoked {
            state.add_chain(chain);
        }
        state.peers.extend(certain);
        state
    }

    fn add_chain(&mut self, chain: &BackupChain) {
        let mut open = None;
        for record in chain.records() {
            let Body::Sealed { key, .. } = &record.body else { continue };
            match self.keys.get(key).map(|key| record.open(key)) {
                None => self.locked += 1,
                Some(Ok(plain)) => match Entry::decode(&plain) {
                    Ok(entry) => self.add(entry, &mut open),
                    Err(_) => self.damaged += 1,
                },
                Some(Err(_)) => self.damaged += 1,
            }
        }
    }

    /// Whether a new history key is due: there is none that could be had, somebody who is not live has it, or
    /// a device made it that is not live.
    pub fn needs_rotation(&self, devices: &Chain) -> bool {
        !self.rotation.as_ref().is_some_and(|(rotation, author)| {
            rotation.serves(devices)
                && devices.live_device(*author).is_some()
                && self.keys.get(&rotation.id).is_some()
        })
    }

    fn learn_keys(&mut self, set: &BackupSet, devices: &Chain, own: Option<Recipient<'_>>) {
        let rotation = |record: &Record| match &record.body {
            Body::Rotation(rotation) => Some((rotation.clone(), record.device)),
            Body::Sealed { .. } => None,
        };
        let records = set.chains().flat_map(|chain| chain.records());
        let mut rotations: Vec<_> = records.filter_map(rotation).collect();
        // A rotation for a place that the device chain has not reached would outlast all honest ones.
        rotations.retain(|(rotation, _)| rotation.position <= devices.position());
        rotations.sort_by_key(|(rotation, _)| (rotation.position, rotation.id));
        // From the latest on, each may give the key of one before it; once more for keys of the same place.
        for _ in 0..=rotations.len() {
            let mut news = false;
            for (rotation, _) in rotations.iter().rev() {
                news |= self.keys.learn(set.user(), rotation, own);
            }
            if !news {
                break;
            }
        }
        self.rotation = rotations.pop();
    }

    /// `open` is the epoch to which more changes of the same chain belong: group, number, place in the list.
    fn add(&mut self, entry: Entry, open: &mut Option<([u8; 16], u64, usize)>) {
        match entry {
            Entry::Epoch { key, changes } => {
                let (group, number) = (key.group, key.epoch);
                let epochs = self.epochs.entry((group, number)).or_default();
                let same = epochs.iter().position(|epoch| epoch.key.key == key.key);
                let epoch = Epoch { key, changes: usize::try_from(changes).unwrap_or(usize::MAX) };
                *open = None;
                match same {
                    Some(index) if epochs.get(index).is_some_and(Epoch::is_complete) => {}
                    Some(index) => {
                        if let Some(place) = epochs.get_mut(index) {
                            *place = epoch;
                            *open = Some((group, number, index));
                        }
                    }
                    None if epochs.len() < KEYS_PER_EPOCH => {
                        epochs.push(epoch);
                        *open = Some((group, number, epochs.len() - 1));
                    }
                    None => {}
                }
            }
            Entry::Leaves { group, epoch, changes } => {
                if let Some((open_group, open_epoch, index)) = *open
                    && (open_group, open_epoch) == (group, epoch)
                    && let Some(place) = self.epochs.get_mut(&(group, epoch)).and_then(|e| e.get_mut(index))
                    && place.key.leaf_changes.len() + changes.len() <= place.changes.min(CHANGES_MAX)
                {
                    place.key.leaf_changes.extend(changes);
                }
            }
            Entry::Peer(peer) => {
                let newer = match self.peers.remove(&peer.user) {
                    Some(known) => known.newer(peer),
                    None => peer,
                };
                self.peers.insert(newer.user, newer);
            }
        }
    }

    /// Groups with the number of epochs that are known of each.
    pub fn groups(&self) -> BTreeSet<[u8; 16]> {
        self.epochs.keys().map(|(group, _)| *group).collect()
    }

    /// The leaves' changes of one epoch, if exactly one key is known for it.
    pub fn changes(&self, group: [u8; 16], epoch: u64) -> Option<&[LeafChange]> {
        match self.epochs.get(&(group, epoch)).map(Vec::as_slice) {
            Some([one]) => Some(&one.key.leaf_changes),
            _ => None,
        }
    }
}
