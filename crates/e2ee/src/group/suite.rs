//! What every group, leaf and key package of ours looks like to the MLS library.

use openmls::credentials::{Credential, CredentialType, CredentialWithKey};
use openmls::extensions::{
    Extension, ExtensionType, Extensions, RequiredCapabilitiesExtension, UnknownExtension,
};
use openmls::group::{
    GroupContext, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls::key_packages::Lifetime;
use openmls::prelude::{Capabilities, Ciphersuite, LeafNode, ProtocolVersion};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;

use super::facts::Facts;
use super::verdict::Void;
use crate::identity::{Certificate, DeviceKeys};

/// X25519, ChaCha20-Poly1305, SHA-256, Ed25519.
pub const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;
/// The GroupContext extension that holds the facts (private use, RFC 9420 §17.3).
pub const FACTS_EXTENSION: u16 = 0xF0CA;
/// The key package extension that holds our own expiry.
pub const EXPIRY_EXTENSION: u16 = 0xF0CB;
/// The credential that is a device certificate.
pub const CREDENTIAL: u16 = 0xF0CC;

/// A device and its keys.
#[derive(Clone, Copy)]
pub struct Me<'a> {
    /// The device.
    pub certificate: &'a Certificate,
    /// Its keys.
    pub keys: &'a DeviceKeys,
}

impl Signer for Me<'_> {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.keys.sign(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl Me<'_> {
    /// The credential of its leaves.
    pub fn credential(&self) -> CredentialWithKey {
        let credential = Credential::new(CredentialType::Other(CREDENTIAL), self.certificate.encode());
        CredentialWithKey { credential, signature_key: self.certificate.sign_key.to_vec().into() }
    }
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(&[
            ExtensionType::Unknown(FACTS_EXTENSION),
            ExtensionType::Unknown(EXPIRY_EXTENSION),
            ExtensionType::LastResort,
        ]),
        Some(&[]),
        Some(&[CredentialType::Other(CREDENTIAL)]),
    )
}

/// It never ends: the library judges lifetimes by the clock, which would shut out whoever was long away.
pub(crate) fn lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

/// The extensions of a group: what members must be able to do, and the facts. `None` where they are too large.
pub fn extensions(facts: &Facts) -> Option<Extensions<GroupContext>> {
    let required = RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(FACTS_EXTENSION)],
        &[],
        &[CredentialType::Other(CREDENTIAL)],
    );
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required),
        Extension::Unknown(FACTS_EXTENSION, UnknownExtension(facts.encode())),
    ])
    .ok()
}

/// The facts of a GroupContext, whose extensions must be exactly ours.
pub(crate) fn facts(context: &GroupContext) -> Result<Facts, Void> {
    let bytes = context.extensions().unknown(FACTS_EXTENSION).ok_or(Void::Facts)?;
    let facts = Facts::decode(&bytes.0).map_err(|_| Void::Facts)?;
    if extensions(&facts).as_ref() == Some(context.extensions()) { Ok(facts) } else { Err(Void::Facts) }
}

/// The certificate of a credential, which must be for this signature key.
pub(crate) fn certificate(credential: &Credential, key: &[u8]) -> Result<Certificate, Void> {
    if credential.credential_type() != CredentialType::Other(CREDENTIAL) {
        return Err(Void::Credential);
    }
    let certificate = Certificate::decode(credential.serialized_content()).map_err(|_| Void::Credential)?;
    if certificate.sign_key == key { Ok(certificate) } else { Err(Void::Credential) }
}

pub(crate) fn leaf_certificate(leaf: &LeafNode) -> Result<Certificate, Void> {
    certificate(leaf.credential(), leaf.signature_key().as_slice())
}

pub(crate) fn create_config(facts: &Facts) -> Option<MlsGroupCreateConfig> {
    Some(
        MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .lifetime(lifetime())
            .capabilities(capabilities())
            .with_group_context_extensions(extensions(facts)?)
            .build(),
    )
}

pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .build()
}
