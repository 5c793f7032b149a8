//! Sealing: to a device's or root's public key, and under a secret key; and deriving secrets.
//!
//! To a public key: HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20Poly1305; `info` is the context, the associated data is empty. Base mode says nothing about who
//! sealed: whoever needs to know that signs. A box is
//!
//! ```text
//! "chinwag sealed box 1" ‖ enc[32] ‖ bytes ciphertext
//! ```
//!
//! Under a secret key: XChaCha20-Poly1305 with a random nonce, `nonce[24] ‖ ciphertext`; the context is the
//! associated data. Derivation: HKDF-SHA256 (RFC 5869). A context is a canonical encoding, so its label
//! keeps uses apart. Leaves out padding: a box tells the length of what is in it.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use sha2::Sha256;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use super::{DeviceKeys, RootKey};
use crate::canonical::{Reader, Writer};

const LABEL: &str = "chinwag sealed box 1";

/// Bytes that a box may hold.
pub const SEALED_BYTES_MAX: usize = 1024 * 1024;
/// What a box adds to the bytes in it.
pub const BOX_OVERHEAD: usize = 1 + LABEL.len() + 32 + 4 + 16;
/// What sealing under a secret key adds.
pub(crate) const SEAL_OVERHEAD: usize = 24 + 16;

/// Why something is not sealed or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum SealError {
    /// More than [`SEALED_BYTES_MAX`] bytes.
    #[error("too long to be sealed")]
    TooLong,
    /// The public key is not usable.
    #[error("not a usable sealing key")]
    Key,
    /// Not a box, not sealed to this key, another context, or changed on the way.
    #[error("the box does not open")]
    Closed,
}

/// Seals bytes to an X25519 public key. Only the holder of its private half opens them, and only with the
/// same context.
pub fn seal_to(
    seal_key: &[u8; 32],
    context: &[u8],
    bytes: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SealError> {
    if bytes.len() > SEALED_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let (enc, ciphertext) = hpke_seal(seal_key, context, b"", bytes, rng)?;
    let mut writer = Writer::new(LABEL);
    writer.fixed(&enc).bytes(&ciphertext);
    Ok(writer.finish())
}

/// Whose private half opens a box.
#[derive(Clone, Copy)]
pub enum Opener<'a> {
    /// A device.
    Device(&'a DeviceKeys),
    /// The root, while the recovery key is typed in.
    Root(&'a RootKey),
}

impl Opener<'_> {
    /// Opens a box that was sealed to this key with the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let secret = match self {
            Self::Device(keys) => keys.seal_secret(),
            Self::Root(root) => root.seal_secret(),
        };
        let (enc, ciphertext) = parse(sealed).ok_or(SealError::Closed)?;
        hpke_open(secret, &enc, context, b"", ciphertext)
    }
}

fn parse(sealed: &[u8]) -> Option<([u8; 32], &[u8])> {
    let mut reader = Reader::new(sealed, LABEL, SEALED_BYTES_MAX + BOX_OVERHEAD).ok()?;
    let enc = reader.array().ok()?;
    let ciphertext = reader.bytes(SEALED_BYTES_MAX + 16, "ciphertext").ok()?;
    reader.finish().ok()?;
    Some((enc, ciphertext))
}

type Suite = X25519HkdfSha256;

fn hpke_seal(
    seal_key: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    bytes: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<([u8; 32], Vec<u8>), SealError> {
    let key = <Suite as Kem>::PublicKey::from_bytes(seal_key).map_err(|_| SealError::Key)?;
    let (enc, ciphertext) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Suite, _>(
        &OpModeS::Base,
        &key,
        info,
        bytes,
        aad,
        &mut HpkeRng(rng),
    )
    .map_err(|_| SealError::Key)?;
    Ok((enc.to_bytes().into(), ciphertext))
}

fn hpke_open(
    secret: &StaticSecret,
    enc: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key = <Suite as Kem>::PrivateKey::from_bytes(secret.as_bytes()).map_err(|_| SealError::Closed)?;
    let enc = <Suite as Kem>::EncappedKey::from_bytes(enc).map_err(|_| SealError::Closed)?;
    let open = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>;
    open(&OpModeR::Base, &key, &enc, info, ciphertext, aad).map(Zeroizing::new).map_err(|_| SealError::Closed)
}

/// The handed-in source under the version of the trait that the HPKE crate takes.
struct HpkeRng<'a>(&'a mut dyn CryptoRng);

impl hpke::rand_core::RngCore for HpkeRng<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

impl hpke::rand_core::CryptoRng for HpkeRng<'_> {}

/// Seals under a secret key: `nonce[24] ‖ ciphertext`.
pub(crate) fn seal_under(
    key: &[u8; 32],
    context: &[u8],
    bytes: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; 24];
    rng.fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: bytes, aad: context };
    let ciphertext = cipher.encrypt(&nonce.into(), payload).map_err(|_| SealError::TooLong)?;
    Ok([&nonce[..], &ciphertext].concat())
}

/// Opens what [`seal_under`] gave.
pub(crate) fn open_under(
    key: &[u8; 32],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(SealError::Closed)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: ciphertext, aad: context };
    cipher.decrypt(nonce.into(), payload).map(Zeroizing::new).map_err(|_| SealError::Closed)
}

/// HKDF-SHA256: 32 bytes from a secret, for the use that the label names.
pub(crate) fn derive(salt: &[u8], secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    // 32 bytes are one block; only more than 255 blocks are refused.
    let _one_block = Hkdf::<Sha256>::new(Some(salt), secret).expand(label.as_bytes(), &mut *out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    /// A source that gives these bytes and no others.
    struct Given(Vec<u8>);

    impl rand_core::TryRng for Given {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            panic!("bytes only")
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            panic!("bytes only")
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.copy_from_slice(&self.0);
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Given {}

    #[test]
    fn the_vector_of_rfc_9180_a_2_1_holds() {
        let secret: [u8; 32] =
            unhex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb").try_into().unwrap();
        let public: [u8; 32] =
            unhex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a").try_into().unwrap();
        let info = unhex("4f6465206f6e2061204772656369616e2055726e");
        let aad = unhex("436f756e742d30");
        let plain = b"Beauty is truth, truth beauty";
        let mut rng = Given(unhex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"));
        let (enc, ciphertext) = hpke_seal(&public, &info, &aad, plain, &mut rng).unwrap();
        assert_eq!(enc.to_vec(), unhex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"));
        assert_eq!(
            ciphertext,
            unhex(
                "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
            )
        );
        let opened = hpke_open(&StaticSecret::from(secret), &enc, &info, &aad, &ciphertext).unwrap();
        assert_eq!(opened.as_slice(), plain);
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let sealed = seal_to(&[0; 32], b"context", b"secret", &mut Given(vec![1; 32]));
        assert_eq!(sealed, Err(SealError::Key));
    }
}
