//! The life of a group as it should be.

use chinwag_e2ee::group::{Event, StageError, Standing, Verdict, Void, Wish, hand_over};
use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{Body, MemberChange, MembershipChange, Role, Seq};

use super::world::{NOW_MS, World, seq, user};

#[test]
fn two_devices_found_a_group_and_read_each_other() {
    let mut world = World::new("g.1", 2, 1);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    assert!(world.device(alice).in_step() && world.device(bob).in_step());
    let hello = world.say(alice, "hello").unwrap();
    world.sync_all();
    assert_eq!(world.read(bob, &hello).unwrap().content.fallback(), "hello");
    assert_eq!(world.read(alice, &hello).unwrap().content.fallback(), "hello");
    let back = world.say(bob, "hi").unwrap();
    assert_eq!(world.read(alice, &back).unwrap().content.fallback(), "hi");
}

#[test]
fn a_member_who_is_added_reads_from_there_on() {
    let mut world = World::new("g.1", 3, 2);
    world.found(&[1, 2]);
    let (alice, carol) = (world.first(1), world.first(3));
    let before = world.say(alice, "before").unwrap();
    let entry = world.commit(alice, &Wish { add_users: vec![user(3)], ..Wish::default() }, &[3]);
    let Body::Mls { changes, .. } = &entry.body else { panic!("no commit") };
    let added = MemberChange { user_id: user(3), change: MembershipChange::Added, role: Some(Role::Member) };
    assert_eq!(changes, &[added]);
    let later = world.say(alice, "later").unwrap();
    world.sync_all();
    assert!(world.read(carol, &before).is_err());
    assert_eq!(world.read(carol, &later).unwrap().content.fallback(), "later");
    assert_eq!(world.device(carol).group().facts().unwrap().member(user(3)).unwrap().since, seq(1));
}

