//! Fingerprints: keyed 128-bit hashes (SipHash-2-4, Aumasson and Bernstein 2012) by which requests and
//! client ids are recognised after the content itself is gone.
//!
//! The key is a secret of the deployment, so that a stolen store does not let anybody test guesses of
//! deleted content.

use std::fmt;
use std::hash::Hasher;

use chinwag_proto::{ChatId, ClientMessageId, UserId};
use siphasher::sip128::{Hasher128, SipHasher24};

/// A keyed hash of a request in RFC 8785 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u128);

/// A keyed hash of (chat, user, clientMessageId).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdKey(pub u128);

/// The deployment's secret for fingerprints; made once, kept with the data.
#[derive(Clone)]
pub struct FingerprintKey([u8; 16]);

impl FingerprintKey {
    /// From 16 secret bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The fingerprint of a request: its parts, each hashed with its length.
    pub fn request<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Fingerprint {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        Fingerprint(hasher.finish128().as_u128())
    }

    /// The key under which a client's id is remembered.
    pub fn id(&self, chat: ChatId, user: UserId, id: &ClientMessageId) -> IdKey {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        let (kind, one, other): (u8, u64, u64) = match chat {
            ChatId::Direct(low, high) => (0, low.get(), high.get()),
            ChatId::Group(group) => (1, group.get(), 0),
            ChatId::Inbox(owner) => (2, owner.get(), 0),
        };
        hasher.write(&[kind]);
        hasher.write(&one.to_le_bytes());
        hasher.write(&other.to_le_bytes());
        hasher.write(&user.get().to_le_bytes());
        hasher.write(id.as_str().as_bytes());
        IdKey(hasher.finish128().as_u128())
    }
}

/// Never prints the secret.
impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(***)")
    }
}
