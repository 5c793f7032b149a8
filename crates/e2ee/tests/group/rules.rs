//! The rules one by one, as a pure function: no MLS, no server.

use std::collections::BTreeSet;

use chinwag_e2ee::group::facts::{Facts, Member};
use chinwag_e2ee::group::rules::{Before, By, Leaves, Proposed, check, check_founding, check_reset};
use chinwag_e2ee::group::{Chains, Void};
use chinwag_e2ee::identity::Certificate;
use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{MemberChange, MembershipChange, Role, Seq, UserId};

use super::world::{Dice, Person, seq, user};

/// A group: user 1 owns it, 2 is admin, 3 and 4 are members, 5 is a stranger; a device each.
struct Case {
    people: Vec<Person>,
    devices: Vec<Certificate>,
    facts: Facts,
    leaves: Leaves,
    gone: BTreeSet<UserId>,
    dice: Dice,
}

impl Case {
    fn new() -> Self {
        let mut dice = Dice::new(1);
        let (people, devices): (Vec<_>, Vec<_>) = (1..=5)
            .map(|number| {
                let (person, device) = Person::new(number, &mut dice);
                (person, device.certificate)
            })
            .unzip();
        let roles = [Role::Owner, Role::Admin, Role::Member, Role::Member];
        let member = |(person, role): (&Person, &Role)| Member {
            user: person.user,
            role: *role,
            pin: person.chain().pin(),
            since: seq(1),
        };
        let facts = Facts {
            chat: "g.1".parse().unwrap(),
            who_may_add: WhoMayAdd::Admins,
            history_from: None,
            members: people.iter().zip(&roles).map(member).collect(),
        };
        let leaves = (0..).zip(devices.iter().take(4).cloned()).collect();
        Self { people, devices, facts, leaves, gone: BTreeSet::new(), dice }
    }

    /// A commit by this user that changes nothing.
    fn by(&self, number: u32) -> Proposed {
        Proposed {
            by: By::Leaf(number - 1),
            adds: Vec::new(),
            removes: Vec::new(),
            facts: self.facts.clone(),
            changes: Vec::new(),
            gone: BTreeSet::new(),
            chains: Chains::new(),
        }
    }

    fn chains(&self, users: &[usize]) -> Chains {
        users.iter().map(|number| (user(*number as u64), self.people[number - 1].chain())).collect()
    }

    fn check(&self, proposed: &Proposed) -> Result<(), Void> {
        let before = Before { facts: &self.facts, leaves: &self.leaves, gone: &self.gone, after: seq(9) };
        check(before, proposed)
    }

    /// User 5 is added by this user.
    fn adding(&self, number: u32) -> Proposed {
        let mut proposed = self.by(number);
        let pin = self.people[4].chain().pin();
        proposed.facts.members.push(Member { user: user(5), role: Role::Member, pin, since: seq(9) });
        proposed.adds.push(self.devices[4].clone());
        proposed.changes.push(change(5, MembershipChange::Added, Some(Role::Member)));
        proposed.chains = self.chains(&[5]);
        proposed
    }

    /// One user removes another.
    fn removing(&self, number: u32, other: u32) -> Proposed {
        let mut proposed = self.by(number);
        proposed.facts.members.retain(|member| member.user != user(u64::from(other)));
        proposed.removes.push(other - 1);
        proposed.changes.push(change(u64::from(other), MembershipChange::Removed, None));
        proposed
    }
}

fn change(number: u64, change: MembershipChange, role: Option<Role>) -> MemberChange {
    MemberChange { user_id: user(number), change, role }
}

#[test]
fn an_update_counts_and_so_does_what_is_allowed() {
    let case = Case::new();
    for number in 1..=4 {
        assert_eq!(case.check(&case.by(number)), Ok(()));
    }
    assert_eq!(case.check(&case.adding(1)), Ok(()));
    assert_eq!(case.check(&case.adding(2)), Ok(()));
    assert_eq!(case.check(&case.removing(1, 2)), Ok(()));
    assert_eq!(case.check(&case.removing(2, 3)), Ok(()));
}

