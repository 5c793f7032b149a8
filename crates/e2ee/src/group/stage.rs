//! A commit of this device: from what is wished for to the record that is sent.
//!
//! Whatever is wished for, a commit also removes who has left, brings the leaves of the users whose chains
//! are handed in to what those chains say, and updates the committer's own leaf. It is judged by the rules
//! before it is kept, so that this device never sends what does not count. The log decides; until then it
//! is neither merged nor forgotten.

use std::collections::BTreeSet;

use chinwag_proto::{ChatId, MemberChange, MembershipChange, Role, Seq, UserId};
use openmls::extensions::Extensions;
use openmls::framing::Sender;
use openmls::group::{GroupContext, MlsGroup};
use openmls::key_packages::KeyPackage;
use openmls::prelude::{LeafNodeIndex, OpenMlsProvider as _};

use super::data::{Around, Data, Kind, Part, Seen};
use super::evidence::{self, Chains, Links};
use super::facts::{Facts, Member};
use super::key_package::{self, KeyPackageError};
use super::rules::{self, By, Leaves};
use super::staged;
use super::state::{Group, GroupError, Outgoing, Standing};
use super::storage::Provider;
use super::suite::{Me, extensions, leaf_certificate};
use super::verdict::Void;
use super::wish::Wish;
use crate::identity::Certificate;

/// Up to so many leaves a commit carries its GroupInfo, so that a device can come back with nobody online.
pub const GROUP_INFO_LEAVES_MAX: usize = 128;

/// What a commit needs from outside.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    /// The device chains of users who are touched; those of members who are handed in are touched.
    pub chains: Links,
    /// Key packages that were claimed, with the device that each was claimed for.
    pub packages: Vec<(Certificate, Vec<u8>)>,
    /// The server's list of members, if it is to be brought in line.
    pub server: Option<Vec<(UserId, Role)>>,
    /// What this device has seen of the log.
    pub seen: Option<Seen>,
    /// The clock, milliseconds since the Unix epoch: judges expiry of key packages, nothing else.
    pub now_ms: i64,
}

/// Why nothing is committed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StageError {
    /// A record is on its way, or this device is not in step.
    #[error("not now")]
    NotNow,
    /// The chain of this user is needed.
    #[error("the device chain of user {0} is missing")]
    NeedsChain(UserId),
    /// A chain that was handed in is not valid.
    #[error("the device chain of user {0} is not valid")]
    BadChain(UserId),
    /// A key package is not to be used.
    #[error("the key package of device {device}: {why}", device = .device.device)]
    KeyPackage {
        /// Whose.
        device: Box<Certificate>,
        /// Why.
        why: KeyPackageError,
    },
    /// It would not count: the rules forbid it.
    #[error("it would be void: {0}")]
    Void(Void),
    /// The library refuses it.
    #[error("the MLS library refuses it")]
    Mls,
    /// Nothing could be decided.
    #[error(transparent)]
    Group(#[from] GroupError),
}

impl From<super::rows::RowError> for StageError {
    fn from(error: super::rows::RowError) -> Self {
        Self::Group(error.into())
    }
}

/// The messages of a commit.
pub(super) struct Made {
    pub(super) commit: Vec<u8>,
    pub(super) welcome: Option<Vec<u8>>,
    pub(super) group_info: Option<Vec<u8>>,
}

/// What a commit changes in the tree.
pub(super) struct Tree {
    pub(super) adds: Vec<KeyPackage>,
    pub(super) removes: Vec<u32>,
    pub(super) extensions: Option<Extensions<GroupContext>>,
    /// Leaves after it.
    pub(super) leaves: usize,
}

/// Makes a commit; it stays pending in the group.
pub(super) fn commit(
    provider: &Provider,
    mls: &mut MlsGroup,
    me: Me<'_>,
    tree: Tree,
    bound: &[u8],
) -> Result<Made, StageError> {
    mls.set_aad(bound.to_vec());
    let builder = mls
        .commit_builder()
        .force_self_update(true)
        .propose_removals(tree.removes.into_iter().map(LeafNodeIndex::new))
        .propose_adds(tree.adds);
    let builder = match tree.extensions {
        Some(extensions) => {
            builder.propose_group_context_extensions(extensions).map_err(|_| StageError::Mls)?
        }
        None => builder,
    };
    let bundle = builder
        .load_psks(provider.storage())
        .map_err(|_| StageError::Mls)?
        .create_group_info(tree.leaves <= GROUP_INFO_LEAVES_MAX)
        .build(provider.rand(), provider.crypto(), &me, |_| true)
        .map_err(|_| StageError::Mls)?
        .stage_commit(provider)
        .map_err(|_| StageError::Mls)?;
    let (commit, welcome, group_info) = bundle.into_messages();
    let bytes = |message: openmls::prelude::MlsMessageOut| message.to_bytes().map_err(|_| StageError::Mls);
    Ok(Made {
        commit: bytes(commit)?,
        welcome: welcome.map(bytes).transpose()?,
        group_info: group_info.map(bytes).transpose()?,
    })
}

