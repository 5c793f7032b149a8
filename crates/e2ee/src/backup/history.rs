//! The history key: what a user's backup is sealed under, and how it changes.
//!
//! A key is 32 random bytes; its id is HKDF-SHA256 of it (salt `chinwag history 1`, info
//! `chinwag history id 1`), so a key that fits an id is the key. What seals records is derived with info
//! `chinwag history seal 1`. A **rotation** makes a new key, seals it to every live device and to the root,
//! and seals the keys before it under the new one:
//!
//! ```text
//! rotation = u64 generation ‖ u64 version ‖ root[32] ‖ id[32] ‖ list of boxes ‖ bytes old
//! box      = option u64 device (none: the root) ‖ bytes box         by rising device, the root first
//! old      = nonce[24] ‖ XChaCha20-Poly1305 of the old keys, 32 bytes each, one after the other
//! ```
//!
//! Generation and version are the place in the device chain that the rotation serves. The context of a box,
//! and with the boxes' digest the associated data of `old`, is
//! `"chinwag history rotation 1" ‖ u64 user ‖ u64 generation ‖ u64 version ‖ root[32] ‖ id[32]`. Two devices may
//! rotate at once; then both keys stay readable and the next rotation seals both. Leaves out how a rotation
//! is signed: it is the body of a backup record.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::{DeviceId, UserId};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::canonical::{self, DecodeError, Hash, Reader, Writer};
use crate::identity::{
    BOX_OVERHEAD, Chain, DEVICES_MAX, DeviceKeys, Opener, Position, RootKey, RootPublic, SEAL_OVERHEAD,
    SealError, derive, open_under, read_device, seal_to, seal_under,
};

const LABEL: &str = "chinwag history rotation 1";
const SALT: &[u8] = b"chinwag history 1";

/// Old keys that one rotation seals: one, and one more for each that was made at the same time.
pub const OLD_KEYS_MAX: usize = 16;

/// The id of a history key.
pub type HistoryKeyId = [u8; 32];

/// A key that the backup is sealed under. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct HistoryKey([u8; 32]);

impl Drop for HistoryKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl HistoryKey {
    /// From its bytes, as the device's own store keeps them.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// What names the key without giving it away.
    pub fn id(&self) -> HistoryKeyId {
        *derive(SALT, &self.0, "chinwag history id 1")
    }

    fn sealing(&self) -> Zeroizing<[u8; 32]> {
        derive(SALT, &self.0, "chinwag history seal 1")
    }

    pub(super) fn seal(
        &self,
        context: &[u8],
        bytes: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        seal_under(&self.sealing(), context, bytes, rng)
    }

    pub(super) fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open_under(&self.sealing(), context, sealed)
    }
}

/// A change of the history key, as all devices see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The place in the device chain that it serves.
    pub position: Position,
    /// The root that it is sealed to.
    pub root: RootPublic,
    /// The id of the new key.
    pub id: HistoryKeyId,
    /// The new key, sealed to each: the root (`None`) and the devices that were live.
    pub boxes: BTreeMap<Option<DeviceId>, Vec<u8>>,
    /// The keys before, sealed under the new one.
    pub old: Vec<u8>,
}

