//! Encrypted chats end to end, between engines around a model of the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod server;
mod world;

use chinwag_client::{Failure, Record, SealWish, Status, Told, Wish};
use chinwag_e2ee::group::{Event as GroupEvent, Wish as GroupWish};
use chinwag_proto::{ChatId, Content, Role, Seq};
use world::{World, user};

fn direct() -> ChatId {
    "d.1.2".parse().unwrap()
}

/// A device of each of these users, set up.
fn people(users: &[u64]) -> World {
    let mut world = World::new(7, users);
    for place in 0..users.len() {
        let key = world.recovery_key();
        world.sets_up(place, &key);
        assert!(world.told(place, &Told::Ready), "{:?}", world.devices[place].told);
    }
    world
}

#[test]
fn two_people_chat_and_the_server_reads_no_word() {
    let mut world = people(&[1, 2]);
    world.says(0, direct(), "hello from alice");
    world.says(1, direct(), "hello from bob");
    for place in 0..2 {
        assert_eq!(
            world.reads(place, direct()),
            ["hello from alice", "hello from bob"],
            "{:?}",
            world.devices[place].told
        );
    }
    assert!(!world.server.wire.contains("hello"));
}

#[test]
fn replies_edits_and_deletions_are_shown_as_in_any_chat() {
    let mut world = people(&[1, 2]);
    world.says(0, direct(), "one");
    let content = Content::text("two");
    world.types(1, direct(), Record::Message { content, reply_to: Some(Seq::clamped(2)) });
    world.types(0, direct(), Record::Edit { target: Seq::clamped(2), content: Content::text("eins") });
    for place in 0..2 {
        assert_eq!(world.reads(place, direct()), ["eins", "two"]);
    }
    world.types(0, direct(), Record::Delete { target: Seq::clamped(2) });
    for place in 0..2 {
        assert_eq!(world.reads(place, direct()), ["[deleted]", "two"]);
    }
}

#[test]
fn what_is_typed_offline_goes_later_and_a_restart_forgets_no_key() {
    let mut world = people(&[1, 2]);
    world.says(0, direct(), "one");
    world.goes_offline(1);
    world.says(0, direct(), "two");
    world.says(1, direct(), "three");
    world.restarts(0);
    assert_eq!(world.reads(0, direct()), ["one", "two"]);
    world.comes_online(1);
    world.restarts(1);
    world.says(0, direct(), "four");
    for place in 0..2 {
        assert_eq!(world.reads(place, direct()), ["one", "two", "three", "four"]);
    }
    assert!(!world.server.wire.contains("three"));
}

#[test]
fn a_group_takes_members_in_and_out_and_who_is_out_reads_no_more() {
    let mut world = people(&[1, 2, 3]);
    let chat = world.founds(0, "g.5", &[2]);
    world.says(1, chat, "before carol");
    world.commits(0, chat, GroupWish { add_users: vec![user(3)], ..GroupWish::default() });
    world.says(2, chat, "carol is here");
    assert_eq!(world.reads(2, chat), ["carol is here"]);
    world.commits(0, chat, GroupWish { remove_users: vec![user(3)], ..GroupWish::default() });
    world.says(1, chat, "without carol");
    for place in 0..2 {
        assert_eq!(world.reads(place, chat), ["before carol", "carol is here", "without carol"]);
    }
    assert_eq!(world.reads(2, chat), ["carol is here"]);
    let told = Told::Group { chat, event: GroupEvent::MemberAdded(user(3)) };
    assert!(world.told(1, &told));
}

#[test]
fn two_who_commit_at_once_both_get_what_they_wanted() {
    let mut world = people(&[1, 2, 3, 4]);
    let chat = world.founds(0, "g.5", &[2]);
    let admin = GroupWish { roles: vec![(user(2), Role::Admin)], ..GroupWish::default() };
    world.commits(0, chat, admin);
    world.wants_commit(0, chat, GroupWish { add_users: vec![user(3)], ..GroupWish::default() });
    world.wants_commit(1, chat, GroupWish { add_users: vec![user(4)], ..GroupWish::default() });
    world.settle();
    world.says(3, chat, "dave");
    world.says(2, chat, "carol");
    for place in 0..2 {
        assert_eq!(world.reads(place, chat), ["dave", "carol"], "{:?}", world.devices[place].told);
    }
}

#[test]
fn a_second_device_with_the_recovery_key_is_brought_into_the_chat() {
    let mut world = World::new(7, &[1, 2]);
    let key = world.recovery_key();
    world.sets_up(0, &key);
    let other = world.recovery_key();
    world.sets_up(1, &other);
    world.says(0, direct(), "one");
    let second = world.add(1);
    world.settle();
    world.sets_up(second, &other);
    assert!(world.told(second, &Told::SetUpFailed("another_identity")));
    world.sets_up(second, &key);
    assert!(world.told(second, &Told::Ready), "{:?}", world.devices[second].told);
    world.restarts(1);
    world.says(1, direct(), "two");
    world.says(second, direct(), "three");
    for place in 0..2 {
        assert_eq!(world.reads(place, direct()), ["one", "two", "three"]);
    }
    assert_eq!(world.reads(second, direct()), ["one", "two", "three"]);
}

