//! Which commit counts: the rules, as a pure function of the public state before and what is proposed.
//!
//! No clock, no directory, no pins of this device, nothing private: every device that holds the same state
//! and the same record says the same. What MLS itself demands was checked before. Leaves out how a commit
//! is taken apart (`staged`) and what this device makes of the result.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::{ChatId, MemberChange, MembershipChange, Role, Seq, UserId};

use super::evidence::Chains;
use super::facts::{Facts, LEAVES_MAX, MEMBERS_MAX, Member};
use super::verdict::Void;
use crate::identity::{Certificate, DEVICES_MAX};

/// The leaves of a tree: whose device sits where.
pub type Leaves = BTreeMap<u32, Certificate>;

/// The public state that a record is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// What is agreed.
    pub facts: &'a Facts,
    /// The leaves.
    pub leaves: &'a Leaves,
    /// Who has left by an entry of the log and has leaves or a place in the roster still.
    pub gone: &'a BTreeSet<UserId>,
    /// The chat's previous `mls` record, on which the record stands.
    pub after: Seq,
}

/// Who commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A leaf.
    Leaf(u32),
    /// A device that comes back from outside.
    Outside(Certificate),
}

/// What a commit would do.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Who commits.
    pub by: By,
    /// Devices that join.
    pub adds: Vec<Certificate>,
    /// Leaves that go.
    pub removes: Vec<u32>,
    /// What would be agreed.
    pub facts: Facts,
    /// The changes of the server's list that go with it.
    pub changes: Vec<MemberChange>,
    /// In a re-join: who has left, as its sender sees it.
    pub gone: BTreeSet<UserId>,
    /// The chains of the users that are touched.
    pub chains: Chains,
}

/// Whether the commit counts.
pub fn check(before: Before<'_>, proposed: &Proposed) -> Result<(), Void> {
    match &proposed.by {
        By::Leaf(leaf) => {
            let committer = before.leaves.get(leaf).ok_or(Void::NotTheSender)?;
            let case = Case { before, proposed, committer };
            case.check_devices()?;
            case.check_roster()?;
            case.check_settings()?;
            case.check_changes()?;
            case.check_removals()?;
            check_whole(&proposed.facts, &after(before.leaves, proposed))
        }
        By::Outside(device) => check_rejoin(before, proposed, device),
    }
}

/// The leaves after the commit; where exactly the new ones sit does not matter here.
pub(crate) fn after(leaves: &Leaves, proposed: &Proposed) -> Vec<Certificate> {
    let stay = leaves.iter().filter(|(leaf, _)| !proposed.removes.contains(leaf));
    let mut after: Vec<_> = stay.map(|(_, certificate)| certificate.clone()).collect();
    after.extend(proposed.adds.iter().cloned());
    if let By::Outside(device) = &proposed.by {
        after.push(device.clone());
    }
    after
}

/// Whether the first state of a group is one, as `creator` founds it.
pub fn check_founding(
    chat: ChatId,
    stands_on: Seq,
    creator: &Certificate,
    facts: &Facts,
    leaves: &[Certificate],
    chains: &Chains,
) -> Result<(), Void> {
    if facts.chat != chat || facts.history_from.is_some() || facts.members.is_empty() {
        return Err(Void::Facts);
    }
    for member in &facts.members {
        let chain = chains.get(&member.user).ok_or(Void::Evidence)?;
        let founder = matches!(chat, ChatId::Group(_)) && member.user == creator.user;
        let role = if founder { Role::Owner } else { Role::Member };
        if member.role != role || member.since != stands_on {
            return Err(Void::Facts);
        }
        if member.pin != chain.pin() {
            return Err(Void::Chain);
        }
    }
    if facts.role(creator.user).is_none() {
        return Err(Void::NotAMember);
    }
    check_live(leaves, facts, chains)?;
    check_whole(facts, leaves)
}

/// Whether a reset keeps to what was agreed: the same members less some, by somebody who may.
pub fn check_reset(
    before: Before<'_>,
    by: &Certificate,
    facts: &Facts,
    leaves: &[Certificate],
    chains: &Chains,
) -> Result<(), Void> {
    let agreed = before.facts;
    let role = agreed.role(by.user).ok_or(Void::Reset)?;
    let leaders = agreed.members.iter().any(|member| member.role >= Role::Admin);
    if leaders && role < Role::Admin {
        return Err(Void::Reset);
    }
    let stays = |user| facts.member(user).is_some();
    if facts.role(by.user).is_none() || before.gone.iter().any(|user| stays(*user)) {
        return Err(Void::Reset);
    }
    let mut expected = agreed.without(|user| !stays(user));
    for member in &mut expected.members {
        let chain = chains.get(&member.user).ok_or(Void::Evidence)?;
        chain.against(&member.pin).map_err(|_| Void::Chain)?;
        member.pin = chain.pin();
    }
    if expected != *facts {
        return Err(Void::Reset);
    }
    let removed = agreed.members.iter().filter(|member| !stays(member.user));
    for member in removed.filter(|member| !before.gone.contains(&member.user)) {
        if !may_remove(role, member.role) {
            return Err(Void::MayNotRemove);
        }
    }
    check_live(leaves, facts, chains)?;
    check_whole(facts, leaves)
}

