//! What an envelope is bound to, and the keys of an epoch.
//!
//! ```text
//! header = "chinwag header 1" ‖ bytes group ‖ u64 epoch ‖ u64 after ‖ text chat ‖ u64 user ‖ u64 device
//!   ‖ text clientMessageId ‖ u8 kind (1 message, 2 edit, 3 reaction) ‖ kid[32]
//! enc = HKDF-SHA256(salt = "", secret, "chinwag content enc 1")     seals envelopes
//! kid = HKDF-SHA256(salt = "", secret, "chinwag content kid 1")     names the key; the cipher does not commit to it
//! sym = HKDF-SHA256(salt = "", secret, "chinwag reaction symbol 1")
//! mac = HKDF-SHA256(salt = "", secret, "chinwag reaction mac 1")
//! ```
//!
//! The header is not sent: it is what the receiver knows from the entry, and the associated data.

use chinwag_proto::{ChatId, ClientMessageId, DeviceId, Seq, UserId};
use zeroize::Zeroizing;

use crate::canonical::Writer;
use crate::group::EpochSecret;
use crate::group::data::GROUP_ID_BYTES;
use crate::identity::derive;

/// The keys of one epoch, derived from its secret.
pub struct EpochKey {
    pub(super) enc: Zeroizing<[u8; 32]>,
    pub(super) symbol: Zeroizing<[u8; 32]>,
    pub(super) mac: Zeroizing<[u8; 32]>,
    kid: [u8; 32],
}

impl EpochKey {
    /// From the exported secret.
    pub fn new(secret: &EpochSecret) -> Self {
        Self {
            enc: derive(b"", &secret.0, "chinwag content enc 1"),
            symbol: derive(b"", &secret.0, "chinwag reaction symbol 1"),
            mac: derive(b"", &secret.0, "chinwag reaction mac 1"),
            kid: *derive(b"", &secret.0, "chinwag content kid 1"),
        }
    }

    /// Names the key and gives nothing of it away.
    pub fn kid(&self) -> [u8; 32] {
        self.kid
    }
}

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EpochKey(***)")
    }
}

/// The kinds of entry with sealed content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message.
    Message,
    /// Another content for a message.
    Edit,
    /// A reaction.
    Reaction,
}

/// What content is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The MLS group.
    pub group: [u8; GROUP_ID_BYTES],
    /// Its epoch.
    pub epoch: u64,
    /// The chat's last `mls` record.
    pub after: Seq,
    /// The chat.
    pub chat: ChatId,
    /// Who sends.
    pub user: UserId,
    /// With which device.
    pub device: DeviceId,
    /// The sender's id of the record.
    pub id: ClientMessageId,
    /// What it is.
    pub kind: Kind,
}

impl Header {
    /// The canonical bytes, with the key's name.
    pub fn encode(&self, kid: &[u8; 32]) -> Vec<u8> {
        let mut writer = Writer::new("chinwag header 1");
        writer.bytes(&self.group).u64(self.epoch).u64(self.after.get()).text(&self.chat.to_string());
        writer.u64(self.user.get()).u64(self.device.get()).text(self.id.as_str());
        writer.u8(match self.kind {
            Kind::Message => 1,
            Kind::Edit => 2,
            Kind::Reaction => 3,
        });
        writer.fixed(kid);
        writer.finish()
    }
}