#[test]
fn check_01_a_leaf_that_is_not_live_under_the_pinned_root_voids_the_commit() {
    let mut case = Case::new();
    let (ghost, ghost_device) = Person::new(3, &mut Dice::new(99));
    let mut proposed = case.by(1);
    proposed.adds.push(ghost_device.certificate);
    assert_eq!(case.check(&proposed), Err(Void::Evidence));
    proposed.chains = case.chains(&[3]);
    assert_eq!(case.check(&proposed), Err(Void::NotLive));
    proposed.chains = [(user(3), ghost.chain())].into();
    assert_eq!(case.check(&proposed), Err(Void::Chain), "another root");
    let device = case.people[2].link(&mut case.dice).certificate;
    case.people[2].revoke(device.device);
    let mut revoked = case.by(1);
    revoked.adds.push(device);
    revoked.chains = case.chains(&[3]);
    revoked.facts.members[2].pin = case.people[2].chain().pin();
    assert_eq!(case.check(&revoked), Err(Void::NotLive));
}

#[test]
fn check_02_a_new_device_needs_a_link_of_its_users_chain() {
    let mut case = Case::new();
    let device = case.people[2].link(&mut case.dice).certificate;
    let mut proposed = case.by(1);
    proposed.adds.push(device);
    proposed.facts.members[2].pin = case.people[2].chain().pin();
    let without = Chains::from([(user(3), {
        let links = &case.people[2].links[..1];
        chinwag_e2ee::identity::Chain::verify(None, user(3), links).unwrap()
    })]);
    assert_eq!(case.check(&Proposed { chains: without, ..proposed.clone() }), Err(Void::Chain));
    proposed.chains = case.chains(&[3]);
    assert_eq!(case.check(&proposed), Ok(()));
}

#[test]
fn check_03_a_chain_never_falls_below_its_pin() {
    let mut case = Case::new();
    let old = case.chains(&[3]);
    case.people[2].link(&mut case.dice);
    case.facts.members[2].pin = case.people[2].chain().pin();
    let mut proposed = case.by(1);
    proposed.facts.members[2].pin = old[&user(3)].pin();
    proposed.chains = old;
    assert_eq!(case.check(&proposed), Err(Void::Chain));
}

#[test]
fn check_04_a_leaf_goes_only_for_a_reason() {
    let mut case = Case::new();
    let mut take_out = case.by(4);
    take_out.removes.push(2);
    take_out.chains = case.chains(&[3]);
    assert_eq!(case.check(&take_out), Err(Void::MayNotRemove), "a member prunes nobody");
    for by in [1, 2] {
        let proposed = Proposed { by: By::Leaf(by - 1), ..take_out.clone() };
        assert_eq!(case.check(&proposed), Ok(()), "an owner or admin does");
    }
    let again = Proposed { adds: vec![case.devices[2].clone()], ..take_out.clone() };
    assert_eq!(case.check(&again), Ok(()), "and whoever is added again");
    let second = case.people[3].link(&mut case.dice).certificate;
    case.leaves.insert(7, second);
    case.facts.members[3].pin = case.people[3].chain().pin();
    let mut own = case.by(4);
    own.removes.push(7);
    own.chains = case.chains(&[4]);
    assert_eq!(case.check(&own), Ok(()), "one's own");
    case.people[2].revoke(case.devices[2].device);
    let mut revoked = case.by(4);
    revoked.removes.push(2);
    revoked.chains = case.chains(&[3]);
    revoked.facts.members[2].pin = case.people[2].chain().pin();
    assert_eq!(case.check(&revoked), Ok(()), "revoked");
    let kept = Proposed { removes: Vec::new(), ..revoked };
    assert_eq!(case.check(&kept), Err(Void::NotLive), "who is revoked may not stay");
}

