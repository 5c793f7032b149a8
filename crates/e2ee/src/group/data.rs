//! The `data` of an `mls` record: a JSON object whose parts are bytes or the names of blobs.
//!
//! ```json
//! {"type": "create|commit|join|reset", "text": "", "v": 1, "commit": PART, "welcome": PART,
//!  "groupInfo": PART, "evidence": PART, "seen": {"seq": 7, "hash": "64 hex"}, "gone": ["7"],
//!  "basedOn": {"group": "b64", "epoch": 3}, "signature": "b64"}
//! ```
//!
//! `PART` is base64url without padding, or `{"hash": "64 hex", "size": n}`, a blob: what is above 32 KiB, and
//! what would make the object too large. The signature is the committing device's over
//!
//! ```text
//! "chinwag mls record 1" ‖ bound ‖ u64 user ‖ u64 device ‖ option hash of each part in the order above
//!   ‖ option (bytes group ‖ u64 epoch)
//! bound = u8 kind ‖ text chat ‖ u64 after ‖ list of changes ‖ u64 seen seq ‖ seen hash[32] ‖ list of gone
//!   ‖ option hash of the evidence
//! ```
//!
//! and the commit's authenticated data is SHA-256 of `"chinwag mls bound 1" ‖ bound`. (Welcome and GroupInfo
//! hold a hash of the commit, so that the commit cannot hold theirs: the signature binds them.)

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use chinwag_proto::{BlobName, ChatId, Content, MemberChange, MembershipChange, Seq, UserId};
use serde::{Deserialize, Serialize};

use super::facts::role_number;
use crate::canonical::{self, Hash, Writer};
use crate::identity::{Certificate, DeviceKeys, verify_signature};

/// A part above this is a blob.
pub const INLINE_BYTES_MAX: usize = 32 * 1024;
/// All inline parts together: as base64 with the rest they fit the 64 KiB of an object.
const INLINE_TOTAL_MAX: usize = 44 * 1024;
/// A blob, what the server takes.
pub const BLOB_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A group's id.
pub const GROUP_ID_BYTES: usize = 16;

/// Blobs by name, as far as they are at hand.
pub type Blobs = BTreeMap<BlobName, Vec<u8>>;

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A new group for a chat without one.
    Create,
    /// A commit by a member.
    Commit,
    /// An external commit: a member's device comes back.
    Join,
    /// A new group in place of one that nobody can follow.
    Reset,
}

/// Bytes, here or in a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// Here.
    Inline(#[serde(with = "base64")] Vec<u8>),
    /// In a blob.
    Blob {
        /// SHA-256 of the bytes.
        hash: BlobName,
        /// How many.
        size: usize,
    },
}

impl Part {
    /// SHA-256 of the bytes.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Inline(bytes) => canonical::hash(bytes),
            Self::Blob { hash, .. } => hash.0,
        }
    }

    /// The bytes, if they are at hand and the ones that are named.
    pub fn bytes<'a>(&'a self, blobs: &'a Blobs) -> Option<&'a [u8]> {
        match self {
            Self::Inline(bytes) => Some(bytes),
            Self::Blob { hash, size } => {
                let bytes = blobs.get(hash)?;
                (bytes.len() == *size && canonical::hash(bytes) == hash.0).then_some(bytes)
            }
        }
    }
}

/// How far a device has seen the log, and the hash of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Up to and with this seq; 0: it says nothing.
    pub seq: Seq,
    /// H at that seq.
    #[serde(with = "hex32")]
    pub hash: Hash,
}

/// The group that a reset takes the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasedOn {
    /// Its id.
    #[serde(with = "base64")]
    pub group: Vec<u8>,
    /// Its last epoch that was agreed.
    pub epoch: u64,
}

/// The data of an `mls` record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Empty: there is nothing for a reader.
    pub text: String,
    /// 1.
    pub v: u16,
    /// An MLS PublicMessage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Part>,
    /// An MLS Welcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welcome: Option<Part>,
    /// An MLS GroupInfo of the new epoch, with tree and external key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_info: Option<Part>,
    /// The device chains of the users that are touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Part>,
    /// What the sender has seen of the log.
    pub seen: Seen,
    /// In a `join`: who has left and still has leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<UserId>,
    /// In a `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<BasedOn>,
    /// Ed25519 by the committing device.
    #[serde(with = "base64")]
    pub signature: Vec<u8>,
}

/// What the record says beside its data.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The chat.
    pub chat: ChatId,
    /// The chat's previous `mls` record.
    pub after: Seq,
    /// The changes of the server's list.
    pub changes: &'a [MemberChange],
}

impl Data {
    /// Without parts and signature.
    pub fn new(kind: Kind, seen: Seen) -> Self {
        Self {
            kind,
            text: String::new(),
            v: 1,
            commit: None,
            welcome: None,
            group_info: None,
            evidence: None,
            seen,
            gone: Vec::new(),
            based_on: None,
            signature: Vec::new(),
        }
    }

