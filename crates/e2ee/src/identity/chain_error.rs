//! Why a device chain is refused, rule by rule.

use chinwag_proto::DeviceId;

use super::RootPublic;
use crate::canonical::DecodeError;

/// Why a chain, or a link of it, is refused. `version` is the link's place, from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum ChainError {
    /// There is no link.
    #[error("the chain is empty")]
    Empty,
    /// More than [`CHAIN_LINKS_MAX`](super::CHAIN_LINKS_MAX) links.
    #[error("the chain is too long")]
    TooLong,
    /// The link is not one.
    #[error("link {version} is malformed: {source}")]
    Malformed {
        /// Where.
        version: u64,
        /// What is wrong.
        source: DecodeError,
    },
    /// The link, or a certificate in it, belongs to another user.
    #[error("link {version} is another user's")]
    WrongUser {
        /// Where.
        version: u64,
    },
    /// The link does not follow: one is missing, or comes twice.
    #[error("link {found} stands where {expected} should")]
    WrongVersion {
        /// The version that should come.
        expected: u64,
        /// The version that the link says.
        found: u64,
    },
    /// The link's generation is not what its signer makes it.
    #[error("link {version} is of the wrong generation")]
    WrongGeneration {
        /// Where.
        version: u64,
    },
    /// The link continues another chain than this one.
    #[error("the chain forks at link {version}")]
    Fork {
        /// Where the two part, as far as can be told.
        version: u64,
    },
    /// The chain is older than what is pinned.
    #[error("the chain ends at generation {generation}, link {version}: older than what was seen before")]
    Rollback {
        /// The generation that it ends in.
        generation: u64,
        /// The version that it ends at.
        version: u64,
    },
    /// The chain's root is not the pinned one: another identity, or a reset one.
    #[error("the root is not the one that is pinned")]
    RootChanged {
        /// The root that the chain has.
        found: RootPublic,
    },
    /// The signature does not match.
    #[error("the signature of link {version} does not match")]
    BadSignature {
        /// Where.
        version: u64,
    },
    /// The signer, or the device that is to be revoked, is not live in the version before.
    #[error("device {device} is not live at link {version}")]
    NotLive {
        /// Where.
        version: u64,
        /// Which.
        device: DeviceId,
    },
    /// A device did what only the root may, or the chain does not begin with its root.
    #[error("link {version} needs the root's signature")]
    NotRoot {
        /// Where.
        version: u64,
    },
    /// The device's id or one of its keys is in the chain already.
    #[error("device {device} of link {version} uses an id or a key a second time")]
    Reused {
        /// Where.
        version: u64,
        /// Which.
        device: DeviceId,
    },
    /// More than [`DEVICES_MAX`](super::DEVICES_MAX) live devices.
    #[error("link {version} makes too many devices")]
    TooManyDevices {
        /// Where.
        version: u64,
    },
}