#[test]
fn check_05_only_whom_the_roster_allows_adds_removes_and_changes() {
    let case = Case::new();
    assert_eq!(case.check(&case.adding(3)), Err(Void::MayNotAdd));
    assert_eq!(case.check(&case.removing(3, 4)), Err(Void::MayNotRemove));
    assert_eq!(case.check(&case.removing(2, 1)), Err(Void::MayNotRemove));
    for by in [2, 3] {
        let mut role = case.by(by);
        role.facts.members[3].role = Role::Admin;
        role.changes.push(change(4, MembershipChange::Role, Some(Role::Admin)));
        assert_eq!(case.check(&role), Err(Void::MayNotChange));
        let mut settings = case.by(by);
        settings.facts.who_may_add = WhoMayAdd::Members;
        assert_eq!(case.check(&settings), Err(Void::MayNotChange));
        settings.facts = Facts { history_from: Some(Seq::ZERO), ..case.facts.clone() };
        assert_eq!(case.check(&settings), Err(Void::MayNotChange));
    }
    let mut abdicate = case.by(1);
    abdicate.facts.members[0].role = Role::Member;
    abdicate.changes.push(change(1, MembershipChange::Role, Some(Role::Member)));
    assert_eq!(case.check(&abdicate), Err(Void::MayNotChange), "there is an owner always");
}

#[test]
fn check_05_whoever_is_added_comes_last_as_a_member_and_reads_from_now() {
    let case = Case::new();
    let good = case.adding(1);
    let with = |edit: &dyn Fn(&mut Proposed)| {
        let mut proposed = good.clone();
        edit(&mut proposed);
        case.check(&proposed)
    };
    assert_eq!(with(&|p| p.facts.members[4].role = Role::Admin), Err(Void::Facts));
    assert_eq!(with(&|p| p.facts.members[4].since = seq(2)), Err(Void::Facts));
    assert_eq!(with(&|p| p.facts.members.swap(0, 4)), Err(Void::Facts));
    assert_eq!(with(&|p| p.facts.members[2].since = Seq::ZERO), Err(Void::Facts));
    assert_eq!(with(&|p| p.chains.clear()), Err(Void::Evidence));
    assert_eq!(with(&|p| p.facts.chat = "g.2".parse().unwrap()), Err(Void::Facts));
}

#[test]
fn the_servers_list_changes_as_the_roster_does() {
    let case = Case::new();
    let mut silent = case.adding(1);
    silent.changes.clear();
    assert_eq!(case.check(&silent), Err(Void::Changes));
    let mut silent = case.removing(1, 3);
    silent.changes.clear();
    assert_eq!(case.check(&silent), Err(Void::Changes));
    let mut lie = case.by(1);
    lie.changes.push(change(3, MembershipChange::Removed, None));
    assert_eq!(case.check(&lie), Err(Void::Changes));
    let mut in_line = case.by(1);
    in_line.changes.push(change(5, MembershipChange::Removed, None));
    in_line.changes.push(change(3, MembershipChange::Added, Some(Role::Member)));
    assert_eq!(case.check(&in_line), Ok(()), "the server's list is brought back in line");
}

#[test]
fn check_06_from_outside_comes_nothing_but_a_device_that_was_inside() {
    let mut case = Case::new();
    let back = Proposed {
        by: By::Outside(case.devices[2].clone()),
        removes: vec![2],
        chains: case.chains(&[3]),
        ..case.by(1)
    };
    assert_eq!(case.check(&back), Ok(()));
    let with = |edit: &dyn Fn(&mut Proposed)| {
        let mut proposed = back.clone();
        edit(&mut proposed);
        case.check(&proposed)
    };
    assert_eq!(with(&|p| p.removes = vec![3]), Err(Void::NotARejoin), "another's leaf");
    assert_eq!(with(&|p| p.removes = vec![2, 3]), Err(Void::NotARejoin));
    assert_eq!(with(&|p| p.removes.clear()), Err(Void::TooMany), "twice inside");
    assert_eq!(with(&|p| p.facts.who_may_add = WhoMayAdd::Members), Err(Void::NotARejoin));
    assert_eq!(with(&|p| p.adds.push(case.devices[4].clone())), Err(Void::NotARejoin));
    assert_eq!(with(&|p| p.changes.push(change(3, MembershipChange::Added, None))), Err(Void::NotARejoin));
    assert_eq!(with(&|p| p.gone = [user(4)].into()), Err(Void::StillThere));
    let stranger = Proposed {
        by: By::Outside(case.devices[4].clone()),
        removes: Vec::new(),
        chains: case.chains(&[5]),
        ..case.by(1)
    };
    assert_eq!(case.check(&stranger), Err(Void::NotAMember));
    let thief = case.devices[2].clone();
    let old = case.chains(&[3]);
    case.people[2].revoke(thief.device);
    case.facts.members[2].pin = case.people[2].chain().pin();
    case.leaves.remove(&2);
    let thief = Proposed { by: By::Outside(thief), removes: Vec::new(), chains: old, ..case.by(1) };
    assert_eq!(case.check(&thief), Err(Void::Chain), "with the chain from before");
    let thief = Proposed { chains: case.chains(&[3]), ..thief };
    assert_eq!(case.check(&thief), Err(Void::NotLive), "with the chain as it is");
}

