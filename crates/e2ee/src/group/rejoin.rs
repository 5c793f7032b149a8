//! Coming back by an external commit, with nobody else online.
//!
//! It stands on the GroupInfo of the chat's last `mls` record and takes the place of this device's old leaf,
//! if there is one. A base that is older than what the user's own devices have seen is refused: the server
//! could serve an old one.

use std::collections::BTreeSet;

use chinwag_proto::{ChatId, Entry, UserId};
use openmls::framing::{MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent};
use openmls::group::MlsGroup;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{LeafNodeParameters, OpenMlsProvider as _};

use super::data::{Around, Blobs, Data, Kind, Part, Seen};
use super::evidence::{self, Links};
use super::found::{group_info, part, public_group, take};
use super::rows::Rows;
use super::rules::{self, Before};
use super::stage::{GROUP_INFO_LEAVES_MAX, StageError, verify};
use super::staged::{self, proposed};
use super::state::{Group, GroupError, Standing, State, state_key};
use super::storage::Provider;
use super::suite::{self, Me};
use super::verdict::Void;
use super::wish::Wish;
use crate::identity::Pin;

/// Why this device does not come back this way.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RejoinError {
    /// The record has no GroupInfo, is junk, or an own re-join that did not count: ask a device that is in step to remove and add this one again.
    #[error("the record cannot be re-joined from")]
    NoBase,
    /// Older than the newest epoch that the user's backup names.
    #[error("epoch {found} is older than epoch {newest}, which this user has seen")]
    Old {
        /// The base's.
        found: u64,
        /// The newest that is known.
        newest: u64,
    },
    /// The base belongs to another chat, or its roster pins another root than this user does.
    #[error("the base does not match what is known of the chat")]
    Unknown,
    /// It would not count.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl From<Void> for RejoinError {
    fn from(void: Void) -> Self {
        Self::Stage(StageError::Void(void))
    }
}

impl From<GroupError> for RejoinError {
    fn from(error: GroupError) -> Self {
        Self::Stage(error.into())
    }
}

/// What a re-join stands on.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// The chat's last `mls` record.
    pub entry: &'a Entry,
    /// Its blobs.
    pub blobs: &'a Blobs,
    /// Who has left since, by entries of the log.
    pub left: &'a BTreeSet<UserId>,
    /// The newest epoch of its group that the user's backup names; 0 where it names none.
    pub newest: u64,
    /// What is pinned of members, as far as it is.
    pub pins: &'a [(UserId, Pin)],
}

impl Group {
    /// Makes an external commit on the last `mls` record; it is then on its way like any other. `rows` are the
    /// chat's: whatever group was there is replaced. `own` is this user's device chain.
    pub fn rejoin(
        rows: Rows,
        me: Me<'_>,
        chat: ChatId,
        base: Base<'_>,
        own: &Links,
        seen: Seen,
    ) -> Result<Self, RejoinError> {
        let provider = Provider::new(rows);
        let taken = take(base.entry).map_err(|_| RejoinError::NoBase)?;
        let old = provider.rows().read::<State>(&state_key().map_err(GroupError::from)?);
        let old = old.map_err(GroupError::from)?;
        // The own re-join that was not entered did not count: what it founds on is nobody's.
        let own_before = taken.data.kind == Kind::Join && base.entry.device_id == me.certificate.device;
        if own_before && old.is_some() {
            return Err(RejoinError::NoBase);
        }
        let info = part(&taken.data.group_info, base.blobs).and_then(group_info);
        let info = info.map_err(|_| RejoinError::NoBase)?;
        let public = public_group(&provider, info.clone()).map_err(|_| RejoinError::NoBase)?;
        let epoch = public.group_context().epoch().as_u64();
        if epoch < base.newest {
            return Err(RejoinError::Old { found: epoch, newest: base.newest });
        }
        let facts = suite::facts(public.group_context())?;
        let leaves = staged::leaves(&public)?;
        let pinned = |(user, pin): &(UserId, Pin)| {
            facts.member(*user).is_none_or(|member| member.pin.root == pin.root)
        };
        if facts.chat != chat || !base.pins.iter().all(pinned) {
            return Err(RejoinError::Unknown);
        }
        let mut gone: BTreeSet<UserId> = match taken.data.kind {
            Kind::Join => taken.data.gone.iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        gone.extend(base.left.iter().filter(|user| facts.member(**user).is_some()));
        let chains = verify(own)?;
        let mut data = Data::new(Kind::Join, seen);
        data.gone = gone.iter().copied().collect();
        data.evidence = Some(Part::Inline(evidence::encode(own)));
        let after = base.entry.seq;
        let around = Around { chat, after, changes: &[] };
        let (mls, commit, group_info) = external(&provider, me, info, &data.bound(around), leaves.len())?;
        // Judged as everybody else will: by the public state before.
        let before = Before { facts: &facts, leaves: &leaves, gone: &gone, after };
        let processed = match MlsMessageIn::tls_deserialize_exact(&commit).map(MlsMessageIn::extract) {
            Ok(MlsMessageBodyIn::PublicMessage(message)) => {
                public.process_message(provider.crypto(), message).map_err(|_| Void::Mls)?
            }
            _ => return Err(Void::Mls.into()),
        };
        let sender = processed.sender().clone();
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(Void::NotARejoin.into());
        };
        let judged = proposed(&staged, &sender, &leaves, &data, around, chains)?;
        rules::check(before, &judged)?;
        data.commit = Some(Part::Inline(commit));
        data.group_info = group_info.map(Part::Inline);
        data.sign(around, me.certificate, me.keys);
        let id = mls.group_id().as_slice().try_into().map_err(|_| Void::Mls)?;
        let mut state = State::new(chat, id, Standing::ComingBack, after);
        state.seen = old.map_or(after, |old| old.seen.max(after));
        state.gone = gone;
        let mut group = Self { provider, mls, state };
        group.send(data, Vec::new(), Wish { rejoin: true, ..Wish::default() }, None)?;
        group.keep()?;
        Ok(group)
    }
}

type External = (MlsGroup, Vec<u8>, Option<Vec<u8>>);

fn external(
    provider: &Provider,
    me: Me<'_>,
    info: openmls::prelude::group_info::VerifiableGroupInfo,
    bound: &[u8],
    leaves: usize,
) -> Result<External, StageError> {
    let parameters = LeafNodeParameters::builder().with_capabilities(suite::capabilities()).build();
    let (mls, bundle) = MlsGroup::external_commit_builder()
        .with_config(suite::join_config())
        .with_aad(bound.to_vec())
        .skip_lifetime_validation()
        .build_group(provider, info, me.credential())
        .map_err(|_| StageError::Mls)?
        .leaf_node_parameters(parameters)
        .load_psks(provider.storage())
        .map_err(|_| StageError::Mls)?
        .create_group_info(leaves < GROUP_INFO_LEAVES_MAX)
        .build(provider.rand(), provider.crypto(), &me, |_| true)
        .map_err(|_| StageError::Mls)?
        .finalize(provider)
        .map_err(|_| StageError::Mls)?;
    let (commit, _, group_info) = bundle.into_messages();
    let bytes = |message: openmls::prelude::MlsMessageOut| message.to_bytes().map_err(|_| StageError::Mls);
    Ok((mls, bytes(commit)?, group_info.map(bytes).transpose()?))
}
