//! A user's device chain: which devices are live, under which root, and what the user is called.
//!
//! A chain is a list of [`Link`]s, each naming the hash of the one before. A link counts if it is signed by a
//! device that is live in the version before, or by the root. A root-signed link starts a new generation;
//! under one root the higher generation beats a lower one even where the two fork, so a stolen device that
//! floods the chain is beaten by whoever holds the recovery key. A device that goes stays known as revoked:
//! no id and no key comes a second time. Leaves out where chains are kept and when somebody is asked.

use std::collections::BTreeMap;

use chinwag_proto::{DeviceId, UserId};

use super::{
    Action, Certificate, ChainError, DeviceKeys, Link, Pin, PinVerdict, Position, Profile, RootKey,
    RootPublic, Signer,
};
use crate::canonical::Hash;

/// Live devices of one user.
pub const DEVICES_MAX: usize = 8;
/// Links of one chain, what the server keeps of it. 4,096 hashes are 128 KiB.
pub const CHAIN_LINKS_MAX: usize = 4096;

#[derive(Clone, Debug)]
struct Known {
    certificate: Certificate,
    live: bool,
}

/// A verified device chain; there is always at least one link.
#[derive(Clone, Debug)]
pub struct Chain {
    user: UserId,
    root: RootPublic,
    root_seal_key: [u8; 32],
    generation: u64,
    hashes: Vec<Hash>,
    devices: BTreeMap<DeviceId, Known>,
    profile: Option<Profile>,
}

impl Chain {
    /// Verifies a whole chain. With `pin`, the root that it ends with must be that one.
    pub fn verify(pin: Option<RootPublic>, user: UserId, links: &[Link]) -> Result<Self, ChainError> {
        let (first, rest) = links.split_first().ok_or(ChainError::Empty)?;
        let mut chain = Self::blank(user);
        chain.append(first)?;
        rest.iter().try_for_each(|link| chain.append(link))?;
        match pin {
            Some(pin) if pin != chain.root => Err(ChainError::RootChanged { found: chain.root }),
            _ => Ok(chain),
        }
    }

    /// Reads what a server keeps, where anybody who can log in may have appended what does not count: such links
    /// are void, alike for everybody with the same pin, and come back with their index and fault. Versions
    /// number the others. With `pin`, a link that leaves the pinned root is void too: a stranger's reset does
    /// not take the user's devices away from those who know the user, it is only shown to them.
    pub fn read<B: AsRef<[u8]>>(
        pin: Option<RootPublic>,
        user: UserId,
        links: &[B],
    ) -> Result<(Self, Vec<(usize, ChainError)>), ChainError> {
        if links.len() > CHAIN_LINKS_MAX {
            return Err(ChainError::TooLong);
        }
        let mut chain = Self::blank(user);
        let mut void = Vec::new();
        for (index, bytes) in links.iter().enumerate() {
            let version = chain.version() + 1;
            let link = Link::decode(bytes.as_ref());
            let link = link.map_err(|source| ChainError::Malformed { version, source });
            if let Err(fault) = link.and_then(|link| chain.append_pinned(pin, &link)) {
                void.push((index, fault));
            }
        }
        match pin {
            _ if chain.hashes.is_empty() => Err(ChainError::Empty),
            Some(pin) if pin != chain.root => Err(ChainError::RootChanged { found: chain.root }),
            _ => Ok((chain, void)),
        }
    }

    fn append_pinned(&mut self, pin: Option<RootPublic>, link: &Link) -> Result<(), ChainError> {
        match &link.action {
            Action::Root { root, .. } if Some(self.root) == pin && *root != self.root => {
                Err(ChainError::RootChanged { found: *root })
            }
            _ => self.append(link),
        }
    }

    /// Appends links, all or none. Those that are in the chain already are passed over.
    pub fn extend(&mut self, links: &[Link]) -> Result<(), ChainError> {
        let mut next = self.clone();
        for link in links {
            match next.hash_at(link.version) {
                Some(hash) if hash == link.hash() => {}
                Some(_) => return Err(ChainError::Fork { version: link.version }),
                None => next.append(link)?,
            }
        }
        *self = next;
        Ok(())
    }

