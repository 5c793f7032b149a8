//! One signed link of a user's device chain.
//!
//! ```text
//! "chinwag device link 1" ‖ u64 user ‖ u64 generation ‖ u64 version ‖ prev[32] ‖ i64 time ‖ signer ‖ action
//!   ‖ signature[64]
//! signer  = 1 ‖ u64 device | 2                                      a device, or the root
//! action  = 1 ‖ root[32] ‖ rootSealKey[32] ‖ list of certificates   the root and all live devices
//!         | 2 ‖ certificate                                         a device joins
//!         | 3 ‖ u64 device                                          a device goes
//!         | 4 ‖ text username ‖ option text displayName             what the user is called
//! ```
//!
//! A certificate stands here without its label. The signature is over all bytes before it; `prev` is SHA-256
//! of all bytes of the link before, zeroes in the first. Whether a link counts is the chain's to say.

use chinwag_proto::text::{Name, Username};
use chinwag_proto::{DeviceId, UserId};

use super::certificate::{read_device, read_user};
use super::chain::DEVICES_MAX;
use super::keys::verify_signature;
use super::{Certificate, DeviceKeys, KeyError, RootKey, RootPublic};
use crate::canonical::{self, DecodeError, Hash, Reader, Writer};

const LABEL: &str = "chinwag device link 1";

/// Bytes of a link at most; the largest names 8 devices and takes about 1 kB.
pub const LINK_BYTES_MAX: usize = 4096;

/// Who signs a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A device that is live in the version before.
    Device(DeviceId),
    /// The root: the one of the version before, or the one that an [`Action::Root`] names.
    Root,
}

/// What the user is called, signed so that a server cannot rename anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name to log in and to be found by.
    pub username: Username,
    /// The name to be shown.
    pub display_name: Option<Name>,
}

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Names the root and all live devices; whatever else was live is revoked. The first link of a chain; a
    /// new generation of the same root; with another root, an identity reset. Signed by the root it names.
    Root {
        /// The user's identity from here on.
        root: RootPublic,
        /// The root's X25519 half, to which history keys are sealed.
        seal_key: [u8; 32],
        /// Each either live in the version before, unchanged, or new to the chain. At most [`DEVICES_MAX`].
        devices: Vec<Certificate>,
    },
    /// A device joins; its id and keys are new to the chain.
    Add(Certificate),
    /// A live device goes, for ever.
    Revoke(DeviceId),
    /// What the user is called from here on.
    Profile(Profile),
}

/// One signed link. The signature is checked by [`Chain`](super::Chain), not by decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose chain it belongs to.
    pub user: UserId,
    /// The number of root-signed links up to this one, from 1.
    pub generation: u64,
    /// The place in the chain, from 1.
    pub version: u64,
    /// The hash of the link before; zeroes in the first.
    pub prev: Hash,
    /// When it was signed, in milliseconds since the Unix epoch, as the signer claims.
    pub time_ms: i64,
    /// Who signs.
    pub signer: Signer,
    /// What it does.
    pub action: Action,
    /// Ed25519.
    pub signature: [u8; 64],
}

impl Link {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = self.signed_part();
        writer.fixed(&self.signature);
        writer.finish()
    }

    /// From canonical bytes, exactly. Says nothing about the signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, LINK_BYTES_MAX)?;
        let link = Self {
            user: read_user(&mut reader)?,
            generation: reader.u64()?,
            version: reader.u64()?,
            prev: reader.array()?,
            time_ms: reader.i64()?,
            signer: read_signer(&mut reader)?,
            action: read_action(&mut reader)?,
            signature: reader.array()?,
        };
        reader.finish()?;
        Ok(link)
    }

    /// SHA-256 of the canonical bytes.
    pub fn hash(&self) -> Hash {
        canonical::hash(&self.encode())
    }

    pub(super) fn signed_by_device(mut self, keys: &DeviceKeys) -> Self {
        self.signature = keys.sign(self.signed_part().as_slice());
        self
    }

    pub(super) fn signed_by_root(mut self, root: &RootKey) -> Self {
        self.signature = root.sign(self.signed_part().as_slice());
        self
    }

    pub(super) fn verify(&self, key: &[u8; 32]) -> Result<(), KeyError> {
        verify_signature(key, self.signed_part().as_slice(), &self.signature)
    }

    fn signed_part(&self) -> Writer {
        let mut writer = Writer::new(LABEL);
        writer.u64(self.user.get()).u64(self.generation).u64(self.version);
        writer.fixed(&self.prev).i64(self.time_ms);
        match self.signer {
            Signer::Device(device) => writer.u8(1).u64(device.get()),
            Signer::Root => writer.u8(2),
        };
        match &self.action {
            Action::Root { root, seal_key, devices } => {
                writer.u8(1).fixed(&root.0).fixed(seal_key).count(devices.len());
                devices.iter().for_each(|certificate| certificate.write(&mut writer));
            }
            Action::Add(certificate) => certificate.write(writer.u8(2)),
            Action::Revoke(device) => {
                writer.u8(3).u64(device.get());
            }
            Action::Profile(profile) => {
                writer.u8(4).text(profile.username.as_str());
                writer.option(profile.display_name.as_ref(), |writer, name| {
                    writer.text(name.as_str());
                });
            }
        }
        writer
    }
}

fn read_signer(reader: &mut Reader<'_>) -> Result<Signer, DecodeError> {
    match reader.u8()? {
        1 => Ok(Signer::Device(read_device(reader)?)),
        2 => Ok(Signer::Root),
        _ => Err(DecodeError::Invalid { field: "signer" }),
    }
}

fn read_action(reader: &mut Reader<'_>) -> Result<Action, DecodeError> {
    match reader.u8()? {
        1 => {
            let root = RootPublic(reader.array()?);
            let seal_key = reader.array()?;
            let count = reader.count(DEVICES_MAX, "devices")?;
            let devices = (0..count).map(|_| Certificate::read(reader)).collect::<Result<_, _>>()?;
            Ok(Action::Root { root, seal_key, devices })
        }
        2 => Certificate::read(reader).map(Action::Add),
        3 => read_device(reader).map(Action::Revoke),
        4 => Ok(Action::Profile(Profile {
            username: read_name(reader, USERNAME_BYTES_MAX, "username")?,
            display_name: reader
                .option("displayName", |reader| read_name(reader, NAME_BYTES_MAX, "displayName"))?,
        })),
        _ => Err(DecodeError::Invalid { field: "action" }),
    }
}

/// 32 characters of ASCII.
const USERNAME_BYTES_MAX: usize = 32;
/// 128 characters of at most 4 bytes.
const NAME_BYTES_MAX: usize = 512;

fn read_name<T: std::str::FromStr>(
    reader: &mut Reader<'_>,
    max: usize,
    field: &'static str,
) -> Result<T, DecodeError> {
    reader.text(max, field)?.parse().map_err(|_| DecodeError::Invalid { field })
}
