//! What the records of all chains say together: every epoch key, the newest pins, the history keys.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::repeat;

use chinwag_proto::{DeviceId, UserId};

use super::chain::{BackupChain, BackupSet};
use super::entry::{CHANGES_MAX, Entry, EpochKey, LeafChange, Peer};
use super::history::{HistoryKey, HistoryKeyId, KeyRing, OLD_KEYS_MAX, Recipient, Rotation};
use super::record::Body;
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
    /// Records under a history key that could not be had.
    pub locked: usize,
    /// Records that did not open, or held no entry, though their key is there.
    pub damaged: usize,
    peers: BTreeMap<UserId, Peer>,
    doubtful: BTreeMap<UserId, Peer>,
    rotations: BTreeMap<(HistoryKeyId, DeviceId), Rotation>,
}

impl BackupState {
    /// A state that holds nothing yet but the history keys at hand.
    pub fn new(keys: KeyRing) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Takes in the records of a set: all of them, or those that are new since the set before. `own` opens what
    /// is sealed to this device or to the root. Records that are locked now are not looked at again: whoever
    /// gets their key later begins anew.
    pub fn absorb(&mut self, set: &BackupSet, devices: &Chain, own: Option<Recipient<'_>>) {
        self.learn_keys(set, own);
        let is_live = |chain: &&BackupChain| devices.live_device(chain.device()).is_some();
        let (live, revoked): (Vec<_>, Vec<_>) = set.chains().partition(is_live);
        for (chain, live) in live.into_iter().zip(repeat(true)).chain(revoked.into_iter().zip(repeat(false)))
        {
            let mut open = None;
            for record in chain.records() {
                let Body::Sealed { key, .. } = &record.body else { continue };
                match self.keys.get(key).map(|key| record.open(key)) {
                    None => self.locked += 1,
                    Some(Ok(plain)) => match Entry::decode(&plain) {
                        Ok(entry) => self.add(entry, &mut open, live),
                        Err(_) => self.damaged += 1,
                    },
                    Some(Err(_)) => self.damaged += 1,
                }
            }
        }
    }

    /// What is known of another user. A device that was revoked when its record was taken in tells only what
    /// no live one does, for a thief could have written it.
    pub fn peer(&self, user: UserId) -> Option<&Peer> {
        self.peers.get(&user).or_else(|| self.doubtful.get(&user))
    }

    /// All other users that something is known of, by id.
    pub fn peers(&self) -> impl Iterator<Item = &Peer> {
        let users: BTreeSet<UserId> = self.peers.keys().chain(self.doubtful.keys()).copied().collect();
        users.into_iter().filter_map(|user| self.peer(user))
    }

    /// The key to seal new records under: that of the latest rotation. None if a new one is due first
    /// ([`Self::needs_rotation`]).
    pub fn current_key(&self, devices: &Chain) -> Option<&HistoryKey> {
        let (author, rotation) = self.latest(devices)?;
        let serves = rotation.serves(devices) && devices.live_device(author).is_some();
        if serves { self.keys.get(&rotation.id) } else { None }
    }

    /// The keys to seal in a new rotation or to hand to a new device: those that no rotation seals, of live
    /// devices and late places first, at most [`OLD_KEYS_MAX`]. Normally one; a stolen device can make more, and
    /// those beyond the limit are for the devices that have them.
    pub fn loose_keys(&self, devices: &Chain) -> Vec<HistoryKey> {
        let made = |key: &HistoryKey| {
            let rotations = self.rotations.iter().filter(|((id, _), _)| *id == key.id());
            rotations.map(|((_, author), r)| (devices.live_device(*author).is_some(), r.position)).max()
        };
        let mut keys = self.keys.loose();
        keys.sort_by_cached_key(|key| std::cmp::Reverse(made(key)));
        keys.truncate(OLD_KEYS_MAX);
        keys
    }

    /// Whether a new history key is due: there is none that could be had, somebody who is not live has it, or
    /// a device made it that is not live.
    pub fn needs_rotation(&self, devices: &Chain) -> bool {
        self.current_key(devices).is_none()
    }

    /// Rotations of live devices count before all others; then the later place in the device chain, then the
    /// greater id, so that all devices take the same one. One for a place that the device chain has not reached
    /// is passed over: it would outlast all honest ones.
    fn latest(&self, devices: &Chain) -> Option<(DeviceId, &Rotation)> {
        let reached = self.rotations.iter().filter(|(_, rotation)| rotation.position <= devices.position());
        let reached = reached.map(|((_, author), rotation)| (*author, rotation));
        reached.max_by_key(|(author, rotation)| {
            (devices.live_device(*author).is_some(), rotation.position, rotation.id)
        })
    }

    fn learn_keys(&mut self, set: &BackupSet, own: Option<Recipient<'_>>) {
        for record in set.chains().flat_map(|chain| chain.records()) {
            if let Body::Rotation(rotation) = &record.body {
                self.rotations.insert((rotation.id, record.device), rotation.clone());
            }
        }
        // Each may give the key of another: as often as there is news, at most once for each.
        for _ in 0..self.rotations.len() {
            let mut news = false;
            for rotation in self.rotations.values() {
                news |= self.keys.learn(set.user(), rotation, own);
            }
            if !news {
                break;
            }
        }
    }

    /// `open` is the epoch to which more changes of the same chain belong: group, number, place in the list.
    fn add(&mut self, entry: Entry, open: &mut Option<([u8; 16], u64, usize)>, live: bool) {
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
                let peers = if live { &mut self.peers } else { &mut self.doubtful };
                let newer = match peers.remove(&peer.user) {
                    Some(known) => known.newer(peer),
                    None => peer,
                };
                peers.insert(newer.user, newer);
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
