//! One record of a device's backup chain: signed by the device, naming the record before it and the heads of
//! the user's other chains.
//!
//! ```text
//! "chinwag backup record 1" ‖ u64 user ‖ u64 device ‖ u64 index ‖ prev[32] ‖ i64 time
//!   ‖ list of heads ‖ body ‖ signature[64]
//! head = u64 device ‖ u64 index ‖ hash[32]                by rising device, never the chain's own
//! body = 1 ‖ historyKeyId[32] ‖ bytes sealed              an entry
//!      | 2 ‖ rotation                                     a new history key
//! ```
//!
//! The signature is over all bytes before it; `prev` is SHA-256 of all bytes of the record before, zeroes in the
//! first. An entry is sealed with all bytes before the body as associated data, so it cannot be moved. A
//! record names the heads that the device has come to know since its record before. Leaves out padding: the
//! server sees how long a record is.

use std::collections::BTreeMap;

use chinwag_proto::{DeviceId, UserId};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::entry::{ENTRY_BYTES_MAX, Entry};
use super::history::{HistoryKey, HistoryKeyId, Rotation};
use crate::canonical::{self, DecodeError, Hash, Reader, Writer};
use crate::identity::{
    DeviceKeys, KeyError, SEAL_OVERHEAD, SealError, read_device, read_user, verify_signature,
};

const LABEL: &str = "chinwag backup record 1";

/// Bytes of a record, what the server takes.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Heads that one record names; more wait for the next. 64 of 48 bytes are 3 KiB.
pub const HEADS_PER_RECORD: usize = 64;

/// The last record of a chain: how many there are, and its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    /// The number of records.
    pub index: u64,
    /// The hash of the last one; zeroes where there is none.
    pub hash: Hash,
}

/// What a record carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// An entry under a history key.
    Sealed {
        /// Which key.
        key: HistoryKeyId,
        /// `nonce[24] ‖ ciphertext`.
        bytes: Vec<u8>,
    },
    /// A new history key.
    Rotation(Rotation),
}

/// One record of a backup chain. The signature is checked by [`BackupChain`](super::BackupChain).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose backup it belongs to.
    pub user: UserId,
    /// The device whose chain it belongs to.
    pub device: DeviceId,
    /// The place in the chain, from 1.
    pub index: u64,
    /// The hash of the record before.
    pub prev: Hash,
    /// When it was made, in milliseconds since the Unix epoch, as the device claims.
    pub time_ms: i64,
    /// Heads of other chains that the device has come to know.
    pub heads: BTreeMap<DeviceId, Head>,
    /// What it carries.
    pub body: Body,
    /// Ed25519.
    pub signature: [u8; 64],
}

impl Record {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = self.signed_part();
        writer.fixed(&self.signature);
        writer.finish()
    }

    /// From canonical bytes, exactly. Says nothing about the signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, RECORD_BYTES_MAX)?;
        let user = read_user(&mut reader)?;
        let device = read_device(&mut reader)?;
        let record = Self {
            user,
            device,
            index: reader.u64()?,
            prev: reader.array()?,
            time_ms: reader.i64()?,
            heads: read_heads(&mut reader, device)?,
            body: match reader.u8()? {
                1 => Body::Sealed {
                    key: reader.array()?,
                    bytes: reader.bytes(ENTRY_BYTES_MAX + SEAL_OVERHEAD, "sealed")?.to_vec(),
                },
                2 => Body::Rotation(Rotation::read(&mut reader)?),
                _ => return Err(DecodeError::Invalid { field: "body" }),
            },
            signature: reader.array()?,
        };
        reader.finish()?;
        Ok(record)
    }

    /// SHA-256 of the canonical bytes.
    pub fn hash(&self) -> Hash {
        canonical::hash(&self.encode())
    }

    /// The entry, under the history key that the body names.
    pub(super) fn open(&self, key: &HistoryKey) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match &self.body {
            Body::Sealed { bytes, .. } => key.open(self.header().as_slice(), bytes),
            Body::Rotation(_) => Err(SealError::Closed),
        }
    }

    pub(super) fn verify(&self, key: &[u8; 32]) -> Result<(), KeyError> {
        verify_signature(key, self.signed_part().as_slice(), &self.signature)
    }

    fn header(&self) -> Writer {
        let mut writer = Writer::new(LABEL);
        writer.u64(self.user.get()).u64(self.device.get()).u64(self.index);
        writer.fixed(&self.prev).i64(self.time_ms).count(self.heads.len());
        for (device, head) in &self.heads {
            writer.u64(device.get()).u64(head.index).fixed(&head.hash);
        }
        writer
    }

    fn signed_part(&self) -> Writer {
        let mut writer = self.header();
        match &self.body {
            Body::Sealed { key, bytes } => {
                writer.u8(1).fixed(key).bytes(bytes);
            }
            Body::Rotation(rotation) => rotation.write(writer.u8(2)),
        }
        writer
    }
}