/// Every leaf is a live device of a member.
fn check_live(leaves: &[Certificate], facts: &Facts, chains: &Chains) -> Result<(), Void> {
    for leaf in leaves {
        facts.member(leaf.user).ok_or(Void::NotAMember)?;
        let chain = chains.get(&leaf.user).ok_or(Void::Evidence)?;
        if !chain.is_live(leaf) {
            return Err(Void::NotLive);
        }
    }
    Ok(())
}

/// What holds of every state.
fn check_whole(facts: &Facts, leaves: &[Certificate]) -> Result<(), Void> {
    if facts.members.len() > MEMBERS_MAX || leaves.len() > LEAVES_MAX {
        return Err(Void::TooMany);
    }
    match facts.chat {
        ChatId::Direct(low, high) => {
            let users: BTreeSet<_> = facts.members.iter().map(|member| member.user).collect();
            let roles = facts.members.iter().all(|member| member.role == Role::Member);
            if users != BTreeSet::from([low, high]) || !roles {
                return Err(Void::NotDirect);
            }
        }
        ChatId::Group(_) => {
            if !facts.members.iter().any(|member| member.role == Role::Owner) {
                return Err(Void::MayNotChange);
            }
        }
        ChatId::Inbox(_) => return Err(Void::Facts),
    }
    let mut devices = BTreeSet::new();
    let mut per_user = BTreeMap::<UserId, usize>::new();
    for leaf in leaves {
        facts.member(leaf.user).ok_or(Void::NotAMember)?;
        let count = per_user.entry(leaf.user).or_default();
        *count += 1;
        if *count > DEVICES_MAX || !devices.insert(leaf.device) {
            return Err(Void::TooMany);
        }
    }
    Ok(())
}

/// Exactly one device comes back, in place of at most its own old leaf; nothing else changes.
fn check_rejoin(before: Before<'_>, proposed: &Proposed, device: &Certificate) -> Result<(), Void> {
    if !proposed.adds.is_empty() || !proposed.changes.is_empty() || proposed.facts != *before.facts {
        return Err(Void::NotARejoin);
    }
    if proposed.gone != *before.gone || before.gone.contains(&device.user) {
        return Err(Void::StillThere);
    }
    match proposed.removes.as_slice() {
        [] => {}
        [leaf] if before.leaves.get(leaf) == Some(device) => {}
        _ => return Err(Void::NotARejoin),
    }
    let member = before.facts.member(device.user).ok_or(Void::NotAMember)?;
    let chain = proposed.chains.get(&device.user).ok_or(Void::Evidence)?;
    chain.against(&member.pin).map_err(|_| Void::Chain)?;
    if !chain.is_live(device) {
        return Err(Void::NotLive);
    }
    check_whole(before.facts, &after(before.leaves, proposed))
}

fn may_remove(committer: Role, other: Role) -> bool {
    committer == Role::Owner || (committer == Role::Admin && other == Role::Member)
}

struct Case<'a> {
    before: Before<'a>,
    proposed: &'a Proposed,
    committer: &'a Certificate,
}

