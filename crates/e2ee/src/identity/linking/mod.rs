//! Linking: a live device of a user lets a new one in. Two state machines whose messages are byte strings.
//!
//! **By code**, over a channel that the server can read and change:
//!
//! ```text
//! new → old  commit    "chinwag linking commit 1" ‖ u64 user ‖ commitment[32]
//! old → new  answer    "chinwag linking answer 1" ‖ certificate(old) ‖ pk(old)[32]
//! new → old  open      "chinwag linking open 1" ‖ pk(new)[32] ‖ r[32] ‖ certificate(new) ‖ option u64 replaces
//!            the code, shown by the new device, is typed into the old one
//! old → new  handover  "chinwag linking handover 1" ‖ option (certificate(old) ‖ pk(old)[32]) ‖ bytes sealed
//! ```
//!
//! The commitment is SHA-256 of the `open` message. Neither side, nor a server between them, can choose its
//! key after it knows the other's, so a server has one try in 10^8 at a code, and every failed one is seen.
//! **By QR**: the new device shows `chinwag linking code 1 ‖ u64 user ‖ secret[32] ‖ commitment[32]` as `qr` of
//! kind `LINK` and sends `open`; the handover then carries the old device's certificate and key. The secret is
//! known to who scans alone, which tells the new device that the handover comes from there.
//!
//! Both derive, by HKDF-SHA256 (RFC 5869), from X25519(pk, pk) ‖ secret (zeroes by code), with as salt SHA-256
//! of the transcript `"chinwag linking transcript 1" ‖ u8 way ‖ u64 user ‖ text origin ‖ certificate(old) ‖
//! pk(old)[32] ‖ commitment[32] ‖ pk(new)[32] ‖ r[32] ‖ certificate(new) ‖ option u64 replaces`: `chinwag linking
//! code 1` → the first 8 bytes, big-endian, modulo 10^8, as 8 digits; `chinwag linking seal 1` → the key that
//! the handover is sealed under, its associated data the transcript's hash.
//!
//! A run is over after one wrong code, one bad message, or [`RUN_MS_MAX`]. Leaves out the channel, asking the
//! user on the old device, and telling the other devices.

mod handover;
mod messages;
mod new_device;
mod old_device;

pub use handover::{HANDOVER_HEADS_MAX, Handover};
pub use new_device::{NewByCode, NewByQr, NewShowsCode};
pub use old_device::{Grant, LinkingBudget, OldAwaitsCode, OldByCode, scan};

use super::SealError;
use crate::canonical::DecodeError;

/// Bytes of a message at most.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// How long a run may take, in milliseconds: ten minutes.
pub const RUN_MS_MAX: i64 = 10 * 60 * 1000;
/// Runs that an old device takes part in within an hour.
pub const RUNS_PER_HOUR: usize = 5;

/// Why a run ends without a linked device.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum LinkingError {
    /// A message is malformed.
    #[error("malformed message: {0}")]
    Malformed(#[from] DecodeError),
    /// The scanned text is not the code of a device that wants to be linked.
    #[error("not a linking code")]
    NotACode,
    /// The other side is another user's device.
    #[error("the other device is another user's")]
    WrongUser,
    /// What was opened is not what was committed to, or shown.
    #[error("the new device's keys are not the ones it committed to")]
    Commitment,
    /// The public key is not usable.
    #[error("not a usable key")]
    Key,
    /// The code that was typed is not this run's: mistyped, or somebody stands between.
    #[error("the code is wrong")]
    WrongCode,
    /// The handover does not open: it comes from another run or another device.
    #[error("the handover does not open")]
    Closed,
    /// The run took longer than [`RUN_MS_MAX`].
    #[error("the run took too long")]
    Expired,
    /// [`RUNS_PER_HOUR`] runs were begun within an hour.
    #[error("too many runs: the next may begin at {at_ms}")]
    TooMany {
        /// When, in milliseconds since the Unix epoch.
        at_ms: i64,
    },
    /// There is more to hand over than a message holds.
    #[error("too much to hand over")]
    TooLong,
}

impl From<SealError> for LinkingError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLong => Self::TooLong,
            SealError::Key => Self::Key,
            SealError::Closed => Self::Closed,
        }
    }
}
