//! Groups: who may change members, roles and settings, and who follows a last owner.
//!
//! What is so already makes no entry: adding members, giving the role that somebody has and setting
//! what is set are answered as duplicates of the last entry that changed the state.

use std::collections::BTreeSet;

use chinwag_proto::entry::{ChatChange, Encryption, Founder, History, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{Body, ChatId, MemberChange, MembershipChange, Role, UserId};

use super::Chat;
use super::decide::{Asker, Stop};
use crate::outcome::Refusal;
use crate::record::{Ask, Record, RuleLimits};

const OWNERS_GIVE_ROLES: Refusal = Refusal::Forbidden("only an owner gives roles");
const ADMINS_REMOVE_MEMBERS: Refusal =
    Refusal::Forbidden("an admin removes members, neither admins nor owners");
const ADMINS_REMOVE: Refusal = Refusal::Forbidden("only owners and admins remove others");
const NOT_TO_ADD: Refusal = Refusal::Forbidden("in this group only owners and admins add members");

/// Who follows an owner that goes.
enum Successor {
    /// Nobody: there is another owner.
    NotNeeded,
    /// The oldest admin, else the oldest member.
    Next(UserId),
    /// Nobody is left.
    Nobody,
}

impl Chat {
    pub(super) fn decide_create(&self, record: &Record) -> Result<Body, Stop> {
        let Ask::Create { title, members, encryption, history } = &record.ask else {
            return Err(Refusal::NoChat.into());
        };
        if record.after.is_some() {
            return Err(Refusal::Invalid("a group begins without `after`").into());
        }
        match (encryption, title) {
            (Encryption::Mls, Some(_)) => return Err(Refusal::EncryptionRequired.into()),
            (Encryption::None, None) => return Err(Refusal::Invalid("a group needs a `title`").into()),
            _ => {}
        }
        let mut named = BTreeSet::from([record.sender]);
        let owner = Founder { user_id: record.sender, role: Role::Owner };
        let others = members.iter().filter(|user| named.insert(**user));
        let others = others.map(|user| Founder { user_id: *user, role: Role::Member });
        let founders: Vec<Founder> = std::iter::once(owner).chain(others).collect();
        check_size(founders.len(), *encryption, record.limits)?;
        Ok(Body::Chat(ChatChange {
            title: title.clone(),
            members: Some(founders),
            encryption: Some(*encryption),
            history: Some(*history),
            who_may_add: None,
        }))
    }

    pub(super) fn decide_add(&self, asker: Asker<'_>, users: &[UserId]) -> Result<Body, Stop> {
        self.check_may_add(asker)?;
        let mut named = BTreeSet::new();
        let new = users.iter().filter(|user| !self.state.members.contains_key(user) && named.insert(**user));
        let changes: Vec<MemberChange> =
            new.map(|user| change(*user, MembershipChange::Added, Some(Role::Member))).collect();
        if changes.is_empty() {
            return Err(Stop::Duplicate(self.head.state_seq));
        }
        let size = self.state.members.len().saturating_add(changes.len());
        check_size(size, self.state.settings.encryption, asker.record.limits)?;
        Ok(Body::Member { changes })
    }

    pub(super) fn decide_remove(&self, asker: Asker<'_>, user: UserId) -> Result<Body, Stop> {
        if user != asker.record.sender {
            self.check_may_remove(asker, user)?;
            return Ok(Body::Member { changes: vec![change(user, MembershipChange::Removed, None)] });
        }
        let mut changes = vec![change(user, MembershipChange::Left, None)];
        if asker.member.role == Role::Owner
            && let Successor::Next(next) = self.successor(user)
        {
            changes.push(change(next, MembershipChange::Role, Some(Role::Owner)));
        }
        Ok(Body::Member { changes })
    }

    /// A last owner who steps down is followed as if he left; alone in the group he stays the owner.
    pub(super) fn decide_role(&self, asker: Asker<'_>, user: UserId, role: Role) -> Result<Body, Stop> {
        if asker.member.role != Role::Owner {
            return Err(OWNERS_GIVE_ROLES.into());
        }
        let member = self.state.members.get(&user).ok_or(Refusal::NoSuchMember)?;
        let unchanged = Stop::Duplicate(self.head.state_seq);
        if member.role == role {
            return Err(unchanged);
        }
        let mut changes = vec![change(user, MembershipChange::Role, Some(role))];
        if member.role == Role::Owner {
            match self.successor(user) {
                Successor::NotNeeded => {}
                Successor::Next(next) => {
                    changes.push(change(next, MembershipChange::Role, Some(Role::Owner)))
                }
                Successor::Nobody => return Err(unchanged),
            }
        }
        Ok(Body::Member { changes })
    }

    /// The entry names what changes, not what was set already.
    pub(super) fn decide_update(
        &self,
        asker: Asker<'_>,
        title: Option<&Name>,
        history: Option<History>,
        who_may_add: Option<WhoMayAdd>,
    ) -> Result<Body, Stop> {
        let settings = &self.state.settings;
        let owner = asker.member.role == Role::Owner;
        if (history.is_some() || who_may_add.is_some()) && !owner {
            return Err(Refusal::Forbidden("only an owner changes `history` and `whoMayAdd`").into());
        }
        if asker.member.role < Role::Admin {
            return Err(Refusal::Forbidden("only owners and admins change a group's title").into());
        }
        let change = ChatChange {
            title: title.filter(|title| settings.title.as_ref() != Some(*title)).cloned(),
            members: None,
            encryption: None,
            history: history.filter(|history| settings.history != *history),
            who_may_add: who_may_add.filter(|who| settings.who_may_add != *who),
        };
        if change == ChatChange::default() {
            return Err(Stop::Duplicate(self.head.state_seq));
        }
        Ok(Body::Chat(change))
    }

    /// Whether the changes bound to an MLS record may be made, all of them. They are signed and stand
    /// in the entry as they were sent: adding a member, removing one who went in the meantime and
    /// giving the role that somebody has are passed over, and a successor has to be named.
    pub(super) fn check_changes(&self, asker: Asker<'_>, changes: &[MemberChange]) -> Result<(), Refusal> {
        if changes.is_empty() {
            return Ok(());
        }
        if !matches!(self.id, ChatId::Group(_)) {
            return Err(Refusal::Invalid(
                "the members of a direct chat are those of its id: `changes` is empty",
            ));
        }
        let members = &self.state.members;
        let mut named = BTreeSet::new();
        let mut size = members.len();
        let mut owners = members.values().filter(|member| member.role == Role::Owner).count();
        let mut grows = false;
        for change in changes {
            if !named.insert(change.user_id) {
                return Err(Refusal::Invalid("a user stands at most once in `changes`"));
            }
            self.check_change(asker, change)?;
            let before = members.get(&change.user_id).map(|member| member.role);
            owners = owners.saturating_sub(usize::from(before == Some(Role::Owner)));
            let after = match change.change {
                MembershipChange::Added => before.or(Some(Role::Member)),
                MembershipChange::Role => change.role,
                MembershipChange::Removed | MembershipChange::Left => None,
            };
            owners = owners.saturating_add(usize::from(after == Some(Role::Owner)));
            match (before, after) {
                (None, Some(_)) => (size, grows) = (size.saturating_add(1), true),
                (Some(_), None) => size = size.saturating_sub(1),
                _ => {}
            }
        }
        if owners == 0 {
            return Err(Refusal::Invalid(
                "these changes leave the group without an owner: name the next one, too",
            ));
        }
        if grows { check_size(size, self.state.settings.encryption, asker.record.limits) } else { Ok(()) }
    }

    fn check_change(&self, asker: Asker<'_>, change: &MemberChange) -> Result<(), Refusal> {
        let user = change.user_id;
        match (change.change, change.role) {
            (MembershipChange::Added, None | Some(Role::Member)) => self.check_may_add(asker),
            (MembershipChange::Added, _) => Err(Refusal::Invalid("who is added begins as `member`")),
            (MembershipChange::Removed, None) if user == asker.record.sender => {
                Err(Refusal::Invalid("who leaves does so with a record of its own"))
            }
            (MembershipChange::Removed, None) => match self.check_may_remove(asker, user) {
                Err(Refusal::NoSuchMember) if self.state.former.contains_key(&user) => Ok(()),
                answer => answer,
            },
            (MembershipChange::Role, Some(_)) if asker.member.role != Role::Owner => Err(OWNERS_GIVE_ROLES),
            (MembershipChange::Role, Some(_)) if !self.state.members.contains_key(&user) => {
                Err(Refusal::NoSuchMember)
            }
            (MembershipChange::Role, Some(_)) => Ok(()),
            _ => Err(Refusal::Invalid(
                "`changes` are `added`, `removed` (without `role`) and `role` (with it)",
            )),
        }
    }

    fn check_may_add(&self, asker: Asker<'_>) -> Result<(), Refusal> {
        let everybody = self.state.settings.who_may_add == WhoMayAdd::Members;
        if everybody || asker.member.role >= Role::Admin { Ok(()) } else { Err(NOT_TO_ADD) }
    }

    /// Whether another may be removed.
    fn check_may_remove(&self, asker: Asker<'_>, user: UserId) -> Result<(), Refusal> {
        if asker.member.role == Role::Member {
            return Err(ADMINS_REMOVE);
        }
        let other = self.state.members.get(&user).ok_or(Refusal::NoSuchMember)?;
        if asker.member.role == Role::Admin && other.role != Role::Member {
            return Err(ADMINS_REMOVE_MEMBERS);
        }
        Ok(())
    }

    fn successor(&self, going: UserId) -> Successor {
        let others = || self.state.members.iter().filter(|(user, _)| **user != going);
        if others().any(|(_, member)| member.role == Role::Owner) {
            return Successor::NotNeeded;
        }
        let oldest =
            others().min_by_key(|(user, member)| (member.role != Role::Admin, member.joined, **user));
        oldest.map_or(Successor::Nobody, |(user, _)| Successor::Next(*user))
    }
}

fn change(user_id: UserId, change: MembershipChange, role: Option<Role>) -> MemberChange {
    MemberChange { user_id, change, role }
}

fn check_size(size: usize, encryption: Encryption, limits: RuleLimits) -> Result<(), Refusal> {
    let limit = match encryption {
        Encryption::None => limits.group_members,
        Encryption::Mls => limits.encrypted_group_members,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if size > limit { Err(Refusal::TooManyMembers { limit }) } else { Ok(()) }
}
