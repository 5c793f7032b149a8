//! Joining by the Welcome of the record that adds this device.
//!
//! The Welcome is named in the commit's own record and bound to it by the committer's signature; a Welcome
//! that comes from elsewhere is never taken. A join that fails changes nothing: the key package stays.

use chinwag_proto::{ChatId, Entry, Seq};
use openmls::framing::{MlsMessageBodyIn, MlsMessageIn};
use openmls::group::{MlsGroup, StagedWelcome, WelcomeError};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};

use super::data::{Blobs, Data, Kind};
use super::event::Event;
use super::evidence::Chains;
use super::facts::Facts;
use super::found::{Taken, check_sender, judge_create, part, take};
use super::process::{Outcome, Verdict};
use super::rows::Rows;
use super::state::{Group, GroupError, Standing, State};
use super::storage::Provider;
use super::suite::{self, Me, leaf_certificate};
use super::verdict::Void;
use crate::identity::Certificate;

/// Why this device does not join.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JoinError {
    /// The record, its Welcome or the group in it breaks a rule.
    #[error("the invitation does not count: {0}")]
    Void(Void),
    /// The Welcome holds nothing for a key package of this device.
    #[error("the Welcome is not for this device")]
    NotForUs,
    /// The group in the Welcome belongs to another chat.
    #[error("the Welcome belongs to another chat")]
    WrongChat,
    /// Who invites may not add.
    #[error("who invites may not add")]
    Inviter,
    /// The Welcome's group is not the one that the commit makes.
    #[error("the Welcome is not of the commit's epoch")]
    ConfirmationTag,
    /// These users' chains are needed to verify the leaves.
    #[error("device chains are missing")]
    NeedsChains(Vec<chinwag_proto::UserId>),
    /// Nothing could be decided.
    #[error(transparent)]
    Group(#[from] GroupError),
}

impl From<Void> for JoinError {
    fn from(void: Void) -> Self {
        Self::Void(void)
    }
}

impl From<super::rows::RowError> for JoinError {
    fn from(error: super::rows::RowError) -> Self {
        Self::Group(error.into())
    }
}

impl Group {
    /// Joins by the record that adds this device (checks 7 and 10). `rows` hold the device's key packages, and
    /// the chat's rows if there was a group before. That no earlier `create` counts is the caller's to know. `chains` are the members' device chains as the directory
    /// has them. The outcome holds the first epoch's key.
    pub fn join(
        rows: Rows,
        me: Me<'_>,
        chat: ChatId,
        entry: &Entry,
        blobs: &Blobs,
        chains: &Chains,
    ) -> Result<(Self, Outcome), JoinError> {
        let taken = take(entry)?;
        let provider = Provider::new(rows);
        if entry.chat_id != chat {
            return Err(JoinError::WrongChat);
        }
        if taken.data.kind == Kind::Create {
            judge_create(entry, blobs)?;
        }
        let (mls, facts, inviter) = open(&provider, chat, &taken, blobs)?;
        check_sender(entry, &inviter)?;
        check_bound(&mls, &taken, blobs, &inviter)?;
        check_inviter(&facts, &taken.data, taken.around.after, me.certificate, &inviter)?;
        check_leaves(&mls, &facts, chains)?;
        let state = State::new(
            chat,
            mls.group_id().as_slice().try_into().map_err(|_| Void::Mls)?,
            Standing::InStep,
            entry.seq,
        );
        let group = Self { provider, mls, state };
        group.keep()?;
        let epoch = Some(group.whole_record()?);
        let events = vec![Event::DeviceAdded(me.certificate.user, me.certificate.device)];
        let verdict = Some(Verdict::Counts { own: false });
        let outcome = Outcome { verdict, epoch, events, seen: Some(taken.data.seen), dropped: None };
        Ok((group, outcome))
    }
}

/// Opens the Welcome; who sent it is the committer's leaf.
fn open(
    provider: &Provider,
    chat: ChatId,
    taken: &Taken<'_>,
    blobs: &Blobs,
) -> Result<(MlsGroup, Facts, Certificate), JoinError> {
    let bytes = part(&taken.data.welcome, blobs)?;
    let message = MlsMessageIn::tls_deserialize_exact(bytes).map(MlsMessageIn::extract);
    let Ok(MlsMessageBodyIn::Welcome(welcome)) = message else { return Err(Void::Mls.into()) };
    let config = suite::join_config();
    let staged = StagedWelcome::build_from_welcome(provider, &config, welcome).map_err(refused)?;
    let staged = staged.skip_lifetime_validation().replace_old_group().build().map_err(refused)?;
    if staged.group_context().ciphersuite() != suite::SUITE {
        return Err(Void::Mls.into());
    }
    let facts = suite::facts(staged.group_context())?;
    if facts.chat != chat {
        return Err(JoinError::WrongChat);
    }
    let sender = staged.welcome_sender().map_err(|_| Void::Mls)?;
    let inviter = leaf_certificate(sender)?;
    let mls = staged.into_group(provider).map_err(refused)?;
    Ok((mls, facts, inviter))
}

