//! A group as this device holds it: the MLS state, where in the log it stands, what is on its way.

use std::collections::BTreeSet;

use chinwag_proto::{BlobName, ChatId, Content, MemberChange, Seq, UserId};
use openmls::group::{GroupId, MlsGroup, StagedCommit};
use openmls::prelude::OpenMlsProvider as _;
use openmls_traits::random::OpenMlsRand as _;
use serde::{Deserialize, Serialize};

use super::data::{Blobs, GROUP_ID_BYTES};
use super::epoch::{EXPORT_LABEL, EpochRecord, EpochSecret, changes};
use super::facts::Facts;
use super::rows::{Change, Key, RowError, Rows, Scope, key};
use super::rules::{Before, Leaves};
use super::storage::Provider;
use super::verdict::{OutOfStep, Void};
use super::wish::Wish;
use super::{staged, suite};

/// How this device stands to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The group is founded, and the log has not decided yet.
    Founding,
    /// This device comes back from outside, and the log has not decided yet.
    ComingBack,
    /// In step.
    InStep,
    /// It cannot follow: it sends nothing and re-joins.
    OutOfStep(OutOfStep),
    /// Not in the group any more, or another group took its place.
    Out,
}

/// Why nothing could be decided. The step was dropped; drop the group and load it again.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum GroupError {
    /// The store is damaged.
    #[error(transparent)]
    Row(#[from] RowError),
    /// What is stored is no group of ours.
    #[error("the stored group is damaged: {0}")]
    Damaged(Void),
    /// The library failed where it must not.
    #[error("the MLS library failed")]
    Library,
    /// The entry belongs to another chat, or stands before one that was seen already.
    #[error("an entry out of its place")]
    Order,
}

/// A record on its way: what is sent, byte for byte, until the log has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What it stands on.
    pub after: Seq,
    /// The record's data.
    pub data: Content,
    /// The record's changes.
    pub changes: Vec<MemberChange>,
    /// Blobs that have to be put before the record is sent.
    pub blobs: Blobs,
    /// What it is for.
    pub wish: Wish,
}

/// What is kept beside the MLS state; one row.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) chat: ChatId,
    /// The MLS group's id.
    pub(super) group: [u8; GROUP_ID_BYTES],
    standing: u8,
    /// The chat's last `mls` record, whatever became of it.
    pub(super) after: Seq,
    /// The commit that began the current epoch.
    pub(super) began: Seq,
    /// The last entry that was seen.
    pub(super) seen: Seq,
    /// Who has left since the last commit by a member that counts.
    pub(super) gone: BTreeSet<UserId>,
    pub(super) pending: Option<Pending>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) after: Seq,
    /// The record's data as JSON.
    data: String,
    pub(super) changes: Vec<MemberChange>,
    pub(super) blobs: Vec<BlobName>,
    pub(super) wish: Wish,
    /// The id of the group that is to take this one's place.
    pub(super) group: Option<[u8; GROUP_ID_BYTES]>,
}

impl Pending {
    pub(super) fn content(&self) -> Result<Content, RowError> {
        Content::from_json(self.data.clone()).ok_or(RowError::Damaged)
    }
}

impl State {
    pub(super) fn new(chat: ChatId, group: [u8; GROUP_ID_BYTES], standing: Standing, after: Seq) -> Self {
        let gone = BTreeSet::new();
        let mut state =
            Self { chat, group, standing: 0, after, began: after, seen: after, gone, pending: None };
        state.set_standing(standing);
        state
    }

    pub(super) fn standing(&self) -> Standing {
        match self.standing {
            1 => Standing::Founding,
            2 => Standing::ComingBack,
            3 => Standing::InStep,
            4 => Standing::Out,
            other => {
                let index = usize::from(other).wrapping_sub(16);
                Standing::OutOfStep(OutOfStep::ALL.get(index).copied().unwrap_or(OutOfStep::LostState))
            }
        }
    }

    pub(super) fn set_standing(&mut self, standing: Standing) {
        self.standing = match standing {
            Standing::Founding => 1,
            Standing::ComingBack => 2,
            Standing::InStep => 3,
            Standing::Out => 4,
            Standing::OutOfStep(why) => {
                let index = OutOfStep::ALL.iter().position(|known| *known == why).unwrap_or_default();
                u8::try_from(index).unwrap_or_default().saturating_add(16)
            }
        };
    }
}

/// The MLS group of one chat, on one device.
pub struct Group {
    pub(super) provider: Provider,
    pub(super) mls: MlsGroup,
    pub(super) state: State,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Group({}, epoch {}, {:?})", self.state.chat, self.epoch(), self.standing())
    }
}

impl Group {
    /// From the rows of a chat; `None` where there is no group.
    pub fn load(rows: Rows) -> Result<Option<Self>, GroupError> {
        let provider = Provider::new(rows);
        let Some(state) = provider.rows().read::<State>(&state_key()?)? else { return Ok(None) };
        let mls = load_mls(&provider, &state)?;
        Ok(Some(Self { provider, mls, state }))
    }

    /// The chat.
    pub fn chat(&self) -> ChatId {
        self.state.chat
    }

    /// The MLS group's id.
    pub fn id(&self) -> [u8; GROUP_ID_BYTES] {
        self.state.group
    }

    /// The MLS epoch.
    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    /// How this device stands to the group.
    pub fn standing(&self) -> Standing {
        self.state.standing()
    }

