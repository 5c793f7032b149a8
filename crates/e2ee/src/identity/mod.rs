//! Who a user is and which devices are theirs: keys, certificates, the device chain, linking, recovery.
//!
//! Bytes and verdicts only: time is a parameter, randomness a source that is handed in. Leaves out groups
//! and content, and how a chain travels.

mod certificate;
mod chain;
mod chain_error;
mod keys;
mod link;
pub mod linking;
mod pin;
mod qr;
mod recovery;
mod safety;
mod seal;

pub use certificate::Certificate;
pub(crate) use certificate::{read_device, read_user};
pub use chain::{CHAIN_LINKS_MAX, Chain, DEVICES_MAX};
pub use chain_error::ChainError;
pub use keys::{DeviceKeys, KeyError, RootKey, RootPublic, verify_signature};
pub use link::{Action, LINK_BYTES_MAX, Link, Profile, Signer};
pub use pin::{Pin, PinVerdict, Position};
pub use recovery::{RECOVERY_WORDS, RecoveryError, RecoveryKey, words_to_confirm};
pub use safety::{CodeMismatch, Identity, compare_safety_code, safety_code, safety_number, same_number};
pub use seal::{BOX_OVERHEAD, Opener, SEALED_BYTES_MAX, SealError, seal_to};
pub(crate) use seal::{SEAL_OVERHEAD, derive, open_under, seal_under};