/// Verifies chains that are handed in.
pub(super) fn verify(links: &Links) -> Result<Chains, StageError> {
    let chain = |(user, links): (&UserId, &Vec<_>)| {
        let chain = crate::identity::Chain::verify(None, *user, links);
        chain.map(|chain| (*user, chain)).map_err(|_| StageError::BadChain(*user))
    };
    links.iter().map(chain).collect()
}

/// Judges the key packages that were claimed.
pub(super) fn judge(
    provider: &Provider,
    supply: &Supply,
    wanted: impl Fn(&Certificate) -> bool,
) -> Result<Vec<KeyPackage>, StageError> {
    let wanted = supply.packages.iter().filter(|(device, _)| wanted(device));
    let judge = |(device, bytes): &(Certificate, Vec<u8>)| {
        let package = key_package::check(provider, bytes, device, supply.now_ms);
        package.map_err(|why| StageError::KeyPackage { device: Box::new(device.clone()), why })
    };
    wanted.map(judge).collect()
}

pub(super) const NOTHING_SEEN: Seen = Seen { seq: Seq::ZERO, hash: [0; 32] };

impl Group {
    /// Commits to what is wished for; the record is then [`Group::outgoing`]. An error changes nothing.
    pub fn stage(&mut self, me: Me<'_>, wish: &Wish, supply: &Supply) -> Result<(), StageError> {
        if self.standing() != Standing::InStep || self.state.pending.is_some() {
            return Err(StageError::NotNow);
        }
        let staged = self.try_stage(me, wish, supply);
        match staged {
            Ok(()) => Ok(self.keep()?),
            Err(error) => {
                self.go_back()?;
                Err(error)
            }
        }
    }

    fn try_stage(&mut self, me: Me<'_>, wish: &Wish, supply: &Supply) -> Result<(), StageError> {
        let (facts, leaves) = (self.facts()?, self.leaves()?);
        let chains = verify(&supply.chains)?;
        let next = self.next_facts(&facts, wish, &chains)?;
        let removes = self.removes(&leaves, &next, wish, &chains);
        let stays = |device: &Certificate| {
            leaves.iter().any(|(leaf, known)| known.device == device.device && !removes.contains(leaf))
        };
        let adds = judge(&self.provider, supply, |device| {
            next.member(device.user).is_some()
                && !stays(device)
                && chains.get(&device.user).is_some_and(|chain| chain.is_live(device))
        })?;
        let touched = touched(&facts, &next, &leaves, &removes, &adds)?;
        if let Some(missing) = touched.iter().find(|user| !chains.contains_key(user)) {
            return Err(StageError::NeedsChain(*missing));
        }
        let rest = facts.without(|user| self.state.gone.contains(&user));
        let changes = changes(&rest, &next, supply.server.as_deref());
        let mut data = Data::new(Kind::Commit, supply.seen.unwrap_or(NOTHING_SEEN));
        let mut evidence = supply.chains.clone();
        evidence.retain(|user, _| touched.contains(user));
        data.evidence = (!evidence.is_empty()).then(|| Part::Inline(evidence::encode(&evidence)));
        let around = Around { chat: self.state.chat, after: self.state.after, changes: &changes };
        let new_extensions = if next == facts { None } else { extensions(&next) };
        let count = leaves.len().saturating_sub(removes.len()).saturating_add(adds.len());
        let tree = Tree { adds, removes, extensions: new_extensions, leaves: count };
        let made = commit(&self.provider, &mut self.mls, me, tree, &data.bound(around))?;
        self.judge_own(&facts, &leaves, &data, around, chains)?;
        data.commit = Some(Part::Inline(made.commit));
        data.welcome = made.welcome.map(Part::Inline);
        data.group_info = made.group_info.map(Part::Inline);
        data.sign(around, me.certificate, me.keys);
        self.send(data, changes, wish.clone(), None)
    }

    /// Puts a signed record on its way.
    pub(super) fn send(
        &mut self,
        mut data: Data,
        changes: Vec<MemberChange>,
        wish: Wish,
        group: Option<[u8; super::data::GROUP_ID_BYTES]>,
    ) -> Result<(), StageError> {
        let blobs = data.move_to_blobs();
        let content = data.content().ok_or(StageError::Mls)?;
        let outgoing = Outgoing { after: self.state.after, data: content, changes, blobs, wish };
        Ok(self.set_pending(outgoing, group)?)
    }

