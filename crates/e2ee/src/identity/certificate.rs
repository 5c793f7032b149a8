//! A device's public keys, named: what a link adds to the chain and what a leaf of a group shows.
//!
//! ```text
//! "chinwag device certificate 1" ‖ u64 user ‖ u64 device ‖ signKey[32] ‖ sealKey[32] ‖ i64 createdAt
//! ```
//!
//! 117 bytes. Holds no device name, and no signature of its own: the device chain vouches for it.

use chinwag_proto::{DeviceId, UserId};

use crate::canonical::{self, DecodeError, Hash, Reader, Writer};

const LABEL: &str = "chinwag device certificate 1";

/// A device's public keys. Says nothing until it is found live in its user's [`Chain`](super::Chain).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Whose device it is.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Ed25519: signs links, backup records, content; the signature key of its leaves.
    pub sign_key: [u8; 32],
    /// X25519: what is meant for this device is sealed to it.
    pub seal_key: [u8; 32],
    /// When the device made its keys, in milliseconds since the Unix epoch, as it claims.
    pub created_at_ms: i64,
}

impl Certificate {
    /// The length of every encoding, in bytes.
    pub const BYTES: usize = 1 + LABEL.len() + 8 + 8 + 32 + 32 + 8;

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(LABEL);
        self.write(&mut writer);
        writer.finish()
    }

    /// From canonical bytes, exactly.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, Self::BYTES)?;
        let certificate = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(certificate)
    }

    /// SHA-256 of the canonical bytes.
    pub fn hash(&self) -> Hash {
        canonical::hash(&self.encode())
    }

    /// The fields without the label, for use within another value.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.user.get()).u64(self.device.get());
        writer.fixed(&self.sign_key).fixed(&self.seal_key).i64(self.created_at_ms);
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            user: read_user(reader)?,
            device: read_device(reader)?,
            sign_key: reader.array()?,
            seal_key: reader.array()?,
            created_at_ms: reader.i64()?,
        })
    }
}

/// A user's id, 8 bytes.
pub(crate) fn read_user(reader: &mut Reader<'_>) -> Result<UserId, DecodeError> {
    UserId::new(reader.u64()?).ok_or(DecodeError::Invalid { field: "user" })
}

/// A device's id, 8 bytes.
pub(crate) fn read_device(reader: &mut Reader<'_>) -> Result<DeviceId, DecodeError> {
    DeviceId::new(reader.u64()?).ok_or(DecodeError::Invalid { field: "device" })
}
