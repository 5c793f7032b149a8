//! Failures, each a seed of the design's: what is lost comes back, and nobody else notices.

use chinwag_e2ee::group::{OutOfStep, RejoinError, Rows, Scope, Standing, Verdict, Void, Wish};
use chinwag_proto::{Body, Content, DeviceId, Role};

use super::attacks::{Evil, evil};
use super::world::{World, user};

fn three(seed: u64) -> (World, DeviceId, DeviceId, DeviceId) {
    let mut world = World::new("g.1", 4, seed);
    world.found(&[1, 2, 3]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    (world, alice, bob, carol)
}

/// Its private keys are gone, everything else is there.
fn lose_keys(world: &mut World, id: DeviceId) {
    let device = world.device(id);
    let keys: Vec<_> = device.disk.keys().filter(|key| key.name.starts_with(b"pairs\0")).cloned().collect();
    assert!(!keys.is_empty());
    keys.iter().for_each(|key| {
        device.disk.remove(key);
    });
    device.crash();
}

#[test]
fn a_junk_commit_is_void_and_the_next_one_stands_on_it() {
    let (mut world, alice, bob, carol) = three(60);
    let from = world.device(carol).certificate.clone();
    let after = world.server.last_mls;
    let data = Content::from_json(r#"{"type":"commit","text":"","v":1,"commit":"AAAA"}"#.to_owned()).unwrap();
    world.server.append(&from, after, "junk", Body::Mls { changes: Vec::new(), data }).unwrap();
    let seen = world.sync(alice);
    assert_eq!(seen[0].1.verdict, Some(Verdict::Void(Void::Malformed)));
    world.commit(bob, &Wish::default(), &[]);
    for id in [alice, bob, carol] {
        assert!(world.device(id).in_step());
    }
}

#[test]
fn a_commit_that_one_device_cannot_open_counts_and_that_one_comes_back() {
    let (mut world, alice, bob, carol) = three(61);
    lose_keys(&mut world, carol);
    world.stage(alice, &Wish::default(), &[]).unwrap();
    world.send(alice).unwrap();
    world.sync_all();
    assert!(matches!(world.device(carol).standing(), Some(Standing::OutOfStep(_))));
    assert!(world.device(bob).in_step());
    let missed = world.say(bob, "while she was out").unwrap();
    world.sync_all();
    assert!(world.read(carol, &missed).is_err());
    world.rejoin(carol).unwrap();
    world.send(carol).unwrap();
    world.sync_all();
    assert!(world.device(carol).in_step() && world.device(alice).in_step());
    let hello = world.say(carol, "back").unwrap();
    assert!(world.read(alice, &hello).is_ok());
}

#[test]
fn an_own_commit_that_was_forgotten_puts_out_of_step() {
    let (mut world, alice, bob, _) = three(62);
    let data = evil(&mut world, bob, Evil::default());
    let from = world.device(bob).certificate.clone();
    let after = world.server.last_mls;
    let body = Body::Mls { changes: Vec::new(), data: data.content().unwrap() };
    world.server.append(&from, after, "forgotten", body).unwrap();
    let seen = world.sync(bob);
    assert_eq!(seen[0].1.verdict, Some(Verdict::OutOfStep(OutOfStep::OwnCommit)));
    world.sync_all();
    assert!(world.device(alice).in_step(), "it counts for all others");
    world.rejoin(bob).unwrap();
    world.send(bob).unwrap();
    world.sync_all();
    assert!(world.device(bob).in_step());
}

#[test]
fn a_false_stale_epoch_forgets_nothing() {
    let (mut world, alice, _, _) = three(63);
    world.stage(alice, &Wish { add_users: vec![user(4)], ..Wish::default() }, &[4]).unwrap();
    let before = world.device(alice).group().outgoing().unwrap();
    // The server says stale_epoch though nothing has come: the record stays and is sent again.
    world.sync(alice);
    assert_eq!(world.device(alice).group().outgoing().unwrap(), before);
    world.send(alice).unwrap();
    world.sync_all();
    let dave = world.first(4);
    assert!(world.device(dave).in_step());
}

#[test]
fn a_clock_that_jumps_120_days_changes_nothing_for_who_is_in_the_group() {
    let (mut world, alice, bob, carol) = three(64);
    world.now_ms += 120 * 24 * 60 * 60 * 1000;
    world.commit(alice, &Wish::default(), &[]);
    assert!(world.device(bob).in_step() && world.device(carol).in_step());
    let dave = world.first(4);
    let add = Wish { add_users: vec![user(4)], ..Wish::default() };
    assert!(world.stage(alice, &add, &[4]).is_err(), "his one-time packages have expired");
    world.publish(dave, 3);
    world.commit(alice, &add, &[4]);
    assert!(world.device(dave).in_step());
}

#[test]
fn of_two_admins_who_remove_each_other_the_first_stays() {
    let (mut world, alice, bob, carol) = three(65);
    let admins = vec![(user(2), Role::Owner), (user(3), Role::Owner)];
    world.commit(alice, &Wish { roles: admins, ..Wish::default() }, &[]);
    world.stage(bob, &Wish { remove_users: vec![user(3)], ..Wish::default() }, &[]).unwrap();
    world.stage(carol, &Wish { remove_users: vec![user(2)], ..Wish::default() }, &[]).unwrap();
    world.send(carol).unwrap();
    assert!(world.send(bob).is_err());
    world.sync_all();
    assert!(world.device(carol).in_step());
    assert_eq!(world.device(bob).standing(), Some(Standing::Out));
}

#[test]
fn a_device_that_was_put_out_while_its_record_was_on_its_way_goes_quietly() {
    let (mut world, alice, bob, _) = three(66);
    world.stage(bob, &Wish::default(), &[]).unwrap();
    world.commit(alice, &Wish { remove_users: vec![user(2)], ..Wish::default() }, &[]);
    assert_eq!(world.device(bob).standing(), Some(Standing::Out));
    assert!(world.device(bob).group().outgoing().unwrap().is_none());
}

#[test]
fn a_welcome_without_its_commit_brings_nobody_in() {
    let (mut world, alice, _, _) = three(67);
    let dave = world.first(4);
    world.stage(alice, &Wish { add_users: vec![user(4)], ..Wish::default() }, &[4]).unwrap();
    world.sync_all();
    assert!(world.device(dave).group.is_none(), "the record is not in the log, so nothing is taken from it");
}

#[test]
fn a_base_older_than_what_the_user_has_seen_is_refused() {
    let (mut world, alice, bob, _) = three(68);
    let old = world.server.last_mls;
    world.commit(alice, &Wish::default(), &[]);
    world.device(bob).lose_chat();
    let honest = world.server.last_mls;
    world.server.last_mls = old;
    let refused = world.rejoin(bob);
    assert!(matches!(refused, Err(RejoinError::Old { .. })), "{refused:?}");
    world.server.last_mls = honest;
    world.rejoin(bob).unwrap();
}

#[test]
fn a_thief_who_goes_on_after_revocation_gets_nowhere() {
    let (mut world, alice, bob, _) = three(69);
    let second = world.link(user(2));
    world.commit(alice, &Wish::default(), &[2]);
    world.people.get_mut(&user(2)).unwrap().revoke(bob);
    world.commit(second, &Wish::default(), &[2]);
    assert_eq!(world.device(bob).standing(), Some(Standing::Out));
    assert!(world.rejoin(bob).is_err());
    let secret = world.say(alice, "without the thief").unwrap();
    world.sync_all();
    assert!(world.read(bob, &secret).is_err());
    assert!(world.read(second, &secret).is_ok());
}

#[test]
fn a_re_joiner_who_is_overtaken_tries_again() {
    let (mut world, alice, bob, carol) = three(70);
    for id in [bob, carol] {
        world.device(id).lose_chat();
        world.rejoin(id).unwrap();
    }
    world.send(carol).unwrap();
    assert!(world.send(bob).is_err());
    world.sync_all();
    assert_eq!(world.device(bob).standing(), Some(Standing::OutOfStep(OutOfStep::LostState)));
    world.rejoin(bob).unwrap();
    world.send(bob).unwrap();
    world.sync_all();
    for id in [alice, bob, carol] {
        assert!(world.device(id).in_step());
        assert_eq!(world.device(id).group().leaves().unwrap().len(), 3);
    }
}

#[test]
fn a_damaged_row_is_an_error_and_never_a_panic() {
    let (world, alice, _, _) = three(71);
    let device = &world.devices[&alice];
    for key in device.disk.keys().filter(|key| key.scope == Scope::Chat) {
        for bytes in [Vec::new(), vec![0xff; 9], vec![0x80]] {
            let mut disk = device.disk.clone();
            disk.insert(key.clone(), bytes);
            if let Ok(Some(group)) = chinwag_e2ee::group::Group::load(Rows::new(disk)) {
                let _no_panic = (group.facts().is_ok(), group.leaves().is_ok(), group.outgoing().is_ok());
            }
        }
    }
}

#[test]
fn a_blob_that_cannot_be_had_puts_out_of_step_and_is_passed_over() {
    let (mut world, alice, bob, _) = three(72);
    world.stage(alice, &Wish::default(), &[]).unwrap();
    let entry = world.send(alice).unwrap();
    let device = world.device(bob);
    let outcome = device.group.as_mut().unwrap().give_up(&entry).unwrap();
    assert_eq!(outcome.verdict, Some(Verdict::OutOfStep(OutOfStep::Blob)));
    device.position = entry.seq;
    device.flush();
    world.sync_all();
    world.rejoin(bob).unwrap();
    world.send(bob).unwrap();
    world.sync_all();
    assert!(world.device(bob).in_step());
}

#[test]
fn a_permanent_partition_is_found_as_a_fork_and_healed_by_coming_back() {
    let (mut world, alice, bob, carol) = three(75);
    // The server shows alice and carol one commit, bob another in the same place.
    let mut other = world.server.clone();
    world.stage(alice, &Wish::default(), &[]).unwrap();
    world.send(alice).unwrap();
    world.sync(alice);
    world.sync(carol);
    world.stage(bob, &Wish::default(), &[]).unwrap();
    std::mem::swap(&mut world.server, &mut other);
    world.send(bob).unwrap();
    world.sync(bob);
    std::mem::swap(&mut world.server, &mut other);
    let apart = (world.devices[&alice].group().epoch(), world.devices[&bob].group().epoch());
    assert_eq!(apart.0, apart.1, "two epochs of one number");
    let entry = world.say(alice, "can you read me?").unwrap();
    world.sync(alice);
    assert!(world.read(carol, &entry).is_ok());
    assert_eq!(world.read(bob, &entry), Err(chinwag_e2ee::content::Cause::Fork));
    let said = world.devices[&alice].log.seen();
    let device = world.device(bob);
    device.log.push(&entry);
    assert_eq!(device.log.compare(said), chinwag_e2ee::content::Compared::Differs);
    // Bob gives his side up, sees the log from its start again, and comes back.
    device.lose_chat();
    device.epochs = Default::default();
    world.rejoin(bob).unwrap();
    world.send(bob).unwrap();
    world.sync_all();
    let back = world.say(bob, "now I can").unwrap();
    assert!(world.read(alice, &back).is_ok() && world.read(carol, &back).is_ok());
}

#[test]
fn whoever_leaves_first_makes_a_re_join_a_commit_and_a_reset_void_alike_for_all() {
    let (mut world, alice, bob, carol) = three(76);
    let leave = |world: &mut World, id: DeviceId| {
        let from = world.device(id).certificate.clone();
        let change = chinwag_proto::MembershipChange::Left;
        let changes = vec![chinwag_proto::MemberChange { user_id: from.user, change, role: None }];
        let name = format!("l{}", world.server.log.len());
        world.server.force(&from, None, &name, Body::Member { changes });
    };
    world.device(bob).lose_chat();
    world.rejoin(bob).unwrap();
    leave(&mut world, carol);
    world.send(bob).unwrap();
    world.sync_all();
    assert!(world.device(alice).in_step() && !world.device(bob).in_step(), "void for both");
    world.rejoin(bob).unwrap_err();
    world.commit(alice, &Wish::default(), &[]);
    world.rejoin(bob).unwrap();
    world.send(bob).unwrap();
    world.sync_all();
    assert!(world.device(bob).in_step());
    assert_eq!(world.device(bob).group().facts().unwrap().members.len(), 2);
    // The owner's reset crosses the leaving of the other.
    let supply = world.supply(alice, &[user(1), user(2)]);
    let device = world.device(alice);
    let certificate = device.certificate.clone();
    let me = chinwag_e2ee::group::Me { certificate: &certificate, keys: &device.keys };
    device.group.as_mut().unwrap().reset(me, &[], &supply).unwrap();
    device.flush();
    leave(&mut world, bob);
    world.send(alice).unwrap();
    let seen = world.sync(alice);
    assert!(matches!(seen.last().unwrap().1.verdict, Some(Verdict::Void(Void::Reset))), "{seen:?}");
    assert!(world.device(alice).in_step());
}

#[test]
fn a_group_may_move_between_threads() {
    fn moves<T: Send>() {}
    moves::<chinwag_e2ee::group::Group>();
    moves::<chinwag_e2ee::content::EpochKey>();
}