fn read_heads(reader: &mut Reader<'_>, own: DeviceId) -> Result<BTreeMap<DeviceId, Head>, DecodeError> {
    let mut heads = BTreeMap::new();
    for _ in 0..reader.count(HEADS_PER_RECORD, "heads")? {
        let device = read_device(reader)?;
        let head = Head { index: reader.u64()?, hash: reader.array()? };
        let rises = heads.last_key_value().is_none_or(|(last, _)| *last < device);
        if !rises || device == own || head.index == 0 {
            return Err(DecodeError::Invalid { field: "heads" });
        }
        heads.insert(device, head);
    }
    Ok(heads)
}

/// What a device remembers of its own backup chain in order to go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChain {
    /// Whose backup it is.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The last record that was made, whether or not the server has it yet.
    pub head: Head,
    /// The heads of other chains that the chain names so far.
    pub named: BTreeMap<DeviceId, Head>,
}

impl OwnChain {
    /// The chain of a device that has made no record.
    pub fn new(user: UserId, device: DeviceId) -> Self {
        Self { user, device, head: Head::default(), named: BTreeMap::new() }
    }

    /// The next record with an entry, sealed under the history key. `seen` are the heads of the other chains
    /// as far as this device has verified them.
    pub fn entry(
        &mut self,
        keys: &DeviceKeys,
        history: &HistoryKey,
        entry: &Entry,
        seen: &BTreeMap<DeviceId, Head>,
        now_ms: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Record, SealError> {
        let plain = entry.encode();
        if plain.len() > ENTRY_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let mut record = self.blank(seen, now_ms);
        let bytes = history.seal(record.header().as_slice(), &plain, rng)?;
        record.body = Body::Sealed { key: history.id(), bytes };
        Ok(self.signed(record, keys))
    }

    /// The next record with a rotation.
    pub fn rotation(
        &mut self,
        keys: &DeviceKeys,
        rotation: Rotation,
        seen: &BTreeMap<DeviceId, Head>,
        now_ms: i64,
    ) -> Record {
        let mut record = self.blank(seen, now_ms);
        record.body = Body::Rotation(rotation);
        self.signed(record, keys)
    }

    fn blank(&self, seen: &BTreeMap<DeviceId, Head>, time_ms: i64) -> Record {
        let news = seen.iter().filter(|(device, head)| {
            **device != self.device && head.index > self.named.get(*device).map_or(0, |named| named.index)
        });
        Record {
            user: self.user,
            device: self.device,
            index: self.head.index + 1,
            prev: self.head.hash,
            time_ms,
            heads: news.take(HEADS_PER_RECORD).map(|(device, head)| (*device, *head)).collect(),
            body: Body::Sealed { key: [0; 32], bytes: Vec::new() },
            signature: [0; 64],
        }
    }

    fn signed(&mut self, mut record: Record, keys: &DeviceKeys) -> Record {
        record.signature = keys.sign(record.signed_part().as_slice());
        self.head = Head { index: record.index, hash: record.hash() };
        self.named.extend(record.heads.iter());
        record
    }
}
