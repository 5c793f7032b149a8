//! What a sealed backup record holds.
//!
//! ```text
//! "chinwag backup entry 1" ‖ kind
//! kind   = 1 ‖ group[16] ‖ u64 epoch ‖ u64 commitSeq ‖ key[32] ‖ chainHash[32] ‖ u32 leaves ‖ list of changes
//!        | 2 ‖ group[16] ‖ u64 epoch ‖ list of changes               more changes of the same epoch
//!        | 3 ‖ u64 user ‖ root[32] ‖ u64 generation ‖ u64 version ‖ head[32] ‖ u8 verified ‖ i64 decidedAt
//! change = u32 leaf ‖ option (u64 user ‖ u64 device ‖ signKey[32])   none: the leaf is gone
//! ```
//!
//! `leaves` is the number of changes of the epoch in all its records. Leaves out what an epoch's key opens.

use chinwag_proto::{DeviceId, UserId};
use zeroize::{Zeroize, Zeroizing};

use crate::canonical::{DecodeError, Hash, Reader, Writer};
use crate::identity::{Pin, Position, RootPublic, read_device, read_user};

const LABEL: &str = "chinwag backup entry 1";

/// Bytes of an entry at most: 1,000 changes of 53 bytes, and room.
pub const ENTRY_BYTES_MAX: usize = 56 * 1024;
/// Changes that one entry holds.
pub const CHANGES_PER_ENTRY: usize = 1000;
/// Changes of one epoch: the leaves that a group may have, all replaced.
pub const CHANGES_MAX: usize = 4096;

/// Who sits at a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Its Ed25519 key.
    pub sign_key: [u8; 32],
}

/// What a commit did to one leaf.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeafChange {
    /// The leaf's index.
    pub leaf: u32,
    /// Who sits there now; nobody if it was removed.
    pub now: Option<Leaf>,
}

/// The key of one epoch of one group, and what else is needed to judge the epoch's entries.
#[derive(Clone, PartialEq, Eq)]
pub struct EpochKey {
    /// The MLS group.
    pub group: [u8; 16],
    /// The MLS epoch.
    pub epoch: u64,
    /// The seq of the commit that began it.
    pub commit_seq: u64,
    /// The epoch's content secret.
    pub key: Zeroizing<[u8; 32]>,
    /// The hash chain over the log at that commit.
    pub chain_hash: Hash,
    /// What the commit did to the leaves; at most [`CHANGES_MAX`].
    pub leaf_changes: Vec<LeafChange>,
}

impl EpochKey {
    /// The entries that hold it: one, or more where many leaves change.
    pub fn entries(&self) -> Vec<Entry> {
        let first = self.leaf_changes.len().min(CHANGES_PER_ENTRY);
        let (first, rest) = self.leaf_changes.split_at(first);
        let changes = u32::try_from(self.leaf_changes.len()).unwrap_or(u32::MAX);
        let key = Self { leaf_changes: first.to_vec(), ..self.clone() };
        let more = rest.chunks(CHANGES_PER_ENTRY);
        let more =
            more.map(|part| Entry::Leaves { group: self.group, epoch: self.epoch, changes: part.to_vec() });
        std::iter::once(Entry::Epoch { key, changes }).chain(more).collect()
    }
}

/// What this user's devices hold of another user: the pin and whether it was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who.
    pub user: UserId,
    /// Root and chain head.
    pub pin: Pin,
    /// Whether the safety number was compared for this root.
    pub verified: bool,
    /// When root and verification were decided on, by that device's clock, in milliseconds.
    pub decided_at_ms: i64,
}

impl Peer {
    /// The newer of two. Roots and marks are decisions: the later counts, and for another root the greater
    /// root where the times are equal. Heads of one root never fall.
    #[must_use]
    pub fn newer(self, other: Self) -> Self {
        let rank = |peer: &Self| (peer.decided_at_ms, peer.pin.root, peer.verified);
        let (mut newer, older) = if rank(&self) >= rank(&other) { (self, other) } else { (other, self) };
        let further = (older.pin.position, older.pin.head) > (newer.pin.position, newer.pin.head);
        if older.pin.root == newer.pin.root && further {
            newer.pin = older.pin;
        }
        newer
    }
}

