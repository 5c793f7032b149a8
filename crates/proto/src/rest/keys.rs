//! Bodies about what the server keeps for encrypted chats (protocol §8): key packages, device chains and
//! backups. Opaque to the server, all of it.

use crate::ids::{DeviceId, Seq};
use crate::opaque::Opaque;
use crate::time::Timestamp;

super::bodies! {
    /// `POST /devices/{deviceId}/keys`
    request PublishKeys {
        /// One-time key packages, to be given out in this order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        key_packages: Vec<Opaque>,
        /// The key package that is given out when no other is left; replaces the one before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_resort: Option<Opaque>,
    }
    /// 200 of `GET` and `POST /devices/{deviceId}/keys`
    answer KeyStock {
        /// How many one-time key packages wait.
        available: u32,
        /// Whether a last-resort one is there.
        last_resort: bool,
    }
    /// `POST /users/{userId}/keys/claim`
    request ClaimKeys {
        /// For which of the user's devices; all of them where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        devices: Option<Vec<DeviceId>>,
    }
    /// A key package that was given out.
    answer ClaimedKey {
        /// The device that made it.
        device_id: DeviceId,
        /// The key package.
        key_package: Opaque,
        /// Whether it is the last-resort one, which others get too.
        last_resort: bool,
    }
    /// 200 of `POST /users/{userId}/keys/claim`
    answer ClaimedKeys {
        /// One for each device that has any.
        keys: Vec<ClaimedKey>,
    }
    /// `GET /users/{userId}/keys/chain`
    answer DeviceChain {
        /// The links after the seq that was asked for, in their order.
        links: Vec<Opaque>,
        /// The number of the first; `after` when there is none.
        from: Seq,
        /// The number of the chain's last link; 0 before the first.
        version: Seq,
        /// Whether no link follows.
        complete: bool,
    }
    /// `POST /users/me/keys/chain`
    request AppendLinks {
        /// The version that they were made for.
        after: Seq,
        /// The links, in their order.
        links: Vec<Opaque>,
    }
    /// 200 of `POST /users/me/keys/chain`
    answer ChainVersion {
        /// The number of the last link that was appended.
        version: Seq,
    }
    /// One chain of a user's backup.
    answer BackupInfo {
        /// The device that writes it, or wrote it.
        device_id: DeviceId,
        /// The number of its last record.
        head: Seq,
        /// When that was appended.
        updated_at: Timestamp,
    }
    /// `GET /users/me/keys/backups`
    answer Backups {
        /// All of the user's chains, in the order of their devices' ids.
        backups: Vec<BackupInfo>,
    }
    /// `GET /users/me/keys/backups/{deviceId}`
    answer BackupPage {
        /// The records after the seq that was asked for, in their order.
        records: Vec<Opaque>,
        /// The number of the first; `after` when there is none.
        from: Seq,
        /// The number of the chain's last record; 0 before the first.
        head: Seq,
        /// Whether no record follows.
        complete: bool,
    }
    /// `POST /users/me/keys/backups`
    request AppendBackup {
        /// The head that they were made for.
        after: Seq,
        /// The records, in their order.
        records: Vec<Opaque>,
    }
    /// 200 of `POST /users/me/keys/backups`
    answer BackupHead {
        /// The number of the last record that was appended.
        head: Seq,
    }
}
