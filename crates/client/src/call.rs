//! Calls over REST that the engine makes for encrypted chats, and their answers (protocol §8).
//!
//! Leaves out how a call travels. A call that got no answer is made again by the engine: each may come
//! twice, and the server takes the second as the first.

use chinwag_proto::{ChatId, Code, DeviceId, UserId};

/// A call; opaque parts are bytes here and base64url on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// The links of a user's device chain above a version.
    Chain {
        /// Whose.
        user: UserId,
        /// The version that is known.
        after: u64,
    },
    /// Appends links to the own chain.
    ExtendChain {
        /// The version that they follow.
        after: u64,
        /// At most 16.
        links: Vec<Vec<u8>>,
    },
    /// How many key packages of this device wait at the server.
    CountKeyPackages,
    /// Puts key packages of this device there.
    PublishKeyPackages {
        /// One-time ones, at most 100.
        key_packages: Vec<Vec<u8>>,
        /// One that is given out when there is no other.
        last_resort: Option<Vec<u8>>,
    },
    /// A key package of each of these devices.
    ClaimKeyPackages {
        /// Whose.
        user: UserId,
        /// Which; empty for all.
        devices: Vec<DeviceId>,
    },
    /// The backup chains of the user.
    Backups,
    /// The records of a backup chain above a number.
    Backup {
        /// Whose chain.
        device: DeviceId,
        /// The number that is known.
        after: u64,
    },
    /// Appends to this device's backup chain.
    ExtendBackup {
        /// The number that they follow.
        after: u64,
        /// At most 100.
        records: Vec<Vec<u8>>,
    },
    /// Puts a notice `device` into the own inbox.
    Notify {
        /// Its data.
        data: chinwag_proto::Content,
    },
    /// A blob of a chat.
    Blob {
        /// The chat.
        chat: ChatId,
        /// Its name: the SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// Puts a blob there.
    PutBlob {
        /// The chat.
        chat: ChatId,
        /// The bytes, at most 4 MiB.
        bytes: Vec<u8>,
    },
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Links of a chain.
    Links {
        /// In order, from the one after the version asked for.
        links: Vec<Vec<u8>>,
        /// The chain's version.
        version: u64,
    },
    /// The chain's version after an extension.
    Version(u64),
    /// Key packages that wait.
    Waiting {
        /// One-time ones.
        available: u32,
        /// Whether there is a last-resort one.
        last_resort: bool,
    },
    /// Claimed key packages; a device without any is missing.
    KeyPackages(Vec<(DeviceId, Vec<u8>)>),
    /// The heads of the backup chains.
    Heads(Vec<(DeviceId, u64)>),
    /// Records of a backup chain.
    Records {
        /// In order, from the one after the number asked for.
        records: Vec<Vec<u8>>,
        /// The chain's last number.
        head: u64,
    },
    /// The number of the last record after an extension.
    Head(u64),
    /// The bytes of a blob.
    Bytes(Vec<u8>),
    /// Done.
    Done,
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// No answer: no connection, or the server could not just now. It may be made again.
    Passing,
    /// The server refused it.
    Refused {
        /// The code.
        code: Code,
        /// With `stale_version`: the number that the chain is at.
        after: Option<u64>,
    },
}