    /// The rules on the own commit that is pending.
    fn judge_own(
        &self,
        facts: &Facts,
        leaves: &Leaves,
        data: &Data,
        around: Around<'_>,
        chains: Chains,
    ) -> Result<(), StageError> {
        let pending = self.mls.pending_commit().ok_or(StageError::Mls)?;
        let sender = Sender::Member(self.mls.own_leaf_index());
        staged::proposed(pending, &sender, leaves, data, around, chains)
            .and_then(|proposed| {
                debug_assert!(matches!(proposed.by, By::Leaf(_)));
                rules::check(self.before(facts, leaves), &proposed)
            })
            .map_err(StageError::Void)
    }

    fn next_facts(&self, facts: &Facts, wish: &Wish, chains: &Chains) -> Result<Facts, StageError> {
        let mut next = facts.without(|user| self.state.gone.contains(&user));
        next.members.retain(|member| !wish.remove_users.contains(&member.user));
        next.who_may_add = wish.who_may_add.unwrap_or(next.who_may_add);
        next.history_from = wish.history_from.unwrap_or(next.history_from);
        for (user, role) in &wish.roles {
            if let Some(member) = next.member_mut(*user) {
                member.role = *role;
            }
        }
        let since = next.since_for(self.state.after);
        for user in &wish.add_users {
            if next.member(*user).is_none() {
                let chain = chains.get(user).ok_or(StageError::NeedsChain(*user))?;
                next.members.push(Member { user: *user, role: Role::Member, pin: chain.pin(), since });
            }
        }
        for member in &mut next.members {
            if let Some(chain) = chains.get(&member.user) {
                member.pin = chain.pin();
            }
        }
        Ok(next)
    }

    fn removes(&self, leaves: &Leaves, next: &Facts, wish: &Wish, chains: &Chains) -> Vec<u32> {
        let own = self.mls.own_leaf_index().u32();
        let goes = |leaf: &Certificate| {
            next.member(leaf.user).is_none()
                || wish.remove_devices.contains(&leaf.device)
                || wish.again.contains(&leaf.device)
                || chains.get(&leaf.user).is_some_and(|chain| !chain.is_live(leaf))
        };
        leaves.iter().filter(|(index, leaf)| **index != own && goes(leaf)).map(|(index, _)| *index).collect()
    }
}

fn touched(
    facts: &Facts,
    next: &Facts,
    leaves: &Leaves,
    removes: &[u32],
    adds: &[KeyPackage],
) -> Result<BTreeSet<UserId>, StageError> {
    let mut touched = BTreeSet::new();
    for index in removes {
        touched.extend(leaves.get(index).map(|leaf| leaf.user));
    }
    for package in adds {
        touched.insert(leaf_certificate(package.leaf_node()).map_err(StageError::Void)?.user);
    }
    for member in &next.members {
        if facts.member(member.user).is_none_or(|known| known.pin != member.pin) {
            touched.insert(member.user);
        }
    }
    touched.retain(|user| next.member(*user).is_some());
    Ok(touched)
}

/// The changes of the server's list: the differences of the roster, and what brings the list in line.
fn changes(old: &Facts, new: &Facts, server: Option<&[(UserId, Role)]>) -> Vec<MemberChange> {
    if !matches!(new.chat, ChatId::Group(_)) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    let mut say = |user_id, change, role| {
        let known = changes.iter().any(|known: &MemberChange| known.user_id == user_id);
        if !known {
            changes.push(MemberChange { user_id, change, role });
        }
    };
    for member in &new.members {
        match old.role(member.user) {
            None => say(member.user, MembershipChange::Added, Some(member.role)),
            Some(role) if role != member.role => {
                say(member.user, MembershipChange::Role, Some(member.role));
            }
            Some(_) => {}
        }
    }
    for member in old.members.iter().filter(|member| new.member(member.user).is_none()) {
        say(member.user, MembershipChange::Removed, None);
    }
    for (user, role) in server.unwrap_or_default() {
        match new.role(*user) {
            None => say(*user, MembershipChange::Removed, None),
            Some(agreed) if agreed != *role => say(*user, MembershipChange::Role, Some(agreed)),
            Some(_) => {}
        }
    }
    for member in new.members.iter().filter(|_| server.is_some()) {
        if !server.unwrap_or_default().iter().any(|(user, _)| *user == member.user) {
            say(member.user, MembershipChange::Added, Some(Role::Member));
        }
    }
    changes
}
