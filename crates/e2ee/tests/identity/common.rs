//! People and devices to test with; randomness that is the same in every run.
#![allow(dead_code, reason = "shared by two test programs")]

use std::convert::Infallible;

use chinwag_e2ee::identity::{Action, Certificate, Chain, DeviceKeys, Link, RecoveryKey, RootKey};
use chinwag_proto::{DeviceId, UserId};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

/// SHA-256 of a seed and a counter, block after block.
pub(crate) struct Dice {
    seed: u64,
    block: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, block: 0 }
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::new().chain_update(self.seed.to_be_bytes());
            let block = block.chain_update(self.block.to_be_bytes()).finalize();
            self.block += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// These bytes, one after the other.
pub(crate) struct Given(pub(crate) Vec<u8>);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("bytes only")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("bytes only")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.iter_mut().for_each(|byte| *byte = self.0.remove(0));
        Ok(())
    }
}

impl TryCryptoRng for Given {}

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub(crate) fn id(number: u64) -> DeviceId {
    DeviceId::new(number).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One device with its private keys.
pub(crate) struct Device {
    pub(crate) keys: DeviceKeys,
    pub(crate) certificate: Certificate,
}

/// A device of user 7.
pub(crate) fn device(number: u64) -> Device {
    device_of(user(7), number)
}

pub(crate) fn device_of(user: UserId, number: u64) -> Device {
    let keys = DeviceKeys::generate(&mut Dice::new(1000 + number));
    let certificate = keys.certificate(user, id(number), 1_700_000_000_000);
    Device { keys, certificate }
}

pub(crate) fn root(seed: u64) -> RootKey {
    RecoveryKey::generate(&mut Dice::new(seed)).root()
}

/// A chain that a test makes grow, with all its links.
pub(crate) struct Grown {
    pub(crate) root: RootKey,
    pub(crate) links: Vec<Link>,
    pub(crate) chain: Chain,
}

impl Grown {
    /// User 7 with these devices.
    pub(crate) fn new(devices: &[&Device]) -> Self {
        let root = root(1);
        let first = Chain::first_link(user(7), &root, certificates(devices), 10).unwrap();
        let chain = Chain::verify(None, user(7), std::slice::from_ref(&first)).unwrap();
        Self { root, links: vec![first], chain }
    }

    pub(crate) fn by(&mut self, device: &Device, action: Action) -> Link {
        let link = self.chain.link_by_device(&device.keys, action, 20).unwrap();
        self.push(link)
    }

    pub(crate) fn by_root(&mut self, action: Action) -> Link {
        let link = self.chain.link_by_root(&self.root, action, 30).unwrap();
        self.push(link)
    }

    pub(crate) fn push(&mut self, link: Link) -> Link {
        self.chain.extend(std::slice::from_ref(&link)).unwrap();
        self.links.push(link.clone());
        link
    }

    pub(crate) fn live(&self) -> Vec<u64> {
        self.chain.live().map(|certificate| certificate.device.get()).collect()
    }
}

pub(crate) fn certificates(devices: &[&Device]) -> Vec<Certificate> {
    devices.iter().map(|device| device.certificate.clone()).collect()
}
