//! The first group of a chat: founding one, and judging another's.

use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{Body, ChatId, Entry, Role, Seq, UserId};
use openmls::framing::{MlsMessageBodyIn, MlsMessageIn};
use openmls::group::{GroupId, MlsGroup, PublicGroup};
use openmls::prelude::OpenMlsProvider as _;
use openmls::prelude::group_info::VerifiableGroupInfo;
use openmls::prelude::tls_codec::Deserialize as _;

use super::data::{Around, Blobs, Data, GROUP_ID_BYTES, Kind, Part};
use super::evidence::{self, Chains};
use super::facts::{Facts, Member};
use super::rows::Rows;
use super::rules::{self, Leaves};
use super::stage::{NOTHING_SEEN, StageError, Supply, Tree, commit, judge, verify};
use super::staged;
use super::state::{Group, GroupError, Standing, State, new_id};
use super::storage::Provider;
use super::suite::{self, Me, create_config};
use super::verdict::Void;
use super::wish::Wish;
use crate::identity::Certificate;

/// The first state of a group, as everybody can see it who may see the record.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The MLS group's id.
    pub group: [u8; GROUP_ID_BYTES],
    /// The epoch that the record begins.
    pub epoch: u64,
    /// Who founded it.
    pub creator: Certificate,
    /// What is agreed.
    pub facts: Facts,
    /// The leaves.
    pub leaves: Leaves,
    /// The chains of its members.
    pub chains: Chains,
}

/// A `mls` entry taken apart.
pub(super) struct Taken<'a> {
    pub(super) data: Data,
    pub(super) around: Around<'a>,
}

/// Takes an `mls` entry apart.
pub(super) fn take(entry: &Entry) -> Result<Taken<'_>, Void> {
    let Body::Mls { changes, data } = &entry.body else { return Err(Void::Malformed) };
    let data = Data::parse(data).ok_or(Void::Malformed)?;
    let after = entry.after.ok_or(Void::Malformed)?;
    Ok(Taken { data, around: Around { chat: entry.chat_id, after, changes } })
}

/// Whether the entry comes from this device.
pub(super) fn check_sender(entry: &Entry, device: &Certificate) -> Result<(), Void> {
    if entry.sender_id == device.user && entry.device_id == device.device {
        Ok(())
    } else {
        Err(Void::NotTheSender)
    }
}

/// The bytes of a part that must be there and at hand.
pub(super) fn part<'a>(part: &'a Option<Part>, blobs: &'a Blobs) -> Result<&'a [u8], Void> {
    part.as_ref().and_then(|part| part.bytes(blobs)).ok_or(Void::Malformed)
}

/// The chains of a record; none where it has none.
pub(super) fn chains(data: &Data, blobs: &Blobs) -> Result<Chains, Void> {
    let Some(part) = &data.evidence else { return Ok(Chains::new()) };
    let bytes = part.bytes(blobs).ok_or(Void::Evidence)?;
    let links = evidence::decode(bytes).map_err(|_| Void::Evidence)?;
    evidence::verify(&links).ok_or(Void::Evidence)
}

pub(super) fn group_info(bytes: &[u8]) -> Result<VerifiableGroupInfo, Void> {
    match MlsMessageIn::tls_deserialize_exact(bytes).map(MlsMessageIn::extract) {
        Ok(MlsMessageBodyIn::GroupInfo(info)) => Ok(info),
        _ => Err(Void::Mls),
    }
}

/// The public group of a GroupInfo that carries its tree.
pub(super) fn public_group(provider: &Provider, info: VerifiableGroupInfo) -> Result<PublicGroup, Void> {
    let tree = info.extensions().ratchet_tree().ok_or(Void::Mls)?.ratchet_tree().clone();
    // A throw-away store: nothing of this is kept.
    let made = PublicGroup::from_external(
        provider.crypto(),
        &Rows::default(),
        tree,
        info,
        openmls::group::ProposalStore::new(),
    );
    made.map(|(group, _)| group).map_err(|_| Void::Mls)
}

/// What a `create` or `reset` record founds, with everything checked that does not need the state before.
pub(super) fn founded(
    provider: &Provider,
    entry: &Entry,
    taken: &Taken<'_>,
    blobs: &Blobs,
) -> Result<Founded, Void> {
    let chains = chains(&taken.data, blobs)?;
    let info = group_info(part(&taken.data.group_info, blobs)?)?;
    let public = public_group(provider, info)?;
    if public.ciphersuite() != suite::SUITE {
        return Err(Void::Mls);
    }
    let leaves = staged::leaves(&public)?;
    let creator = leaves.values().find(|leaf| leaf.device == entry.device_id);
    let creator = creator.ok_or(Void::NotTheSender)?.clone();
    check_sender(entry, &creator)?;
    if !taken.data.is_signed_by(taken.around, &creator) {
        return Err(Void::NotBound);
    }
    let group = public.group_id().as_slice().try_into().map_err(|_| Void::Mls)?;
    let epoch = public.group_context().epoch().as_u64();
    Ok(Founded { group, epoch, creator, facts: suite::facts(public.group_context())?, leaves, chains })
}