#[test]
fn whoever_is_removed_reads_no_further() {
    let mut world = World::new("g.1", 3, 3);
    world.found(&[1, 2, 3]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    world.commit(alice, &Wish { remove_users: vec![user(3)], ..Wish::default() }, &[]);
    assert_eq!(world.device(carol).standing(), Some(Standing::Out));
    let secret = world.say(bob, "she is gone").unwrap();
    world.sync_all();
    assert!(world.read(carol, &secret).is_err());
    assert!(world.read(alice, &secret).is_ok());
}

#[test]
fn whoever_leaves_is_removed_by_the_next_commit_and_followed() {
    let mut world = World::new("g.1", 3, 4);
    world.found(&[1, 2, 3]);
    let (alice, bob) = (world.first(1), world.first(2));
    let from = world.device(alice).certificate.clone();
    let left = MemberChange { user_id: user(1), change: MembershipChange::Left, role: None };
    world.server.force(&from, None, "l1", Body::Member { changes: vec![left] });
    world.sync_all();
    assert!(world.device(bob).group().gone().contains(&user(1)));
    assert!(world.device(bob).group().behind(&Default::default()).unwrap().must_commit());
    world.commit(bob, &Wish::default(), &[]);
    let facts = world.device(bob).group().facts().unwrap();
    assert_eq!((facts.member(user(1)), facts.role(user(2))), (None, Some(Role::Owner)));
    assert!(world.device(bob).group().gone().is_empty());
    assert_eq!(world.device(alice).standing(), Some(Standing::Out));
}

#[test]
fn a_new_device_is_brought_in_and_a_revoked_one_put_out_by_any_member() {
    let mut world = World::new("g.1", 2, 5);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    let second = world.link(user(1));
    let behind = world.devices[&bob].group().behind(&world.chains()).unwrap();
    assert_eq!((behind.missing.len(), behind.newer, behind.revoked.len()), (1, vec![user(1)], 0));
    world.commit(bob, &Wish::default(), &[1]);
    assert!(world.device(second).in_step());
    world.people.get_mut(&user(1)).unwrap().revoke(alice);
    let behind = world.devices[&bob].group().behind(&world.chains()).unwrap();
    assert_eq!(behind.revoked, vec![(user(1), alice)]);
    world.commit(bob, &Wish::default(), &[1]);
    assert_eq!(world.device(alice).standing(), Some(Standing::Out));
    assert!(world.device(second).in_step());
}

#[test]
fn a_device_comes_back_from_outside_with_nobody_online() {
    let mut world = World::new("g.1", 2, 6);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    world.device(bob).lose_chat();
    world.rejoin(bob).unwrap();
    assert_eq!(world.device(bob).standing(), Some(Standing::ComingBack));
    world.send(bob).unwrap();
    world.sync_all();
    assert!(world.device(bob).in_step() && world.device(alice).in_step());
    assert_eq!(world.device(alice).group().leaves().unwrap().len(), 2, "the old leaf is gone");
    let hello = world.say(bob, "back").unwrap();
    assert_eq!(world.read(alice, &hello).unwrap().content.fallback(), "back");
}

#[test]
fn a_device_that_asks_is_removed_and_added_again() {
    let mut world = World::new("g.1", 2, 7);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    world.device(bob).lose_chat();
    world.commit(alice, &Wish { again: vec![bob], ..Wish::default() }, &[2]);
    assert!(world.device(bob).in_step());
    assert_eq!(world.device(alice).group().leaves().unwrap().len(), 2);
}

#[test]
fn an_owner_gives_roles_and_changes_settings_and_nobody_else_does() {
    let mut world = World::new("g.1", 3, 8);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    let add = Wish { add_users: vec![user(3)], ..Wish::default() };
    assert_eq!(world.stage(bob, &add, &[3]), Err(StageError::Void(Void::MayNotAdd)));
    let open = Wish { who_may_add: Some(WhoMayAdd::Members), ..Wish::default() };
    assert_eq!(world.stage(bob, &open, &[]), Err(StageError::Void(Void::MayNotChange)));
    let promote = Wish { roles: vec![(user(2), Role::Admin)], ..Wish::default() };
    assert_eq!(world.stage(bob, &promote, &[]), Err(StageError::Void(Void::MayNotChange)));
    world.commit(alice, &Wish { roles: promote.roles, ..open }, &[]);
    assert_eq!(world.device(bob).group().facts().unwrap().role(user(2)), Some(Role::Admin));
    world.commit(bob, &add, &[3]);
    let carol = world.first(3);
    assert!(world.device(carol).in_step());
    let down = Wish { remove_users: vec![user(1)], ..Wish::default() };
    assert_eq!(world.stage(bob, &down, &[]), Err(StageError::Void(Void::MayNotRemove)));
}

#[test]
fn history_is_handed_to_a_newcomer_from_where_the_owner_says() {
    let mut world = World::new("g.1", 3, 9);
    world.found(&[1, 2]);
    let (alice, carol) = (world.first(1), world.first(3));
    let secret = world.say(alice, "before history was on").unwrap();
    let here = world.device(alice).group().after();
    world.commit(alice, &Wish { history_from: Some(Some(here)), ..Wish::default() }, &[]);
    let shared = world.say(alice, "for who comes").unwrap();
    world.commit(alice, &Wish { add_users: vec![user(3)], ..Wish::default() }, &[3]);
    assert!(world.read(carol, &shared).is_err(), "not before the keys are handed over");
    let since = world.device(carol).group().facts().unwrap().member(user(3)).unwrap().since;
    assert_eq!(since, here);
    let (chat, mut dice) = (world.server.chat, world.dice.clone());
    let from = &world.devices[&alice];
    let to = &world.devices[&carol];
    let handed = hand_over::seal(
        chat,
        (&from.certificate, &from.keys),
        &to.certificate,
        since,
        &from.epochs,
        &mut dice,
    )
    .unwrap();
    let open = |from| hand_over::open(chat, from, (&to.certificate, &to.keys), since, &handed);
    assert_eq!(open(&to.certificate), Err(hand_over::HandOverError::Invalid), "shown as passed on by X");
    let records = open(&from.certificate).unwrap();
    let carol = world.device(carol);
    records.into_iter().for_each(|record| carol.epochs.insert(record));
    let carol = carol.id();
    assert_eq!(world.read(carol, &shared).unwrap().content.fallback(), "for who comes");
    assert!(world.read(carol, &secret).is_err(), "that was before");
}

#[test]
fn a_direct_chat_holds_its_two_users_and_notes_to_oneself_hold_one() {
    let mut world = World::new("d.1.2", 3, 10);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    assert!(world.device(bob).in_step());
    let add = Wish { add_users: vec![user(3)], ..Wish::default() };
    assert!(matches!(world.stage(alice, &add, &[3]), Err(StageError::Void(_))));
    let mut notes = World::new("d.1.1", 1, 11);
    notes.found(&[1]);
    let alice = notes.first(1);
    let second = notes.link(user(1));
    notes.commit(alice, &Wish::default(), &[1]);
    assert!(notes.device(second).in_step());
}

#[test]
fn a_reset_takes_the_place_of_a_group_that_nobody_can_follow() {
    let mut world = World::new("g.1", 3, 12);
    world.found(&[1, 2, 3]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    let old = world.device(alice).group().id();
    let supply = world.supply(alice, &[user(1), user(2), user(3)]);
    let device = world.device(alice);
    let (certificate, keys) = (device.certificate.clone(), &device.keys);
    let me = chinwag_e2ee::group::Me { certificate: &certificate, keys };
    device.group.as_mut().unwrap().reset(me, &[], &supply).unwrap();
    device.flush();
    world.send(alice).unwrap();
    world.sync_all();
    for id in [alice, bob, carol] {
        assert!(world.device(id).in_step());
        assert_ne!(world.device(id).group().id(), old);
    }
    let hello = world.say(carol, "all here").unwrap();
    assert!(world.read(bob, &hello).is_ok());
    let supply = world.supply(bob, &[user(1), user(2), user(3)]);
    let device = world.device(bob);
    let certificate = device.certificate.clone();
    let me = chinwag_e2ee::group::Me { certificate: &certificate, keys: &device.keys };
    let refused = device.group.as_mut().unwrap().reset(me, &[], &supply);
    assert_eq!(refused, Err(StageError::Void(Void::Reset)), "there is an owner");
}

#[test]
fn check_14_what_a_commit_changes_stands_in_the_timeline() {
    let mut world = World::new("g.1", 3, 13);
    world.found(&[1, 2]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    world.stage(alice, &Wish { add_users: vec![user(3)], ..Wish::default() }, &[3]).unwrap();
    world.send(alice).unwrap();
    let seen = world.sync(bob);
    let (_, outcome) = seen.last().unwrap();
    assert_eq!(outcome.verdict, Some(Verdict::Counts { own: false }));
    assert_eq!(outcome.events, vec![Event::MemberAdded(user(3)), Event::DeviceAdded(user(3), carol)]);
    let own = world.sync(alice);
    assert_eq!(own.last().unwrap().1.verdict, Some(Verdict::Counts { own: true }));
}

#[test]
fn a_crash_after_staging_loses_nothing_and_sends_the_same_bytes() {
    let mut world = World::new("g.1", 3, 14);
    world.found(&[1, 2]);
    let alice = world.first(1);
    world.stage(alice, &Wish { add_users: vec![user(3)], ..Wish::default() }, &[3]).unwrap();
    let before = world.device(alice).group().outgoing().unwrap().unwrap();
    world.device(alice).crash();
    assert_eq!(world.device(alice).group().outgoing().unwrap().unwrap(), before);
    world.send(alice).unwrap();
    world.sync_all();
    let carol = world.first(3);
    assert!(world.device(alice).in_step() && world.device(carol).in_step());
}

#[test]
fn of_two_commits_one_stands_and_the_wish_of_the_other_comes_back() {
    let mut world = World::new("g.1", 4, 15);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    let wish = Wish { roles: vec![(user(2), Role::Admin)], ..Wish::default() };
    world.stage(alice, &wish, &[]).unwrap();
    world.stage(bob, &Wish::default(), &[]).unwrap();
    world.send(bob).unwrap();
    assert!(world.send(alice).is_err(), "stale_epoch");
    let seen = world.sync(alice);
    assert_eq!(seen.last().unwrap().1.dropped, Some(wish.clone()));
    assert!(world.device(alice).group().outgoing().unwrap().is_none());
    world.commit(alice, &wish, &[]);
    assert_eq!(world.device(bob).group().facts().unwrap().role(user(2)), Some(Role::Admin));
}

#[test]
fn large_parts_travel_as_blobs_and_wait_for_them() {
    let mut world = World::new("g.1", 60, 16);
    let members: Vec<u64> = (1..=60).collect();
    world.found(&members);
    let entry = world.server.entry(seq(1)).clone();
    let Body::Mls { data, .. } = &entry.body else { panic!("no record") };
    assert!(data.json().len() <= 64 * 1024, "{}", data.json().len());
    let blobs = chinwag_e2ee::group::Data::parse(data).unwrap().blobs();
    assert!(!blobs.is_empty());
    let last = world.first(60);
    assert!(world.device(last).in_step());
    world.stage(last, &Wish::default(), &[]).unwrap();
    world.send(last).unwrap();
    let at = world.server.head();
    let entry = world.server.entry(at).clone();
    let needs = {
        let Body::Mls { data, .. } = &entry.body else { panic!("no record") };
        chinwag_e2ee::group::Data::parse(data).unwrap().blobs()
    };
    let first = world.first(1);
    let device = world.device(first);
    let group = device.group.as_mut().unwrap();
    if !needs.is_empty() {
        let outcome = group.process(&entry, &Default::default()).unwrap();
        assert_eq!(outcome.verdict, Some(Verdict::NeedsBlobs(needs)));
    }
    world.sync_all();
    assert!(world.device(first).in_step());
    let _clock_is_not_asked = NOW_MS;
    assert!(world.device(first).group().after() > Seq::ZERO);
}

#[test]
fn rows_do_not_pile_up_and_old_keys_go() {
    let mut world = World::new("g.1", 3, 17);
    world.found(&[1, 2, 3]);
    let (alice, bob) = (world.first(1), world.first(2));
    let size = |world: &World, id| {
        let disk = &world.devices[&id].disk;
        (disk.len(), disk.values().map(Vec::len).sum::<usize>())
    };
    world.commit(alice, &Wish::default(), &[]);
    world.commit(bob, &Wish::default(), &[]);
    let before = (size(&world, alice), size(&world, bob));
    for _ in 0..10 {
        world.commit(alice, &Wish::default(), &[]);
        world.commit(bob, &Wish::default(), &[]);
    }
    let after = (size(&world, alice), size(&world, bob));
    assert_eq!((after.0.0, after.1.0), (before.0.0, before.1.0));
    assert!(after.0.1 < before.0.1 + 2_000 && after.1.1 < before.1.1 + 2_000, "{before:?} {after:?}");
}
