//! Who a user is and which devices are theirs: keys, certificates, the device chain, linking, recovery.
//!
//! Bytes and verdicts only: time is a parameter, randomness a source that is handed in. Leaves out groups
//! and content, and how a chain travels.

mod certificate;
mod chain;
mod keys;
mod link;

pub use certificate::Certificate;
pub use chain::{CHAIN_LINKS_MAX, Chain, ChainError, DEVICES_MAX, Pin, PinVerdict, Position};
pub use keys::{DeviceKeys, KeyError, RootKey, RootPublic, verify_signature};
pub use link::{Action, LINK_BYTES_MAX, Link, Profile, Signer};
