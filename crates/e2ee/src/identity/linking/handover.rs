//! What a new device is given: what to hold the server's answers against, and the history key.
//!
//! ```text
//! "chinwag linking given 1" ‖ root[32] ‖ u64 generation ‖ u64 version ‖ head[32]
//!   ‖ list of (u64 device ‖ u64 index ‖ hash[32]) ‖ list of historyKey[32]
//! ```

use std::collections::BTreeMap;

use chinwag_proto::DeviceId;
use zeroize::{Zeroize, Zeroizing};

use super::super::{Certificate, Chain, ChainError, Pin, Position, RootPublic, read_device};
use super::MESSAGE_BYTES_MAX;
use crate::backup::{Head, HistoryKey, OLD_KEYS_MAX};
use crate::canonical::{DecodeError, Reader, Writer};

const LABEL: &str = "chinwag linking given 1";

/// Heads of backup chains that are handed over: 48 × 48 bytes and 16 × 32 bytes stay below 4 KiB with all
/// else. Where there are more, those of live devices and the longest others; they name the rest.
pub const HANDOVER_HEADS_MAX: usize = 48;

/// What an old device hands to the new one, after the link that adds it is in the chain.
#[derive(Clone)]
pub struct Handover {
    /// The device chain with the new device in it.
    pub pin: Pin,
    /// The heads of the backup chains.
    pub heads: BTreeMap<DeviceId, Head>,
    /// The history keys that no rotation seals ([`loose_keys`](crate::backup::BackupState::loose_keys)).
    pub history: Vec<HistoryKey>,
}

impl Handover {
    /// From what the old device knows. Takes the heads of live devices first, then the longest chains',
    /// and the first 16 keys.
    pub fn new(chain: &Chain, heads: &BTreeMap<DeviceId, Head>, mut history: Vec<HistoryKey>) -> Self {
        history.truncate(OLD_KEYS_MAX);
        let mut ranked: Vec<_> = heads.iter().map(|(device, head)| (*device, *head)).collect();
        ranked.sort_by_key(|(device, head)| (chain.live_device(*device).is_none(), u64::MAX - head.index));
        let heads = ranked.into_iter().take(HANDOVER_HEADS_MAX).collect();
        Self { pin: chain.pin(), heads, history }
    }

    /// Holds the chain that the server gives against what was handed over: it must go on from it, and this
    /// device must be live in it.
    pub fn check(&self, chain: &Chain, own: &Certificate) -> Result<(), ChainError> {
        chain.against(&self.pin)?;
        if chain.is_live(own) {
            return Ok(());
        }
        Err(ChainError::NotLive { version: chain.version(), device: own.device })
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(LABEL, MESSAGE_BYTES_MAX);
        writer.fixed(&self.pin.root.0);
        writer.u64(self.pin.position.generation).u64(self.pin.position.version).fixed(&self.pin.head);
        writer.count(self.heads.len());
        for (device, head) in &self.heads {
            writer.u64(device.get()).u64(head.index).fixed(&head.hash);
        }
        writer.count(self.history.len());
        for key in &self.history {
            writer.fixed(&*key.to_bytes());
        }
        Zeroizing::new(writer.finish())
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, MESSAGE_BYTES_MAX)?;
        let pin = Pin {
            root: RootPublic(reader.array()?),
            position: Position { generation: reader.u64()?, version: reader.u64()? },
            head: reader.array()?,
        };
        let mut heads = BTreeMap::new();
        for _ in 0..reader.count(HANDOVER_HEADS_MAX, "heads")? {
            let device = read_device(&mut reader)?;
            let head = Head { index: reader.u64()?, hash: reader.array()? };
            if heads.last_key_value().is_some_and(|(last, _)| *last >= device) {
                return Err(DecodeError::Invalid { field: "heads" });
            }
            heads.insert(device, head);
        }
        let mut history = Vec::new();
        for _ in 0..reader.count(OLD_KEYS_MAX, "history")? {
            let mut bytes = reader.array()?;
            history.push(HistoryKey::from_bytes(&bytes));
            bytes.zeroize();
        }
        reader.finish()?;
        Ok(Self { pin, heads, history })
    }
}
