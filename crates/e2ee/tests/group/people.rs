//! Randomness that repeats, users with their chains, devices with their disks.

use std::collections::BTreeMap;

use chinwag_e2ee::content::LogHash;
use chinwag_e2ee::group::{Change, Epochs, Group, Key, Me, Rows, Scope, Standing};
use chinwag_e2ee::identity::{Action, Certificate, Chain, DeviceKeys, Link, RecoveryKey, RootKey};
use chinwag_proto::{DeviceId, Seq, UserId};

pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// Repeatable randomness.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95).rotate_left(29) ^ seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        if items.is_empty() { None } else { Some(items[self.below(items.len())].clone()) }
    }
}

impl rand_core::TryRng for Dice {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.next() as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.next())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill_with(|| self.next() as u8);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// A user: the root and the device chain.
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) root: RootKey,
    pub(crate) links: Vec<Link>,
    devices: u64,
}

impl Person {
    pub(crate) fn new(number: u64, dice: &mut Dice) -> (Self, Device) {
        let root = RecoveryKey::generate(dice).root();
        let mut person = Self { user: user(number), root, links: Vec::new(), devices: 0 };
        let device = person.blank(dice);
        let link = Chain::first_link(person.user, &person.root, vec![device.certificate.clone()], NOW_MS);
        person.links.push(link.unwrap());
        (person, device)
    }

    fn blank(&mut self, dice: &mut Dice) -> Device {
        self.devices += 1;
        let id = DeviceId::new(self.user.get() * 1000 + self.devices).unwrap();
        let keys = DeviceKeys::generate(dice);
        Device::new(keys.certificate(self.user, id, NOW_MS), keys)
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain::verify(None, self.user, &self.links).unwrap()
    }

    /// Links another device.
    pub(crate) fn link(&mut self, dice: &mut Dice) -> Device {
        let device = self.blank(dice);
        let action = Action::Add(device.certificate.clone());
        self.links.push(self.chain().link_by_root(&self.root, action, NOW_MS).unwrap());
        device
    }

    pub(crate) fn revoke(&mut self, device: DeviceId) {
        let link = self.chain().link_by_root(&self.root, Action::Revoke(device), NOW_MS);
        self.links.push(link.unwrap());
    }
}

/// A device: its keys, its disk, what it holds of one chat.
pub(crate) struct Device {
    pub(crate) certificate: Certificate,
    pub(crate) keys: DeviceKeys,
    pub(crate) disk: BTreeMap<Key, Vec<u8>>,
    pub(crate) group: Option<Group>,
    /// How far the log was processed, as on disk.
    pub(crate) position: Seq,
    pub(crate) epochs: Epochs,
    pub(crate) log: LogHash,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) sent: u64,
}

impl Device {
    fn new(certificate: Certificate, keys: DeviceKeys) -> Self {
        Self {
            certificate,
            keys,
            disk: BTreeMap::new(),
            group: None,
            position: Seq::ZERO,
            epochs: Epochs::default(),
            log: LogHash::from_the_start(),
            counters: BTreeMap::new(),
            sent: 0,
        }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.certificate.device
    }

    pub(crate) fn user(&self) -> UserId {
        self.certificate.user
    }

    pub(crate) fn me(&self) -> Me<'_> {
        Me { certificate: &self.certificate, keys: &self.keys }
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::new(self.disk.iter().map(|(key, value)| (key.clone(), value.clone())))
    }

    pub(crate) fn write(&mut self, changes: Vec<Change>) {
        for (key, value) in changes {
            match value {
                Some(value) => self.disk.insert(key, value.to_vec()),
                None => self.disk.remove(&key),
            };
        }
    }

    pub(crate) fn flush(&mut self) {
        if let Some(group) = &self.group {
            let changes = group.take_changes();
            self.write(changes);
        }
    }

    /// Everything that is not on disk is lost.
    pub(crate) fn crash(&mut self) {
        self.group = Group::load(self.rows()).unwrap();
    }

    /// The store was evicted: keys of the chat are gone.
    pub(crate) fn lose_chat(&mut self) {
        self.disk.retain(|key, _| key.scope == Scope::Device);
        self.group = None;
    }

    pub(crate) fn group(&self) -> &Group {
        self.group.as_ref().unwrap()
    }

    pub(crate) fn standing(&self) -> Option<Standing> {
        self.group.as_ref().map(Group::standing)
    }

    pub(crate) fn in_step(&self) -> bool {
        self.standing() == Some(Standing::InStep)
    }

    pub(crate) fn count(&mut self, what: impl Into<String>) {
        *self.counters.entry(what.into()).or_default() += 1;
    }
}
