//! Key packages: made for others to add this device, and judged before one adds another's.
//!
//! Their MLS lifetime never ends. Our own expiry stands in a signed extension (8 bytes, milliseconds since
//! the Unix epoch, big-endian) and is judged by the adder when he has claimed the package, by nobody else
//! and never again.

use openmls::extensions::{Extension, Extensions, UnknownExtension};
use openmls::key_packages::{KeyPackage, KeyPackageIn};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{OpenMlsProvider as _, ProtocolVersion};

use super::storage::Provider;
use super::suite::{EXPIRY_EXTENSION, Me, SUITE, capabilities, leaf_certificate, lifetime};
use crate::identity::Certificate;

/// One-time key packages that a device keeps with the server.
pub const ONE_TIME: usize = 100;
/// How long a one-time key package may be claimed.
pub const ONE_TIME_MS: i64 = 90 * DAY_MS;
/// How long a last-resort key package may be claimed.
pub const LAST_RESORT_MS: i64 = 365 * DAY_MS;
/// Bytes of a key package, what the server takes.
pub const KEY_PACKAGE_BYTES_MAX: usize = 16 * 1024;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Why a claimed key package is not used.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum KeyPackageError {
    /// Not one, or its signatures do not hold.
    #[error("not a valid key package")]
    Invalid,
    /// Another suite or version.
    #[error("a key package of another suite")]
    Suite,
    /// It belongs to another device than the one asked for.
    #[error("another device's key package")]
    WrongDevice,
    /// Its lifetime ends, which would let the clock decide who is in the group.
    #[error("a key package whose MLS lifetime ends")]
    Lifetime,
    /// Our own expiry has passed, or is missing.
    #[error("an expired key package")]
    Expired,
    /// The library failed to make one, or the store to keep it.
    #[error("a key package could not be made")]
    Failed,
}

/// Makes a key package; its private keys are among the changes of the provider's rows.
pub fn make(
    provider: &Provider,
    me: Me<'_>,
    last_resort: bool,
    now_ms: i64,
) -> Result<Vec<u8>, KeyPackageError> {
    let made = build(provider, me, last_resort, now_ms);
    match &made {
        Ok(_) => provider.rows().keep(),
        Err(_) => provider.rows().drop_step(),
    }
    made
}

fn build(
    provider: &Provider,
    me: Me<'_>,
    last_resort: bool,
    now_ms: i64,
) -> Result<Vec<u8>, KeyPackageError> {
    let expires_ms = now_ms.saturating_add(if last_resort { LAST_RESORT_MS } else { ONE_TIME_MS });
    let expiry = Extension::Unknown(EXPIRY_EXTENSION, UnknownExtension(expires_ms.to_be_bytes().to_vec()));
    let mut list = vec![expiry];
    if last_resort {
        list.push(Extension::LastResort(Default::default()));
    }
    let builder = KeyPackage::builder()
        .key_package_lifetime(lifetime())
        .leaf_node_capabilities(capabilities())
        .key_package_extensions(Extensions::from_vec(list).map_err(|_| KeyPackageError::Failed)?);
    let bundle = builder.build(SUITE, provider, &me, me.credential()).map_err(|_| KeyPackageError::Failed)?;
    bundle.key_package().tls_serialize_detached().map_err(|_| KeyPackageError::Failed)
}

/// Judges a key package that was claimed for a device (check 9): signatures, suite, device, our expiry.
pub fn check(
    provider: &Provider,
    bytes: &[u8],
    asked_for: &Certificate,
    now_ms: i64,
) -> Result<KeyPackage, KeyPackageError> {
    if bytes.len() > KEY_PACKAGE_BYTES_MAX {
        return Err(KeyPackageError::Invalid);
    }
    let package = KeyPackageIn::tls_deserialize_exact(bytes).map_err(|_| KeyPackageError::Invalid)?;
    let package =
        package.validate(provider.crypto(), ProtocolVersion::Mls10).map_err(|_| KeyPackageError::Invalid)?;
    if package.ciphersuite() != SUITE {
        return Err(KeyPackageError::Suite);
    }
    if leaf_certificate(package.leaf_node()).as_ref() != Ok(asked_for) {
        return Err(KeyPackageError::WrongDevice);
    }
    if *package.life_time() != lifetime() {
        return Err(KeyPackageError::Lifetime);
    }
    let expires_ms = package
        .extensions()
        .unknown(EXPIRY_EXTENSION)
        .and_then(|extension| <[u8; 8]>::try_from(extension.0.as_slice()).ok())
        .map(i64::from_be_bytes);
    match expires_ms {
        Some(expires_ms) if now_ms < expires_ms => Ok(package),
        _ => Err(KeyPackageError::Expired),
    }
}