#[test]
fn with_the_recovery_key_a_device_reads_all_history_while_all_others_are_offline() {
    let mut world = World::new(7, &[1, 2]);
    let keys = [world.recovery_key(), world.recovery_key()];
    world.sets_up(0, &keys[0]);
    world.sets_up(1, &keys[1]);
    world.says(0, direct(), "one");
    let chat = world.founds(1, "g.5", &[1]);
    world.says(0, chat, "in the group");
    world.goes_offline(0);
    world.goes_offline(1);
    let second = world.add(1);
    world.settle();
    world.sets_up(second, &keys[0]);
    assert_eq!(world.reads(second, direct()), ["one"]);
    assert_eq!(world.reads(second, chat), ["in the group"]);
    world.restarts(second);
    assert_eq!(world.reads(second, direct()), ["one"]);
}

#[test]
fn who_has_no_keys_is_not_written_to_in_the_clear_unless_the_user_says_so() {
    let mut world = World::new(7, &[1, 2]);
    let key = world.recovery_key();
    world.sets_up(0, &key);
    let id = world.says(0, direct(), "secret");
    let failed = world.devices[0].engine.record(direct(), &id);
    assert_eq!(failed, Some(Status::Failed(Failure::Seal("no_keys".to_owned()))));
    assert!(!world.server.wire.contains("secret"));
    world.wish(0, Wish::Seal(SealWish::Plain(direct())));
    world.wish(0, Wish::Retry { chat: direct(), id, fresh: "fresh".parse().unwrap() });
    assert!(world.server.wire.contains("secret"));
}

#[test]
fn a_revoked_device_is_removed_from_every_chat_and_reads_no_more() {
    let mut world = World::new(7, &[1, 2]);
    let keys = [world.recovery_key(), world.recovery_key()];
    world.sets_up(0, &keys[0]);
    world.sets_up(1, &keys[1]);
    let second = world.add(1);
    world.settle();
    world.sets_up(second, &keys[0]);
    world.says(0, direct(), "one");
    assert_eq!(world.reads(second, direct()), ["one"]);
    let device = world.devices[second].device;
    world.wish(0, Wish::Seal(SealWish::Revoke(device)));
    let told = Told::Group { chat: direct(), event: GroupEvent::DeviceRemoved(user(1), device) };
    assert!(world.told(1, &told), "{:?}", world.devices[1].told);
    world.says(1, direct(), "two");
    world.says(second, direct(), "three");
    for place in 0..2 {
        assert_eq!(world.reads(place, direct()), ["one", "two"]);
    }
    assert!(!world.reads(second, direct()).contains(&"two".to_owned()));
}

/// Two devices of one user and two others talk while everything between them fails.
fn chaos(seed: u64) {
    let mut world = World::new(seed, &[1, 1, 2, 3]);
    let key = world.recovery_key();
    world.sets_up(0, &key);
    world.sets_up(1, &key);
    for place in 2..4 {
        let key = world.recovery_key();
        world.sets_up(place, &key);
    }
    let chats = [world.founds(0, "g.5", &[2, 3]), direct()];
    world.chaos = true;
    let mut said = 0;
    for _ in 0..600 {
        let place = world.below(4);
        match world.below(40) {
            5 if said > 3 && world.below(4) == 0 => {
                // The owner lets a member go, and takes him back.
                let there = world.server.logs[&chats[0]].members.contains_key(&user(3));
                let mut wish = GroupWish::default();
                if there {
                    wish.remove_users.push(user(3))
                } else {
                    wish.add_users.push(user(3))
                }
                world.wants_commit(0, chats[0], wish);
            }
            0 => world.cut(place),
            1 => world.restarts(place),
            2 | 3 => {
                let chat = chats[usize::from(place != 3) * world.below(2)];
                said += 1;
                world.just_says(place, chat, &format!("said {said}"));
            }
            4 => drop(world.timer()),
            _ => drop(world.one()),
        }
    }
    world.chaos = false;
    world.settle();
    for chat in chats {
        // Who was away for a while does not read what was said then.
        let members = vec![0, 1, 2];
        let first = world.reads(0, chat);
        assert!(!first.is_empty(), "seed {seed}: nothing was said in {chat}");
        for place in members {
            let read = world.reads(place, chat);
            assert_eq!(read, first, "seed {seed}, device {place}, {chat}: {:?}", world.devices[place].told);
            // A change that meets another one under way is not taken, and says so.
            let strange = |told: &&Told| matches!(told, Told::ServerDiffers { .. });
            let told: Vec<_> = world.devices[place].told.iter().filter(strange).collect();
            assert!(told.is_empty(), "seed {seed}, device {place}: {told:?}");
            assert!(!read.iter().any(|line| line.starts_with('[')), "seed {seed}, device {place}: {read:?}");
        }
    }
    assert!(!world.server.wire.contains("said "));
}

/// `CHINWAG_CHAOS_SEEDS=40 cargo test -p chinwag-client --test encrypted whatever` takes more seeds.
#[test]
fn whatever_is_lost_doubled_or_crashes_all_devices_read_the_same() {
    let seeds = std::env::var("CHINWAG_CHAOS_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    (0..seeds.unwrap_or(3)).for_each(chaos);
}