#[test]
fn who_has_left_is_removed_by_the_next_commit_or_it_does_not_count() {
    let mut case = Case::new();
    case.gone.insert(user(1));
    assert_eq!(case.check(&case.by(3)), Err(Void::StillThere));
    let mut next = case.by(3);
    next.facts.members.remove(0);
    next.removes.push(0);
    assert_eq!(case.check(&next), Err(Void::MayNotChange), "somebody follows");
    next.facts.members[0].role = Role::Owner;
    assert_eq!(case.check(&next), Ok(()));
    let mut grab = next.clone();
    grab.facts.members[0].role = Role::Admin;
    grab.facts.members[1].role = Role::Owner;
    assert_eq!(case.check(&grab), Err(Void::MayNotChange), "the first admin follows, nobody else");
}

#[test]
fn a_founding_is_by_a_member_with_live_devices_only() {
    let case = Case::new();
    let mut facts = case.facts.clone();
    facts.members[1].role = Role::Member;
    let leaves: Vec<_> = case.leaves.values().cloned().collect();
    let chains = case.chains(&[1, 2, 3, 4]);
    let check = |facts: &Facts, leaves: &[Certificate], chains: &Chains| {
        check_founding(facts.chat, seq(1), &case.devices[0], facts, leaves, chains)
    };
    assert_eq!(check(&facts, &leaves, &chains), Ok(()));
    assert_eq!(check(&case.facts, &leaves, &chains), Err(Void::Facts), "one owner, members");
    assert_eq!(check(&facts, &leaves, &case.chains(&[1, 2, 3])), Err(Void::Evidence));
    let ghost = Person::new(3, &mut Dice::new(99)).1.certificate;
    let with_ghost = [leaves.clone(), vec![ghost]].concat();
    assert_eq!(check(&facts, &with_ghost, &chains), Err(Void::NotLive));
    let with_stranger = [leaves, vec![case.devices[4].clone()]].concat();
    assert_eq!(check(&facts, &with_stranger, &chains), Err(Void::NotAMember));
}

#[test]
fn a_reset_keeps_to_what_was_agreed() {
    let case = Case::new();
    let chains = case.chains(&[1, 2, 3, 4]);
    let check = |by: usize, facts: &Facts| {
        let before = Before { facts: &case.facts, leaves: &case.leaves, gone: &case.gone, after: seq(9) };
        let leaves: Vec<_> =
            case.leaves.values().filter(|leaf| facts.member(leaf.user).is_some()).cloned().collect();
        check_reset(before, &case.devices[by - 1], facts, &leaves, &chains)
    };
    assert_eq!((check(1, &case.facts), check(2, &case.facts)), (Ok(()), Ok(())));
    assert_eq!(check(3, &case.facts), Err(Void::Reset));
    let mut fewer = case.facts.clone();
    fewer.members.remove(3);
    assert_eq!(check(2, &fewer), Ok(()));
    let mut coup = case.facts.clone();
    coup.members.remove(0);
    coup.members[0].role = Role::Owner;
    assert_eq!(check(2, &coup), Err(Void::MayNotRemove));
    let mut more = case.facts.clone();
    more.members[2].role = Role::Admin;
    assert_eq!(check(1, &more), Err(Void::Reset));
}