fn refused<E>(error: WelcomeError<E>) -> JoinError {
    match error {
        WelcomeError::NoMatchingKeyPackage | WelcomeError::JoinerSecretNotFound => JoinError::NotForUs,
        WelcomeError::StorageError(_) => JoinError::Group(GroupError::Library),
        _ => JoinError::Void(Void::Mls),
    }
}

/// The record is the inviter's, and the Welcome is of the epoch that its commit begins.
fn check_bound(
    mls: &MlsGroup,
    taken: &Taken<'_>,
    blobs: &Blobs,
    inviter: &Certificate,
) -> Result<(), JoinError> {
    if !taken.data.is_signed_by(taken.around, inviter) {
        return Err(Void::NotBound.into());
    }
    let tag = mls.confirmation_tag().tls_serialize_detached().map_err(|_| Void::Mls)?;
    let same = match taken.data.kind {
        Kind::Commit => confirmation_tag(part(&taken.data.commit, blobs)?) == Some(tag.as_slice()),
        Kind::Create | Kind::Reset => {
            let info = super::found::group_info(part(&taken.data.group_info, blobs)?)?;
            let public = super::found::public_group(&Provider::default(), info)?;
            public.group_context() == mls.public_group().group_context()
                && public.confirmation_tag() == mls.confirmation_tag()
        }
        Kind::Join => false,
    };
    if same { Ok(()) } else { Err(JoinError::ConfirmationTag) }
}

/// The confirmation tag of a member's PublicMessage, which ends (RFC 9420 §6.2) with it and the membership
/// tag: each 32 bytes after their length.
fn confirmation_tag(commit: &[u8]) -> Option<&[u8]> {
    const TAG: usize = 33;
    let end = commit.len().checked_sub(TAG)?;
    let tag = commit.get(end.checked_sub(TAG)?..end)?;
    (tag.first() == Some(&32) && commit.get(end) == Some(&32)).then_some(tag)
}

fn check_inviter(
    facts: &Facts,
    data: &Data,
    after: Seq,
    me: &Certificate,
    inviter: &Certificate,
) -> Result<(), JoinError> {
    if facts.member(me.user).is_none() {
        return Err(Void::NotAMember.into());
    }
    if let ChatId::Direct(low, high) = facts.chat {
        let both = [low, high];
        if facts.members.iter().any(|member| !both.contains(&member.user))
            || both.iter().any(|user| facts.member(*user).is_none())
        {
            return Err(Void::NotDirect.into());
        }
    }
    // Any member brings in a new device of one who was a member before; a new member only by one who may add.
    let was_member = facts.member(me.user).is_some_and(|member| member.since < after);
    let allowed = match data.kind {
        Kind::Create | Kind::Reset => true,
        Kind::Commit | Kind::Join => facts.may_add(inviter.user),
    };
    if facts.member(inviter.user).is_none() || !(allowed || was_member || inviter.user == me.user) {
        return Err(JoinError::Inviter);
    }
    Ok(())
}

/// Every leaf of the tree is a device of a member, in a chain that goes on from the roster's pin. A device
/// that was revoked meanwhile is behind, not forged.
fn check_leaves(mls: &MlsGroup, facts: &Facts, chains: &Chains) -> Result<(), JoinError> {
    let leaves = super::staged::leaves(mls.public_group())?;
    let missing = facts.members.iter().map(|member| member.user).filter(|user| !chains.contains_key(user));
    let missing: Vec<_> = missing.collect();
    if !missing.is_empty() {
        return Err(JoinError::NeedsChains(missing));
    }
    for member in &facts.members {
        let chain = chains.get(&member.user).ok_or(Void::Evidence)?;
        chain.against(&member.pin).map_err(|_| Void::Chain)?;
    }
    for leaf in leaves.values() {
        facts.member(leaf.user).ok_or(Void::NotAMember)?;
        let chain = chains.get(&leaf.user).ok_or(Void::Evidence)?;
        if chain.device(leaf.device) != Some(leaf) {
            return Err(Void::NotLive.into());
        }
    }
    Ok(())
}