impl Case<'_> {
    fn role(&self) -> Option<Role> {
        self.before.facts.role(self.committer.user)
    }

    fn leaf(&self, leaf: u32) -> Option<&Certificate> {
        self.before.leaves.get(&leaf)
    }

    /// The users that the commit touches: leaves that come or go, a place in the roster, a pin.
    fn touched(&self) -> BTreeSet<UserId> {
        let leaves = self.proposed.removes.iter().filter_map(|leaf| self.leaf(*leaf));
        let mut touched: BTreeSet<_> =
            leaves.chain(&self.proposed.adds).map(|certificate| certificate.user).collect();
        for member in &self.proposed.facts.members {
            let known = self.before.facts.member(member.user);
            if known.is_none_or(|known| known.pin != member.pin) {
                touched.insert(member.user);
            }
        }
        touched
    }

    /// After the commit every leaf of a touched user is a live device of the evidence chain, the chain goes
    /// on from the pin, and the roster pins it.
    fn check_devices(&self) -> Result<(), Void> {
        let leaves = after(self.before.leaves, self.proposed);
        for user in self.touched() {
            let Some(member) = self.proposed.facts.member(user) else {
                if leaves.iter().any(|leaf| leaf.user == user) {
                    return Err(Void::NotAMember);
                }
                continue;
            };
            let chain = self.proposed.chains.get(&user).ok_or(Void::Evidence)?;
            if let Some(known) = self.before.facts.member(user) {
                chain.against(&known.pin).map_err(|_| Void::Chain)?;
            }
            if member.pin != chain.pin() {
                return Err(Void::Chain);
            }
            if leaves.iter().any(|leaf| leaf.user == user && !chain.is_live(leaf)) {
                return Err(Void::NotLive);
            }
        }
        Ok(())
    }

    /// Who comes stands at the end, as a member; who goes may be sent by this committer, or has left.
    fn check_roster(&self) -> Result<(), Void> {
        let (old, new) = (self.before.facts, &self.proposed.facts);
        let stays = |user| new.member(user).is_some();
        if self.before.gone.iter().any(|user| stays(*user)) {
            return Err(Void::StillThere);
        }
        // Who has left is followed first, so that roles are judged in the group that is.
        let rest = old.without(|user| self.before.gone.contains(&user));
        let role = rest.role(self.committer.user).ok_or(Void::NotAMember)?;
        let kept: Vec<_> = rest.members.iter().filter(|member| stays(member.user)).collect();
        for member in rest.members.iter().filter(|member| !stays(member.user)) {
            if !may_remove(role, member.role) {
                return Err(Void::MayNotRemove);
            }
        }
        let (same, come) = new.members.split_at_checked(kept.len()).ok_or(Void::Facts)?;
        for (was, is) in kept.into_iter().zip(same) {
            self.check_kept(was, is, role)?;
        }
        for member in come {
            if old.member(member.user).is_some() {
                return Err(Void::Facts);
            }
            if !rest.may_add(self.committer.user) {
                return Err(Void::MayNotAdd);
            }
            if member.role != Role::Member || member.since != new.since_for(self.before.after) {
                return Err(Void::Facts);
            }
        }
        Ok(())
    }

    fn check_kept(&self, was: &Member, is: &Member, committer: Role) -> Result<(), Void> {
        if was.user != is.user || was.since != is.since {
            return Err(Void::Facts);
        }
        if was.role != is.role && committer != Role::Owner {
            return Err(Void::MayNotChange);
        }
        Ok(())
    }

    fn check_settings(&self) -> Result<(), Void> {
        let (old, new) = (self.before.facts, &self.proposed.facts);
        if old.chat != new.chat {
            return Err(Void::Facts);
        }
        let changed = old.who_may_add != new.who_may_add || old.history_from != new.history_from;
        let owner = match old.chat {
            ChatId::Direct(..) => false,
            _ => self.role() == Some(Role::Owner),
        };
        if changed && !owner { Err(Void::MayNotChange) } else { Ok(()) }
    }

    /// Every difference of the roster is a change of the server's list, and every change says what the
    /// roster says; more of them bring the server's list back in line.
    fn check_changes(&self) -> Result<(), Void> {
        let (old, new) = (self.before.facts, &self.proposed.facts);
        let changes = &self.proposed.changes;
        for change in changes {
            let role = new.role(change.user_id);
            let true_of_roster = match change.change {
                MembershipChange::Added => role.is_some(),
                MembershipChange::Removed => role.is_none(),
                MembershipChange::Role => role.is_some() && role == change.role,
                MembershipChange::Left => false,
            };
            if !true_of_roster {
                return Err(Void::Changes);
            }
        }
        let said = |user, what| changes.iter().any(|c| c.user_id == user && c.change == what);
        let rest = old.without(|user| self.before.gone.contains(&user));
        for member in &new.members {
            let missing = match rest.role(member.user) {
                None => !said(member.user, MembershipChange::Added),
                Some(role) => role != member.role && !said(member.user, MembershipChange::Role),
            };
            if missing {
                return Err(Void::Changes);
            }
        }
        let removed = rest.members.iter().filter(|member| new.member(member.user).is_none());
        if removed.into_iter().any(|member| !said(member.user, MembershipChange::Removed)) {
            return Err(Void::Changes);
        }
        Ok(())
    }

    /// A leaf goes if its user goes, its device is revoked, it is added again, it belongs to the committer's
    /// own user, or an owner or admin prunes it.
    fn check_removals(&self) -> Result<(), Void> {
        for index in &self.proposed.removes {
            let leaf = self.leaf(*index).ok_or(Void::Mls)?;
            let goes = self.proposed.facts.member(leaf.user).is_none();
            let revoked =
                self.proposed.chains.get(&leaf.user).is_some_and(|chain| chain.is_revoked(leaf.device));
            let again = self.proposed.adds.iter().any(|add| add == leaf);
            let own = leaf.user == self.committer.user;
            let prunes = self.role() >= Some(Role::Admin);
            if !(goes || revoked || again || own || prunes) {
                return Err(Void::MayNotRemove);
            }
        }
        Ok(())
    }
}