/// What one record holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// An epoch's key; made by [`EpochKey::entries`].
    Epoch {
        /// The key, with the first of the changes.
        key: EpochKey,
        /// How many changes the epoch has in all.
        changes: u32,
    },
    /// More changes of an epoch.
    Leaves {
        /// The MLS group.
        group: [u8; 16],
        /// The MLS epoch.
        epoch: u64,
        /// The changes that follow those before.
        changes: Vec<LeafChange>,
    },
    /// What is known of another user.
    Peer(Peer),
}

impl Entry {
    /// The canonical bytes; secret.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let changes = match self {
            Self::Epoch { key, .. } => key.leaf_changes.len(),
            Self::Leaves { changes, .. } => changes.len(),
            Self::Peer(_) => 0,
        };
        let mut writer = Writer::with_capacity(LABEL, 256 + 53 * changes);
        match self {
            Self::Epoch { key, changes } => {
                writer.u8(1).fixed(&key.group).u64(key.epoch).u64(key.commit_seq);
                writer.fixed(&*key.key).fixed(&key.chain_hash).u32(*changes);
                write_changes(&mut writer, &key.leaf_changes);
            }
            Self::Leaves { group, epoch, changes } => {
                writer.u8(2).fixed(group).u64(*epoch);
                write_changes(&mut writer, changes);
            }
            Self::Peer(peer) => {
                writer.u8(3).u64(peer.user.get()).fixed(&peer.pin.root.0);
                writer.u64(peer.pin.position.generation).u64(peer.pin.position.version);
                writer.fixed(&peer.pin.head).u8(u8::from(peer.verified)).i64(peer.decided_at_ms);
            }
        }
        Zeroizing::new(writer.finish())
    }

    /// From canonical bytes, exactly.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, ENTRY_BYTES_MAX)?;
        let entry = match reader.u8()? {
            1 => read_epoch(&mut reader)?,
            2 => Self::Leaves {
                group: reader.array()?,
                epoch: reader.u64()?,
                changes: read_changes(&mut reader)?,
            },
            3 => Self::Peer(read_peer(&mut reader)?),
            _ => return Err(DecodeError::Invalid { field: "kind" }),
        };
        reader.finish()?;
        Ok(entry)
    }
}

fn read_epoch(reader: &mut Reader<'_>) -> Result<Entry, DecodeError> {
    let group = reader.array()?;
    let epoch = reader.u64()?;
    let commit_seq = reader.u64()?;
    let mut secret = reader.array()?;
    let key = Zeroizing::new(secret);
    secret.zeroize();
    let chain_hash = reader.array()?;
    let changes = reader.u32()?;
    let leaf_changes = read_changes(reader)?;
    let within = usize::try_from(changes).is_ok_and(|all| leaf_changes.len() <= all && all <= CHANGES_MAX);
    if !within {
        return Err(DecodeError::Invalid { field: "leaves" });
    }
    Ok(Entry::Epoch { key: EpochKey { group, epoch, commit_seq, key, chain_hash, leaf_changes }, changes })
}

fn read_peer(reader: &mut Reader<'_>) -> Result<Peer, DecodeError> {
    Ok(Peer {
        user: read_user(reader)?,
        pin: Pin {
            root: RootPublic(reader.array()?),
            position: Position { generation: reader.u64()?, version: reader.u64()? },
            head: reader.array()?,
        },
        verified: match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Invalid { field: "verified" }),
        },
        decided_at_ms: reader.i64()?,
    })
}

fn write_changes(writer: &mut Writer, changes: &[LeafChange]) {
    writer.count(changes.len());
    for change in changes {
        writer.u32(change.leaf).option(change.now.as_ref(), |writer, leaf| {
            writer.u64(leaf.user.get()).u64(leaf.device.get()).fixed(&leaf.sign_key);
        });
    }
}

fn read_changes(reader: &mut Reader<'_>) -> Result<Vec<LeafChange>, DecodeError> {
    let count = reader.count(CHANGES_PER_ENTRY, "changes")?;
    let change = |reader: &mut Reader<'_>| {
        let leaf = reader.u32()?;
        let now = reader.option("leaf", |reader| {
            let (user, device) = (read_user(reader)?, read_device(reader)?);
            Ok(Leaf { user, device, sign_key: reader.array()? })
        })?;
        Ok(LeafChange { leaf, now })
    };
    (0..count).map(|_| change(reader)).collect()
}
