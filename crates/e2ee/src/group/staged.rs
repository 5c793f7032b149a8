//! A commit taken apart: from what the MLS library has staged to what the rules judge.

use std::collections::BTreeSet;

use openmls::framing::Sender;
use openmls::group::{PublicGroup, QueuedProposal, StagedCommit};
use openmls::messages::proposals::{Proposal, ProposalOrRefType};

use super::data::{Around, Data};
use super::evidence::Chains;
use super::rules::{By, Leaves, Proposed};
use super::suite::{facts, leaf_certificate, lifetime};
use super::verdict::Void;
use crate::identity::Certificate;

/// The leaves of a tree with their certificates. A tree of ours holds no others.
pub(crate) fn leaves(group: &PublicGroup) -> Result<Leaves, Void> {
    let leaf = |member: openmls::group::Member| {
        let certificate = super::suite::certificate(&member.credential, &member.signature_key)?;
        Ok((member.index.u32(), certificate))
    };
    group.members().map(leaf).collect()
}

/// What a commit proposes; by-reference proposals and kinds that a group of ours knows not are refused.
pub(crate) fn proposed(
    staged: &StagedCommit,
    sender: &Sender,
    before: &Leaves,
    data: &Data,
    around: Around<'_>,
    chains: Chains,
) -> Result<Proposed, Void> {
    let by = committer(staged, sender, before)?;
    let outside = matches!(by, By::Outside(_));
    let mut adds = Vec::new();
    let mut removes = Vec::new();
    for queued in staged.queued_proposals() {
        match take(queued, outside)? {
            Taken::Add(certificate) => adds.push(certificate),
            Taken::Remove(leaf) => removes.push(leaf),
            Taken::Other => {}
        }
    }
    Ok(Proposed {
        by,
        adds,
        removes,
        facts: facts(staged.group_context())?,
        changes: around.changes.to_vec(),
        gone: data.gone.iter().copied().collect::<BTreeSet<_>>(),
        chains,
    })
}

fn committer(staged: &StagedCommit, sender: &Sender, before: &Leaves) -> Result<By, Void> {
    let path = staged.update_path_leaf_node().map(leaf_certificate).transpose()?;
    match sender {
        Sender::Member(leaf) => {
            let known = before.get(&leaf.u32()).ok_or(Void::NotTheSender)?;
            // A certificate has one encoding, so equal certificates are equal credentials and keys.
            if path.is_some_and(|path| path != *known) {
                return Err(Void::LeafChanged);
            }
            Ok(By::Leaf(leaf.u32()))
        }
        Sender::NewMemberCommit => path.map(By::Outside).ok_or(Void::NotARejoin),
        Sender::External(_) | Sender::NewMemberProposal => Err(Void::ForbiddenProposal),
    }
}

/// Who that is.
pub(crate) fn who<'a>(by: &'a By, before: &'a Leaves) -> Result<&'a Certificate, Void> {
    match by {
        By::Leaf(leaf) => before.get(leaf).ok_or(Void::NotTheSender),
        By::Outside(device) => Ok(device),
    }
}

enum Taken {
    Add(Certificate),
    Remove(u32),
    Other,
}

fn take(queued: &QueuedProposal, outside: bool) -> Result<Taken, Void> {
    if queued.proposal_or_ref_type() != ProposalOrRefType::Proposal {
        return Err(Void::ForbiddenProposal);
    }
    match queued.proposal() {
        Proposal::Add(add) if !outside => {
            let package = add.key_package();
            if *package.life_time() != lifetime() {
                return Err(Void::Lifetime);
            }
            leaf_certificate(package.leaf_node()).map(Taken::Add)
        }
        Proposal::Remove(remove) => Ok(Taken::Remove(remove.removed().u32())),
        Proposal::GroupContextExtensions(_) if !outside => Ok(Taken::Other),
        Proposal::ExternalInit(_) if outside => Ok(Taken::Other),
        _ if outside => Err(Void::NotARejoin),
        _ => Err(Void::ForbiddenProposal),
    }
}