    /// The chat's last `mls` record as far as this group has seen the log: what a record or content that is
    /// sent now stands on.
    pub fn after(&self) -> Seq {
        self.state.after
    }

    /// The commit that began the current epoch.
    pub fn began(&self) -> Seq {
        self.state.began
    }

    /// Who has left and is not yet removed: somebody has to commit before content is sent.
    pub fn gone(&self) -> &BTreeSet<UserId> {
        &self.state.gone
    }

    /// What the members have agreed on.
    pub fn facts(&self) -> Result<Facts, GroupError> {
        suite::facts(self.mls.public_group().group_context()).map_err(GroupError::Damaged)
    }

    /// The leaves.
    pub fn leaves(&self) -> Result<Leaves, GroupError> {
        staged::leaves(self.mls.public_group()).map_err(GroupError::Damaged)
    }

    /// What has to be written, all in one batch with what caused it; see [`Rows::take_changes`].
    pub fn take_changes(&self) -> Vec<Change> {
        self.provider.rows().take_changes()
    }

    /// The record on its way, to be sent (again).
    pub fn outgoing(&self) -> Result<Option<Outgoing>, GroupError> {
        let Some(pending) = &self.state.pending else { return Ok(None) };
        let mut blobs = Blobs::new();
        for name in &pending.blobs {
            let bytes = self.provider.rows().get(&blob_key(name)?).ok_or(RowError::Damaged)?;
            blobs.insert(*name, bytes.to_vec());
        }
        Ok(Some(Outgoing {
            after: pending.after,
            data: pending.content()?,
            changes: pending.changes.clone(),
            blobs,
            wish: pending.wish.clone(),
        }))
    }

    pub(super) fn before<'a>(&'a self, facts: &'a Facts, leaves: &'a Leaves) -> Before<'a> {
        Before { facts, leaves, gone: &self.state.gone, after: self.state.after }
    }

    /// Keeps the step with the state as it is now.
    pub(super) fn keep(&self) -> Result<(), GroupError> {
        let rows = self.provider.rows();
        rows.write(state_key()?, &self.state)?;
        rows.keep();
        Ok(())
    }

    /// Drops the step and goes back to what was kept last.
    pub(super) fn go_back(&mut self) -> Result<(), GroupError> {
        self.provider.rows().drop_step();
        self.state = self.provider.rows().read(&state_key()?)?.ok_or(RowError::Damaged)?;
        self.mls = load_mls(&self.provider, &self.state)?;
        Ok(())
    }

    pub(super) fn set_pending(
        &mut self,
        outgoing: Outgoing,
        group: Option<[u8; GROUP_ID_BYTES]>,
    ) -> Result<(), GroupError> {
        for (name, bytes) in &outgoing.blobs {
            self.provider.rows().put(blob_key(name)?, bytes.clone());
        }
        self.state.pending = Some(Pending {
            after: outgoing.after,
            data: outgoing.data.json().to_owned(),
            changes: outgoing.changes,
            blobs: outgoing.blobs.into_keys().collect(),
            wish: outgoing.wish,
            group,
        });
        Ok(())
    }

    /// Forgets the record on its way; its wish comes back.
    pub(super) fn drop_pending(&mut self) -> Result<Option<Wish>, GroupError> {
        let Some(pending) = self.state.pending.take() else { return Ok(None) };
        for name in &pending.blobs {
            self.provider.rows().delete(blob_key(name)?);
        }
        Ok(Some(pending.wish))
    }

    /// The key of the epoch that a staged commit begins; taken before it is merged.
    pub(super) fn secret_of(&self, staged: &StagedCommit) -> Result<EpochSecret, GroupError> {
        let context = self.state.chat.to_string();
        let secret = staged.export_secret(self.provider.crypto(), EXPORT_LABEL, context.as_bytes(), 32);
        to_secret(secret.map_err(|_| GroupError::Library)?)
    }

    /// The record of the epoch that the group is in, with all its leaves.
    pub(super) fn whole_record(&self) -> Result<EpochRecord, GroupError> {
        let context = self.state.chat.to_string();
        let secret = self
            .mls
            .export_secret(self.provider.crypto(), EXPORT_LABEL, context.as_bytes(), 32)
            .map_err(|_| GroupError::Library)?;
        Ok(EpochRecord {
            group: self.state.group,
            epoch: self.epoch(),
            commit: self.state.began,
            secret: to_secret(secret)?,
            whole: true,
            changes: changes(&Leaves::new(), &self.leaves()?),
        })
    }
}

fn to_secret(bytes: Vec<u8>) -> Result<EpochSecret, GroupError> {
    let bytes = zeroize::Zeroizing::new(bytes);
    bytes.as_slice().try_into().map(EpochSecret).map_err(|_| GroupError::Library)
}

fn load_mls(provider: &Provider, state: &State) -> Result<MlsGroup, GroupError> {
    let mls = MlsGroup::load(provider.storage(), &GroupId::from_slice(&state.group))?;
    mls.ok_or(GroupError::Row(RowError::Damaged))
}

pub(super) fn state_key() -> Result<Key, RowError> {
    key(Scope::Chat, "chinwag state", &())
}

fn blob_key(name: &BlobName) -> Result<Key, RowError> {
    key(Scope::Chat, "chinwag blob", &name.0)
}

pub(super) fn new_id(provider: &Provider) -> Result<[u8; GROUP_ID_BYTES], GroupError> {
    provider.rand().random_array().map_err(|_| GroupError::Library)
}