    /// Holds the chain against what was seen before. Under one root the higher generation wins; within a
    /// generation the chain must go on from the pinned link.
    pub fn against(&self, pin: &Pin) -> Result<PinVerdict, ChainError> {
        let here = self.position();
        if self.root != pin.root {
            return Err(ChainError::RootChanged { found: self.root });
        }
        if here < pin.position {
            return Err(ChainError::Rollback { generation: here.generation, version: here.version });
        }
        match self.hash_at(pin.position.version) {
            Some(hash) if hash == pin.head && here == pin.position => Ok(PinVerdict::Same),
            Some(hash) if hash == pin.head => Ok(PinVerdict::Extends),
            _ if here.generation > pin.position.generation => Ok(PinVerdict::Superseded),
            _ => Err(ChainError::Fork { version: pin.position.version }),
        }
    }

    /// What to remember of this chain.
    pub fn pin(&self) -> Pin {
        Pin { root: self.root, position: self.position(), head: self.head_hash() }
    }

    /// Whose chain it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The number of links.
    pub fn version(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// The number of root-signed links.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Generation and version: what never falls.
    pub fn position(&self) -> Position {
        Position { generation: self.generation, version: self.version() }
    }

    /// The hash of the last link.
    pub fn head_hash(&self) -> Hash {
        self.hashes.last().copied().unwrap_or_default()
    }

    /// The hash of the link with this version, from 1.
    pub fn hash_at(&self, version: u64) -> Option<Hash> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        self.hashes.get(index).copied()
    }

    /// The user's identity.
    pub fn root(&self) -> RootPublic {
        self.root
    }

    /// The root's X25519 half, to which history keys are sealed.
    pub fn root_seal_key(&self) -> [u8; 32] {
        self.root_seal_key
    }

    /// What the user is called, once it has been signed.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The live devices, by id.
    pub fn live(&self) -> impl Iterator<Item = &Certificate> {
        self.devices.values().filter(|known| known.live).map(|known| &known.certificate)
    }

    /// Whether exactly this certificate is live.
    pub fn is_live(&self, certificate: &Certificate) -> bool {
        self.live_device(certificate.device) == Some(certificate)
    }

    /// The certificate of a live device.
    pub fn live_device(&self, device: DeviceId) -> Option<&Certificate> {
        self.devices.get(&device).filter(|known| known.live).map(|known| &known.certificate)
    }

    /// The certificate of a device, live or revoked.
    pub fn device(&self, device: DeviceId) -> Option<&Certificate> {
        self.devices.get(&device).map(|known| &known.certificate)
    }

    /// Whether the device was live once and is no more.
    pub fn is_revoked(&self, device: DeviceId) -> bool {
        self.devices.get(&device).is_some_and(|known| !known.live)
    }

    /// The first link of a new chain: the root names itself and the first devices.
    pub fn first_link(
        user: UserId,
        root: &RootKey,
        devices: Vec<Certificate>,
        now_ms: i64,
    ) -> Result<Link, ChainError> {
        Self::blank(user).reset_link(root, devices, now_ms)
    }

    /// A link signed by a live device; refused if it would not count.
    pub fn link_by_device(&self, keys: &DeviceKeys, action: Action, now_ms: i64) -> Result<Link, ChainError> {
        let version = self.version() + 1;
        let signer = self.live().find(|certificate| certificate.sign_key == keys.sign_key());
        let signer = Signer::Device(signer.ok_or(ChainError::BadSignature { version })?.device);
        let link = self.unsigned(signer, action, now_ms).signed_by_device(keys);
        self.clone().append(&link)?;
        Ok(link)
    }

    /// A link signed by the root, which starts a new generation; refused if it would not count.
    pub fn link_by_root(&self, root: &RootKey, action: Action, now_ms: i64) -> Result<Link, ChainError> {
        let link = self.unsigned(Signer::Root, action, now_ms).signed_by_root(root);
        self.clone().append(&link)?;
        Ok(link)
    }

    /// A link by which a root names itself and all live devices: a new generation of the same root, or with
    /// another root the identity reset.
    pub fn reset_link(
        &self,
        root: &RootKey,
        devices: Vec<Certificate>,
        now_ms: i64,
    ) -> Result<Link, ChainError> {
        let action = Action::Root { root: root.public(), seal_key: root.seal_key(), devices };
        self.link_by_root(root, action, now_ms)
    }

