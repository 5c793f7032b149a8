//! Private keys of devices and roots, and the one way in which signatures are checked.
//!
//! Signatures are Ed25519 (RFC 8032) over a canonical encoding, which begins with its label. They are
//! checked strictly: no small-order keys, no non-canonical points or scalars, so that every client says
//! the same. Secrets are wiped when dropped and never printed. Leaves out where they are kept.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::Certificate;
use chinwag_proto::{DeviceId, UserId};

/// A user's identity: the public half of the root key. Compared as safety number, and pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootPublic(pub [u8; 32]);

/// Why a key or a signature is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum KeyError {
    /// The public key is no point.
    #[error("not a usable public key")]
    Key,
    /// The signature is not this key's over these bytes, or the key is of small order.
    #[error("the signature does not match")]
    Signature,
}

/// Checks an Ed25519 signature strictly (RFC 8032, §5.1.7, without small-order keys).
pub fn verify_signature(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), KeyError> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError::Key)?;
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| KeyError::Signature)
}

/// An Ed25519 key for signing and an X25519 key for opening.
struct Pair {
    sign: SigningKey,
    seal: StaticSecret,
}

impl Pair {
    fn new(sign: &[u8; 32], seal: &[u8; 32]) -> Self {
        Self { sign: SigningKey::from_bytes(sign), seal: StaticSecret::from(*seal) }
    }
}

/// The private keys of one device.
pub struct DeviceKeys(Pair);

impl DeviceKeys {
    /// New keys.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *bytes);
        Self::from_bytes(&bytes)
    }

    /// From what [`Self::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let mut sign = Zeroizing::new([0; 32]);
        let mut seal = Zeroizing::new([0; 32]);
        sign.copy_from_slice(&bytes[..32]);
        seal.copy_from_slice(&bytes[32..]);
        Self(Pair::new(&sign, &seal))
    }

    /// The secrets, for the device's own store: Ed25519 seed ‖ X25519 scalar.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 64]> {
        let mut bytes = Zeroizing::new([0; 64]);
        bytes[..32].copy_from_slice(self.0.sign.as_bytes());
        bytes[32..].copy_from_slice(self.0.seal.as_bytes());
        bytes
    }

    /// The public halves as a certificate.
    pub fn certificate(&self, user: UserId, device: DeviceId, created_at_ms: i64) -> Certificate {
        Certificate { user, device, sign_key: self.sign_key(), seal_key: self.seal_key(), created_at_ms }
    }

    /// The public Ed25519 key.
    pub fn sign_key(&self) -> [u8; 32] {
        self.0.sign.verifying_key().to_bytes()
    }

    /// The public X25519 key.
    pub fn seal_key(&self) -> [u8; 32] {
        PublicKey::from(&self.0.seal).to_bytes()
    }

    /// Signs a canonical encoding.
    pub fn sign(&self, encoding: &[u8]) -> [u8; 64] {
        self.0.sign.sign(encoding).to_bytes()
    }

    /// The Ed25519 seed, for the MLS library.
    pub fn sign_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.sign.as_bytes())
    }

    pub(crate) fn seal_secret(&self) -> &StaticSecret {
        &self.0.seal
    }
}

/// The private root keys of a user. They exist only while the recovery key is typed in.
pub struct RootKey(Pair);

impl RootKey {
    /// From the Ed25519 seed and the X25519 scalar that the recovery key gives.
    pub(crate) fn from_secrets(sign: &[u8; 32], seal: &[u8; 32]) -> Self {
        Self(Pair::new(sign, seal))
    }

    /// The user's identity.
    pub fn public(&self) -> RootPublic {
        RootPublic(self.0.sign.verifying_key().to_bytes())
    }

    /// The public X25519 half, to which history keys are sealed.
    pub fn seal_key(&self) -> [u8; 32] {
        PublicKey::from(&self.0.seal).to_bytes()
    }

    /// Signs a canonical encoding.
    pub fn sign(&self, encoding: &[u8]) -> [u8; 64] {
        self.0.sign.sign(encoding).to_bytes()
    }

    pub(crate) fn seal_secret(&self) -> &StaticSecret {
        &self.0.seal
    }
}