    /// From the content of an `mls` entry; `None` where it is none of ours.
    pub fn parse(data: &Content) -> Option<Self> {
        let data: Self = serde_json::from_str(data.json()).ok()?;
        let shape = data.v == 1
            && data.signature.len() == 64
            && data.parts().into_iter().flatten().all(|part| match part {
                Part::Inline(_) => true,
                Part::Blob { size, .. } => *size <= BLOB_BYTES_MAX,
            });
        shape.then_some(data)
    }

    /// The content of the record.
    pub fn content(&self) -> Option<Content> {
        Content::from_json(serde_json::to_string(self).ok()?)
    }

    /// The blobs that are needed to process the record.
    pub fn blobs(&self) -> Vec<BlobName> {
        let name = |part: &Part| match part {
            Part::Inline(_) => None,
            Part::Blob { hash, .. } => Some(*hash),
        };
        self.parts().into_iter().flatten().filter_map(name).collect()
    }

    /// Moves parts into blobs until the object is small enough; answers the blobs.
    pub(crate) fn move_to_blobs(&mut self) -> Blobs {
        let mut blobs = Blobs::new();
        loop {
            let parts = [&mut self.commit, &mut self.welcome, &mut self.group_info, &mut self.evidence];
            let mut inline: Vec<&mut Part> =
                parts.into_iter().flatten().filter(|part| inline_len(part) > 0).collect();
            let total: usize = inline.iter().map(|part| inline_len(part)).sum();
            let Some(largest) = inline.iter_mut().max_by_key(|part| inline_len(part)) else { break };
            if total <= INLINE_TOTAL_MAX && inline_len(largest) <= INLINE_BYTES_MAX {
                break;
            }
            let hash = BlobName(largest.hash());
            let blob = Part::Blob { hash, size: inline_len(largest) };
            if let Part::Inline(bytes) = std::mem::replace(*largest, blob) {
                blobs.insert(hash, bytes);
            }
        }
        blobs
    }

    /// The authenticated data of the commit.
    pub fn bound(&self, around: Around<'_>) -> Hash {
        let mut writer = Writer::new("chinwag mls bound 1");
        self.write_bound(&mut writer, around);
        canonical::hash(&writer.finish())
    }

    /// Signs the record, once all its parts are in it.
    pub fn sign(&mut self, around: Around<'_>, by: &Certificate, keys: &DeviceKeys) {
        self.signature = keys.sign(&self.signed_part(around, by)).to_vec();
    }

    /// Whether the record is signed by this device.
    pub(crate) fn is_signed_by(&self, around: Around<'_>, by: &Certificate) -> bool {
        let Ok(signature) = <&[u8; 64]>::try_from(self.signature.as_slice()) else { return false };
        verify_signature(&by.sign_key, &self.signed_part(around, by), signature).is_ok()
    }

    fn parts(&self) -> [Option<&Part>; 4] {
        [self.commit.as_ref(), self.welcome.as_ref(), self.group_info.as_ref(), self.evidence.as_ref()]
    }

    fn signed_part(&self, around: Around<'_>, by: &Certificate) -> Vec<u8> {
        let mut writer = Writer::new("chinwag mls record 1");
        self.write_bound(&mut writer, around);
        writer.u64(by.user.get()).u64(by.device.get());
        for part in self.parts() {
            write_hash(&mut writer, part);
        }
        writer.option(self.based_on.as_ref(), |writer, based_on| {
            writer.bytes(&based_on.group).u64(based_on.epoch);
        });
        writer.finish()
    }

    fn write_bound(&self, writer: &mut Writer, around: Around<'_>) {
        writer.u8(match self.kind {
            Kind::Create => 1,
            Kind::Commit => 2,
            Kind::Join => 3,
            Kind::Reset => 4,
        });
        writer.text(&around.chat.to_string()).u64(around.after.get());
        write_changes(writer, around.changes);
        writer.u64(self.seen.seq.get()).fixed(&self.seen.hash).count(self.gone.len());
        for user in &self.gone {
            writer.u64(user.get());
        }
        write_hash(writer, self.evidence.as_ref());
    }
}

fn inline_len(part: &Part) -> usize {
    match part {
        Part::Inline(bytes) => bytes.len(),
        Part::Blob { .. } => 0,
    }
}

fn write_hash(writer: &mut Writer, part: Option<&Part>) {
    writer.option(part, |writer, part| {
        writer.fixed(&part.hash());
    });
}

/// Changes of membership: user, what, and the role where there is one.
pub(crate) fn write_changes(writer: &mut Writer, changes: &[MemberChange]) {
    writer.count(changes.len());
    for change in changes {
        writer.u64(change.user_id.get());
        writer.u8(match change.change {
            MembershipChange::Added => 1,
            MembershipChange::Removed => 2,
            MembershipChange::Left => 3,
            MembershipChange::Role => 4,
        });
        writer.u8(change.role.map_or(0, role_number));
    }
}

/// Bytes as base64url without padding.
mod base64 {
    use super::{Base64UrlUnpadded, Encoding};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Base64UrlUnpadded::decode_vec(&text).map_err(serde::de::Error::custom)
    }
}

/// A hash as 64 hexadecimal digits.
mod hex32 {
    use chinwag_proto::BlobName;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&BlobName(*hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        BlobName::deserialize(deserializer).map(|name| name.0)
    }
}