    fn blank(user: UserId) -> Self {
        Self {
            user,
            root: RootPublic([0; 32]),
            root_seal_key: [0; 32],
            generation: 0,
            hashes: Vec::new(),
            devices: BTreeMap::new(),
            profile: None,
        }
    }

    fn unsigned(&self, signer: Signer, action: Action, time_ms: i64) -> Link {
        Link {
            user: self.user,
            generation: self.generation + u64::from(signer == Signer::Root),
            version: self.version() + 1,
            prev: self.head_hash(),
            time_ms,
            signer,
            action,
            signature: [0; 64],
        }
    }

    /// Appends one link, or changes nothing.
    fn append(&mut self, link: &Link) -> Result<(), ChainError> {
        let expected = self.version() + 1;
        let version = link.version;
        if self.hashes.len() >= CHAIN_LINKS_MAX {
            return Err(ChainError::TooLong);
        }
        if link.user != self.user {
            return Err(ChainError::WrongUser { version: expected });
        }
        if version != expected {
            return Err(ChainError::WrongVersion { expected, found: version });
        }
        if link.prev != self.head_hash() {
            return Err(ChainError::Fork { version });
        }
        if link.generation != self.generation + u64::from(link.signer == Signer::Root) {
            return Err(ChainError::WrongGeneration { version });
        }
        let key = self.signing_key(link)?;
        link.verify(&key).map_err(|_| ChainError::BadSignature { version })?;
        self.apply(version, &link.action)?;
        self.generation = link.generation;
        self.hashes.push(link.hash());
        Ok(())
    }

    fn signing_key(&self, link: &Link) -> Result<[u8; 32], ChainError> {
        let version = link.version;
        match (link.signer, &link.action) {
            (Signer::Root, Action::Root { root, .. }) => Ok(root.0),
            (Signer::Device(_), Action::Root { .. }) => Err(ChainError::NotRoot { version }),
            (Signer::Root, _) if self.hashes.is_empty() => Err(ChainError::NotRoot { version }),
            (Signer::Root, _) => Ok(self.root.0),
            (Signer::Device(device), _) => {
                let certificate = self.live_device(device);
                Ok(certificate.ok_or(ChainError::NotLive { version, device })?.sign_key)
            }
        }
    }

    fn apply(&mut self, version: u64, action: &Action) -> Result<(), ChainError> {
        match action {
            Action::Root { root, seal_key, devices } => {
                if devices.len() > DEVICES_MAX {
                    return Err(ChainError::TooManyDevices { version });
                }
                let mut next = self.devices.clone();
                next.values_mut().for_each(|known| known.live = false);
                for certificate in devices {
                    if self.is_live(certificate) && next.get(&certificate.device).is_some_and(|k| !k.live) {
                        next.insert(
                            certificate.device,
                            Known { certificate: certificate.clone(), live: true },
                        );
                    } else {
                        self.join(&mut next, version, certificate)?;
                    }
                }
                self.devices = next;
                if *root != self.root {
                    self.profile = None;
                }
                self.root = *root;
                self.root_seal_key = *seal_key;
            }
            Action::Add(certificate) => {
                let mut next = std::mem::take(&mut self.devices);
                let joined = self.join(&mut next, version, certificate);
                self.devices = next;
                joined?;
            }
            Action::Revoke(device) => {
                let known = self.devices.get_mut(device).filter(|known| known.live);
                known.ok_or(ChainError::NotLive { version, device: *device })?.live = false;
            }
            Action::Profile(profile) => self.profile = Some(profile.clone()),
        }
        Ok(())
    }

    /// Adds a device to `devices`, if it is this user's, new in every part, and there is room.
    fn join(
        &self,
        devices: &mut BTreeMap<DeviceId, Known>,
        version: u64,
        certificate: &Certificate,
    ) -> Result<(), ChainError> {
        let device = certificate.device;
        if certificate.user != self.user {
            return Err(ChainError::WrongUser { version });
        }
        let clash = |known: &Known| {
            known.certificate.sign_key == certificate.sign_key
                || known.certificate.seal_key == certificate.seal_key
        };
        if devices.contains_key(&device) || devices.values().any(clash) {
            return Err(ChainError::Reused { version, device });
        }
        if devices.values().filter(|known| known.live).count() >= DEVICES_MAX {
            return Err(ChainError::TooManyDevices { version });
        }
        devices.insert(device, Known { certificate: certificate.clone(), live: true });
        Ok(())
    }
}
