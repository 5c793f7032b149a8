//! The store key and what is done with it: rows sealed, and names turned into pseudonyms.
//!
//! A row is sealed by XChaCha20-Poly1305 under a random nonce, bound to the key it stands under. A pseudonym
//! is the beginning of HKDF-Expand (RFC 5869, which is HMAC-SHA-256) over the name: the same name always
//! gives the same one, and nothing of the name can be read from it. Both keys come from the store key.

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoreFailed;

/// Bytes of a store key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 24;
/// Bytes of a pseudonym: among ten million names two are alike with a chance of 10⁻¹⁵.
const PSEUDONYM_BYTES: usize = 12;
/// Bytes by which a store key is recognised.
pub(crate) const MARK_BYTES: usize = 16;

/// The secret that everything in a store is sealed under.
#[derive(Clone)]
pub(crate) struct StoreKey(pub(crate) Zeroizing<[u8; KEY_BYTES]>);

impl StoreKey {
    /// A new one.
    pub(crate) fn fresh() -> Result<Self, StoreFailed> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        random(&mut *key)?;
        Ok(Self(key))
    }

    /// What it is recognised by, and what says nothing of it.
    pub(crate) fn mark(&self) -> [u8; MARK_BYTES] {
        self.derive(b"chinwag store mark 1")
    }

    fn derive<const N: usize>(&self, label: &[u8]) -> [u8; N] {
        let mut derived = [0; N];
        // It fails for more than 8,160 bytes only.
        let _ = Hkdf::<Sha256>::new(None, &*self.0).expand(label, &mut derived);
        derived
    }
}

/// A key at work.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    names: Hkdf<Sha256>,
}

/// A sealed value.
pub(crate) struct SealedValue {
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) bytes: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(key: &StoreKey) -> Self {
        let rows = Zeroizing::new(key.derive::<KEY_BYTES>(b"chinwag store rows 1"));
        let names = Zeroizing::new(key.derive::<KEY_BYTES>(b"chinwag store names 1"));
        Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(&*rows)),
            names: Hkdf::<Sha256>::new(None, &*names),
        }
    }

    /// Seals a value for the place that it will stand in.
    pub(crate) fn seal(&self, place: &str, value: &[u8]) -> Result<SealedValue, StoreFailed> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = Payload { msg: value, aad: place.as_bytes() };
        let bytes = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        Ok(SealedValue { nonce, bytes: bytes.map_err(|_| StoreFailed("a row cannot be sealed".to_owned()))? })
    }

    /// Opens what stands in a place.
    pub(crate) fn open(&self, place: &str, nonce: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreFailed> {
        let damaged = || StoreFailed("a row is damaged, or was put in another's place".to_owned());
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        self.cipher.decrypt(XNonce::from_slice(&nonce), payload).map_err(|_| damaged())
    }

    /// The pseudonym of a name of one kind.
    pub(crate) fn pseudonym(&self, kind: &str, name: &str) -> String {
        let mut bytes = [0; PSEUDONYM_BYTES];
        // It fails for more than 8,160 bytes only.
        let _ = self.names.expand_multi_info(&[kind.as_bytes(), b"/", name.as_bytes()], &mut bytes);
        Base64UrlUnpadded::encode_string(&bytes)
    }
}

/// Random bytes of the system.
#[expect(clippy::disallowed_methods, reason = "keys and nonces of the store come from nowhere else")]
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), StoreFailed> {
    getrandom::fill(bytes).map_err(|why| StoreFailed(format!("the system has no random numbers: {why}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_row_opens_in_its_place_and_under_its_key_alone() {
        let (one, other) = (StoreKey::fresh().unwrap(), StoreKey::fresh().unwrap());
        let sealer = Sealer::new(&one);
        let sealed = sealer.seal("m", b"secret").unwrap();
        assert_eq!(sealer.open("m", &sealed.nonce, &sealed.bytes).unwrap(), b"secret");
        assert!(sealer.open("n", &sealed.nonce, &sealed.bytes).is_err());
        assert!(Sealer::new(&other).open("m", &sealed.nonce, &sealed.bytes).is_err());
        let mut bent = sealed.bytes.clone();
        bent[0] ^= 1;
        assert!(sealer.open("m", &sealed.nonce, &bent).is_err());
        assert_ne!(sealed.bytes, sealer.seal("m", b"secret").unwrap().bytes);
        assert_ne!(one.mark(), other.mark());
    }

    #[test]
    fn a_name_has_one_pseudonym_under_each_key_and_of_each_kind() {
        let sealer = Sealer::new(&StoreKey::fresh().unwrap());
        let name = sealer.pseudonym("w", "secret");
        assert_eq!(name, sealer.pseudonym("w", "secret"));
        assert_ne!(name, sealer.pseudonym("c", "secret"));
        assert_ne!(name, Sealer::new(&StoreKey::fresh().unwrap()).pseudonym("w", "secret"));
        assert_eq!(name.len(), 16);
    }
}
