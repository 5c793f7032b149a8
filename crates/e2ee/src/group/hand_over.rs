//! Epoch keys passed on to one device: by whoever adds it, or by an own device.
//!
//! ```text
//! plain   = "chinwag hand-over 1" ‖ list of bytes epoch record
//! sealed  = seal_to(sealKey, context, plain)
//! context = "chinwag hand-over 1" ‖ text chat ‖ u64 to user ‖ u64 to device ‖ u64 from user ‖ u64 from device
//! handed  = "chinwag handed over 1" ‖ bytes sealed ‖ signature[64] of the sender's device
//!           over "chinwag handed over 1" ‖ context ‖ SHA-256(sealed)
//! ```
//!
//! What comes this way is shown as passed on by the sender. The giver gives what the receiver's `since`
//! allows and no more; the receiver drops the rest. That a key is right shows when it opens entries, which
//! their senders have signed.

use chinwag_proto::{ChatId, Seq};
use rand_core::CryptoRng;

use super::epoch::{EpochRecord, Epochs};
use crate::canonical::{self, Reader, Writer};
use crate::identity::{Certificate, DeviceKeys, Opener, SealError, seal_to, verify_signature};

const LABEL: &str = "chinwag hand-over 1";
const HANDED: &str = "chinwag handed over 1";
/// Records of one hand-over; more take several.
pub const RECORDS_MAX: usize = 4_096;
const BYTES_MAX: usize = 1024 * 1024;

/// Why keys are not passed on or taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum HandOverError {
    /// More than fits.
    #[error("too many epochs for one hand-over")]
    TooMany,
    /// Not a hand-over, or not from this device, or not for this one.
    #[error("not a hand-over from that device to this one")]
    Invalid,
}

impl From<SealError> for HandOverError {
    fn from(_: SealError) -> Self {
        Self::Invalid
    }
}

/// Whether a member may have the key of an epoch that this commit began.
pub fn entitled(since: Seq, commit: Seq) -> bool {
    commit > since
}

/// Seals the epochs that a member with this `since` may have to one of his devices.
pub fn seal(
    chat: ChatId,
    from: (&Certificate, &DeviceKeys),
    to: &Certificate,
    since: Seq,
    epochs: &Epochs,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, HandOverError> {
    let records: Vec<_> = epochs.since(since).iter().map(EpochRecord::encode).collect();
    if records.len() > RECORDS_MAX {
        return Err(HandOverError::TooMany);
    }
    let mut plain = Writer::new(LABEL);
    plain.count(records.len());
    for record in &records {
        plain.bytes(record);
    }
    let plain = zeroize::Zeroizing::new(plain.finish());
    if plain.len() > BYTES_MAX {
        return Err(HandOverError::TooMany);
    }
    let context = context(chat, from.0, to);
    let sealed = seal_to(&to.seal_key, &context, &plain, rng)?;
    let mut handed = Writer::new(HANDED);
    handed.bytes(&sealed).fixed(&from.1.sign(&signed(&context, &sealed)));
    Ok(handed.finish())
}

/// Opens what another device has passed on; epochs beyond `since` are dropped.
pub fn open(
    chat: ChatId,
    from: &Certificate,
    to: (&Certificate, &DeviceKeys),
    since: Seq,
    handed: &[u8],
) -> Result<Vec<EpochRecord>, HandOverError> {
    let mut reader = Reader::new(handed, HANDED, BYTES_MAX + 1024).map_err(|_| HandOverError::Invalid)?;
    let sealed = reader.bytes(BYTES_MAX + 512, "sealed").map_err(|_| HandOverError::Invalid)?;
    let signature = reader.array::<64>().map_err(|_| HandOverError::Invalid)?;
    reader.finish().map_err(|_| HandOverError::Invalid)?;
    let context = context(chat, from, to.0);
    verify_signature(&from.sign_key, &signed(&context, sealed), &signature)
        .map_err(|_| HandOverError::Invalid)?;
    let plain = Opener::Device(to.1).open(&context, sealed)?;
    let mut reader = Reader::new(&plain, LABEL, BYTES_MAX).map_err(|_| HandOverError::Invalid)?;
    let count = reader.count(RECORDS_MAX, "records").map_err(|_| HandOverError::Invalid)?;
    let mut records = Vec::new();
    for _ in 0..count {
        let bytes = reader.bytes(BYTES_MAX, "record").map_err(|_| HandOverError::Invalid)?;
        records.push(EpochRecord::decode(bytes).map_err(|_| HandOverError::Invalid)?);
    }
    reader.finish().map_err(|_| HandOverError::Invalid)?;
    records.retain(|record| entitled(since, record.commit));
    Ok(records)
}

fn context(chat: ChatId, from: &Certificate, to: &Certificate) -> Vec<u8> {
    let mut writer = Writer::new(LABEL);
    writer.text(&chat.to_string()).u64(to.user.get()).u64(to.device.get());
    writer.u64(from.user.get()).u64(from.device.get());
    writer.finish()
}

fn signed(context: &[u8], sealed: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(HANDED);
    writer.bytes(context).fixed(&canonical::hash(sealed));
    writer.finish()
}