/// Whether a `create` entry counts in a chat that has no group yet; the first that does names the group, and
/// any other Welcome is ignored. Blobs that the record names must be at hand.
pub fn judge_create(entry: &Entry, blobs: &Blobs) -> Result<Founded, Void> {
    let taken = take(entry)?;
    if taken.data.kind != Kind::Create {
        return Err(Void::NotNow);
    }
    if !taken.around.changes.is_empty() {
        return Err(Void::Changes);
    }
    let founded = founded(&Provider::default(), entry, &taken, blobs)?;
    let leaves: Vec<_> = founded.leaves.values().cloned().collect();
    let Founded { creator, facts, chains, .. } = &founded;
    rules::check_founding(entry.chat_id, taken.around.after, creator, facts, &leaves, chains)?;
    Ok(founded)
}

/// What a group is founded with.
pub(super) struct Founding {
    pub(super) id: [u8; GROUP_ID_BYTES],
    pub(super) mls: MlsGroup,
    pub(super) data: Data,
}

/// Makes a new MLS group with these facts and all devices that have key packages, and its record. Its first
/// commit is pending.
pub(super) fn make(
    provider: &Provider,
    me: Me<'_>,
    facts: &Facts,
    supply: &Supply,
    mut data: Data,
    after: Seq,
) -> Result<Founding, StageError> {
    let chains = verify(&supply.chains)?;
    let id = new_id(provider)?;
    let config = create_config(facts).ok_or(StageError::Mls)?;
    let mut mls =
        MlsGroup::new_with_group_id(provider, &me, &config, GroupId::from_slice(&id), me.credential())
            .map_err(|_| StageError::Mls)?;
    let adds = judge(provider, supply, |device| {
        device != me.certificate
            && facts.member(device.user).is_some()
            && chains.get(&device.user).is_some_and(|chain| chain.is_live(device))
    })?;
    let mut evidence = supply.chains.clone();
    evidence.retain(|user, _| facts.member(*user).is_some());
    data.evidence = Some(Part::Inline(evidence::encode(&evidence)));
    let around = Around { chat: facts.chat, after, changes: &[] };
    // The GroupInfo of a founding record is what everybody judges it by: it is never left out.
    let tree = Tree { adds, removes: Vec::new(), extensions: None, leaves: 0 };
    let made = commit(provider, &mut mls, me, tree, &data.bound(around))?;
    data.welcome = made.welcome.map(Part::Inline);
    data.group_info = made.group_info.map(Part::Inline);
    Ok(Founding { id, mls, data })
}

impl Group {
    /// Founds the group of a chat that has none. `members` are the founders in their order, this device's
    /// user first; `supply` has the chain of each. `after` is the chat's last `mls` record.
    pub fn found(
        rows: Rows,
        me: Me<'_>,
        chat: ChatId,
        members: &[UserId],
        after: Seq,
        supply: &Supply,
    ) -> Result<Self, StageError> {
        let provider = Provider::new(rows);
        let chains = verify(&supply.chains)?;
        let mut facts =
            Facts { chat, who_may_add: WhoMayAdd::Admins, history_from: None, members: Vec::new() };
        for user in members {
            let chain = chains.get(user).ok_or(StageError::NeedsChain(*user))?;
            let founder = matches!(chat, ChatId::Group(_)) && *user == me.certificate.user;
            let role = if founder { Role::Owner } else { Role::Member };
            facts.members.push(Member { user: *user, role, pin: chain.pin(), since: after });
        }
        let data = Data::new(Kind::Create, supply.seen.unwrap_or(NOTHING_SEEN));
        let Founding { id, mls, mut data } = make(&provider, me, &facts, supply, data, after)?;
        data.sign(Around { chat, after, changes: &[] }, me.certificate, me.keys);
        let state = State::new(chat, id, Standing::Founding, after);
        let mut group = Self { provider, mls, state };
        let leaves = group.pending_leaves()?;
        rules::check_founding(chat, after, me.certificate, &facts, &leaves, &chains)
            .map_err(StageError::Void)?;
        group.send(data, Vec::new(), Wish { found: true, ..Wish::default() }, None)?;
        group.keep()?;
        Ok(group)
    }

    /// The leaves as the pending commit makes them.
    pub(super) fn pending_leaves(&self) -> Result<Vec<Certificate>, GroupError> {
        pending_leaves(&self.mls)
    }
}

pub(super) fn pending_leaves(mls: &MlsGroup) -> Result<Vec<Certificate>, GroupError> {
    let pending = mls.pending_commit().ok_or(GroupError::Library)?;
    let now = staged::leaves(mls.public_group()).map_err(GroupError::Damaged)?;
    let mut leaves: Vec<_> = now.into_values().collect();
    for add in pending.add_proposals() {
        let leaf = add.add_proposal().key_package().leaf_node();
        leaves.push(suite::leaf_certificate(leaf).map_err(GroupError::Damaged)?);
    }
    Ok(leaves)
}