/// Whom a rotation is sealed to.
#[derive(Clone, Copy)]
pub enum Recipient<'a> {
    /// A device that was live.
    Device(DeviceId, &'a DeviceKeys),
    /// The root, while the recovery key is typed in.
    Root(&'a RootKey),
}

const BOX_BYTES: usize = 32 + BOX_OVERHEAD;
const OLD_BYTES_MAX: usize = 32 * OLD_KEYS_MAX + SEAL_OVERHEAD;

impl Rotation {
    /// A new key for the live devices of a chain and for its root; `old` are the keys that no later one seals
    /// yet ([`loose_keys`](super::BackupState::loose_keys)), at most [`OLD_KEYS_MAX`].
    pub fn new(
        chain: &Chain,
        old: &[HistoryKey],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, HistoryKey), SealError> {
        if old.len() > OLD_KEYS_MAX {
            return Err(SealError::TooLong);
        }
        let mut key = HistoryKey([0; 32]);
        rng.fill_bytes(&mut key.0);
        let position = chain.position();
        let mut rotation =
            Self { position, root: chain.root(), id: key.id(), boxes: BTreeMap::new(), old: Vec::new() };
        let context = rotation.context(chain.user());
        let devices = chain.live().map(|certificate| (Some(certificate.device), certificate.seal_key));
        for (device, seal_key) in std::iter::once((None, chain.root_seal_key())).chain(devices) {
            rotation.boxes.insert(device, seal_to(&seal_key, &context, &key.0, rng)?);
        }
        let plain: Zeroizing<Vec<u8>> = Zeroizing::new(old.iter().flat_map(|key| key.0).collect());
        rotation.old = key.seal(&rotation.old_context(chain.user()), &plain, rng)?;
        Ok((rotation, key))
    }

    /// The new key, by a device or the root that it was sealed to.
    pub fn open(&self, user: UserId, recipient: Recipient<'_>) -> Result<HistoryKey, SealError> {
        let (device, opener) = match recipient {
            Recipient::Device(device, keys) => (Some(device), Opener::Device(keys)),
            Recipient::Root(root) => (None, Opener::Root(root)),
        };
        let sealed = self.boxes.get(&device).ok_or(SealError::Closed)?;
        let bytes = opener.open(&self.context(user), sealed)?;
        let key = HistoryKey(bytes.as_slice().try_into().map_err(|_| SealError::Closed)?);
        if key.id() == self.id { Ok(key) } else { Err(SealError::Closed) }
    }

    /// The keys before, by whoever has the new one.
    pub fn open_old(&self, user: UserId, key: &HistoryKey) -> Result<Vec<HistoryKey>, SealError> {
        let plain = key.open(&self.old_context(user), &self.old)?;
        let (keys, rest) = plain.as_chunks::<32>();
        if rest.is_empty() {
            Ok(keys.iter().map(HistoryKey::from_bytes).collect())
        } else {
            Err(SealError::Closed)
        }
    }

    /// Whether the key may still be sealed under: nobody but live devices and the root has it. A device that
    /// finds this not to be so rotates, whoever revoked.
    pub fn serves(&self, chain: &Chain) -> bool {
        let live = |device: &Option<DeviceId>| device.is_none_or(|id| chain.live_device(id).is_some());
        self.root == chain.root() && self.boxes.keys().all(live)
    }

    fn context(&self, user: UserId) -> Vec<u8> {
        let mut writer = Writer::new(LABEL);
        writer.u64(user.get()).u64(self.position.generation).u64(self.position.version);
        writer.fixed(&self.root.0).fixed(&self.id);
        writer.finish()
    }

    fn old_context(&self, user: UserId) -> Vec<u8> {
        let mut boxes = Writer::new(LABEL);
        self.write_boxes(&mut boxes);
        let digest: Hash = canonical::hash(boxes.as_slice());
        [&self.context(user)[..], &digest].concat()
    }

    fn write_boxes(&self, writer: &mut Writer) {
        writer.count(self.boxes.len());
        for (device, sealed) in &self.boxes {
            writer.option(*device, |writer, device| {
                writer.u64(device.get());
            });
            writer.bytes(sealed);
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u64(self.position.generation).u64(self.position.version);
        writer.fixed(&self.root.0).fixed(&self.id);
        self.write_boxes(writer);
        writer.bytes(&self.old);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let position = Position { generation: reader.u64()?, version: reader.u64()? };
        let root = RootPublic(reader.array()?);
        let id = reader.array()?;
        let mut boxes = BTreeMap::new();
        for _ in 0..reader.count(DEVICES_MAX + 1, "boxes")? {
            let device = reader.option("device", read_device)?;
            let rises = boxes.last_key_value().is_none_or(|(last, _)| *last < device);
            if !rises {
                return Err(DecodeError::Invalid { field: "boxes" });
            }
            boxes.insert(device, reader.bytes(BOX_BYTES, "box")?.to_vec());
        }
        let old = reader.bytes(OLD_BYTES_MAX, "old")?.to_vec();
        Ok(Self { position, root, id, boxes, old })
    }
}

/// The history keys that a client has.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<HistoryKeyId, HistoryKey>,
    sealed: BTreeSet<HistoryKeyId>,
}

impl KeyRing {
    /// A ring of keys that were kept or handed over.
    pub fn new(keys: impl IntoIterator<Item = HistoryKey>) -> Self {
        let keys = keys.into_iter().map(|key| (key.id(), key)).collect();
        Self { keys, ..Self::default() }
    }

    /// Takes a rotation in: its new key if it can be opened or is known, and with it the old ones. Says
    /// whether anything was learnt.
    pub fn learn(&mut self, user: UserId, rotation: &Rotation, own: Option<Recipient<'_>>) -> bool {
        let before = self.keys.len();
        if !self.keys.contains_key(&rotation.id)
            && let Some(own) = own
            && let Ok(key) = rotation.open(user, own)
        {
            self.keys.insert(rotation.id, key);
        }
        if let Some(key) = self.keys.get(&rotation.id) {
            let old = rotation.open_old(user, key).unwrap_or_default();
            for key in old {
                self.sealed.insert(key.id());
                self.keys.insert(key.id(), key);
            }
        }
        self.keys.len() > before
    }

    /// A key by its id.
    pub fn get(&self, id: &HistoryKeyId) -> Option<&HistoryKey> {
        self.keys.get(id)
    }

    /// All keys, for the device's own store.
    pub fn keys(&self) -> impl Iterator<Item = &HistoryKey> {
        self.keys.values()
    }

    /// The keys that no known rotation seals: with the rotations they give all others. Normally one.
    pub fn loose(&self) -> Vec<HistoryKey> {
        self.keys.iter().filter(|(id, _)| !self.sealed.contains(*id)).map(|(_, key)| key.clone()).collect()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
