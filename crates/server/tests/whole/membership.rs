//! Members who come and go while they are connected.

use chinwag_proto::Code::{NotFound, NotMember};
use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::{Body, ChatId, Entry, MembershipChange, ServerFrame, UserId};
use chinwag_testkit::person::text_of;
use chinwag_testkit::phone::Phone;
use chinwag_testkit::server::Server;
use serde_json::json;

fn changed(entry: &Entry) -> Vec<(UserId, MembershipChange)> {
    match &entry.body {
        Body::Member { changes } => changes.iter().map(|change| (change.user_id, change.change)).collect(),
        other => panic!("no member entry: {}", other.kind()),
    }
}

async fn hears_of_the_chat(phone: &mut Phone, chat: ChatId) {
    phone
        .hears("the chat's summary", |frame| match frame {
            ServerFrame::Chat(summary) if summary.chat_id == chat => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_that_a_removed_member_sees_is_his_own_removal() {
    let server = Server::start().await;
    let (owner, bob) = (server.person("owner").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[&bob]).await;
    let (mut phone, mut tablet) = (bob.connects().await, bob.connects_another("tablet").await);
    let mut writer = owner.connects().await;
    writer.sends("while he is there").to(group).await;
    owner.removes(&bob, group).await;
    for number in 0..10 {
        writer.sends(&format!("behind his back {number}")).to(group).await;
    }
    for own in [&mut phone, &mut tablet] {
        own.sees("while he is there").await;
        let removal = own.sees_in(group).await;
        assert_eq!(changed(&removal), [(bob.id, MembershipChange::Removed)]);
        // Something that comes after all of it, by another way.
        owner.sends(&format!("aside to {}", own.device)).to(&bob).await;
        own.sees(&format!("aside to {}", own.device)).await;
        assert_eq!(own.order_in(group).await, [2, 3], "nothing after his removal");
    }
    phone.is_refused(NotMember, json!({"type": "sync", "chatId": group, "after": 2})).await;
    phone.sends("one more").is_refused(NotMember, group).await;
    assert_eq!(phone.compares_heads(&[(group, 3)]).await.gone, [group]);
    bob.is_refused(NotMember, "GET", &format!("/chats/{group}/entries"), json!(null)).await;
    assert!(bob.rest().chats(None).await.unwrap().chats.iter().all(|summary| summary.chat_id != group));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_is_added_while_connected_hears_of_the_chat_and_sees_from_his_own_entry_on() {
    let server = Server::start().await;
    let (owner, bob) = (server.person("owner").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[]).await;
    owner.sends("before him").to(group).await;
    let mut phone = bob.connects().await;
    phone.is_refused(NotFound, json!({"type": "sync", "chatId": group, "after": 0})).await;
    assert_eq!(owner.adds(&bob, group).await, 3);
    hears_of_the_chat(&mut phone, group).await;
    assert_eq!(changed(&phone.sees_in(group).await), [(bob.id, MembershipChange::Added)]);
    owner.sends("welcome").to(group).await;
    phone.sees("welcome").await;
    let seen: Vec<_> = phone.syncs_all(group, 0, 2).await.iter().map(|entry| entry.seq.get()).collect();
    assert_eq!(seen, [3, 4], "not what was said before him");
    assert_eq!(phone.syncs(group, 0, 1).await.from.get(), 3);
    assert_eq!(bob.summary(group).await.since.map(|since| since.get()), Some(3));
    assert_eq!(bob.page(group, "limit=10").await.messages.len(), 1);
    phone
        .is_refused(
            NotFound,
            json!({"type": "react", "chatId": group, "target": 2, "key": "x", "on": true,
        "clientMessageId": "r"}),
        )
        .await;
    assert_eq!(phone.sends("thanks").to(group).await.seq.get(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_is_added_again_sees_from_the_new_entry_on() {
    let server = Server::start().await;
    let (owner, bob) = (server.person("owner").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[&bob]).await;
    let mut phone = bob.connects().await;
    owner.sends("first time").to(group).await;
    owner.removes(&bob, group).await;
    owner.sends("without him").to(group).await;
    owner.adds(&bob, group).await;
    owner.sends("second time").to(group).await;
    phone.sees("second time").await;
    assert_eq!(phone.order_in(group).await, [2, 3, 5, 6], "live: all but what was said without him");
    let texts: Vec<_> = phone.syncs_all(group, 0, 2).await.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["second time"]);
    assert_eq!(bob.summary(group).await.since.map(|since| since.get()), Some(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_history_all_a_new_member_sees_everything() {
    let server = Server::start().await;
    let (owner, bob) = (server.person("owner").await, server.person("bob").await);
    let group = owner.makes(Some("open"), &[], Encryption::None, History::All).await;
    owner.sends("before him").to(group).await;
    owner.adds(&bob, group).await;
    let mut phone = bob.connects().await;
    let seen: Vec<_> = phone.syncs_all(group, 0, 2).await.iter().map(|entry| entry.seq.get()).collect();
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(bob.summary(group).await.since, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_leaves_is_told_and_the_oldest_admin_follows_the_last_owner_in_the_same_entry() {
    let server = Server::start().await;
    let (owner, ada, bob) =
        (server.person("owner").await, server.person("ada").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[&ada, &bob]).await;
    owner.gives_role("admin", &bob, group).await;
    let (mut owners, mut adas) = (owner.connects().await, ada.connects().await);
    owner.removes(&owner, group).await;
    let expected = [(owner.id, MembershipChange::Left), (bob.id, MembershipChange::Role)];
    assert_eq!(changed(&owners.sees_in(group).await), expected);
    assert_eq!(changed(&adas.sees_in(group).await), expected);
    assert_eq!(bob.gets(&format!("/chats/{group}")).await["role"], "owner");
    owners.sends("once more").is_refused(NotMember, group).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_that_race_with_a_removal_stand_before_it_or_are_refused() {
    let server = Server::start().await;
    let (owner, bob) = (server.person("owner").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[&bob]).await;
    let mut phone = bob.connects().await;
    let mut waiting = Vec::new();
    for number in 0..30 {
        waiting.push(phone.sends(&format!("message {number}")).on_its_way_to(group).await);
    }
    owner.removes(&bob, group).await;
    let mut acked = Vec::new();
    for id in &waiting {
        let answer = phone.hears("an answer", |frame| match frame {
            ServerFrame::Ack(ack) if ack.id == *id => Some(Some(ack.seq.get())),
            ServerFrame::Error(error) if error.id.as_ref() == Some(id) => {
                assert_eq!(error.code, NotMember);
                Some(None)
            }
            _ => None,
        });
        acked.extend(answer.await);
    }
    let log = owner.entries(group).await;
    let removal = log.iter().find(|entry| matches!(entry.body, Body::Member { .. })).unwrap().seq.get();
    assert!(acked.iter().all(|&seq| seq < removal), "{acked:?} {removal}");
    let bobs = log.iter().filter(|entry| entry.sender_id == bob.id).map(|entry| entry.seq.get());
    assert_eq!(bobs.collect::<Vec<_>>(), acked, "what was refused made no entry");
}

/// Somebody who comes and goes while others write: live he gets exactly what was said while he was there,
/// each once, in order, from his coming to his going.
async fn comes_and_goes(others_are_connected: bool) {
    const TIMES: usize = 12;
    let server = Server::start().await;
    let (owner, amy, bob) =
        (server.person("owner").await, server.person("amy").await, server.person("bob").await);
    let group = owner.makes_a_group("lunch", &[&amy]).await;
    let mut bobs = bob.connects().await;
    let connected =
        if others_are_connected { Some((owner.connects().await, amy.connects().await)) } else { None };
    let writing = async {
        for number in 0..TIMES * 8 {
            amy.sends(&format!("message {number}")).to(group).await;
        }
    };
    let changing = async {
        for _ in 0..TIMES {
            owner.adds(&bob, group).await;
            owner.removes(&bob, group).await;
        }
        owner.adds(&bob, group).await;
    };
    tokio::join!(writing, changing);
    let last = owner.sends("the end").to(group).await.seq;
    bobs.reaches(group, last).await;
    let (mut expected, mut there) = (Vec::new(), false);
    for entry in owner.entries(group).await {
        let change = if let Body::Member { changes } = &entry.body { Some(changes[0].change) } else { None };
        there |= change == Some(MembershipChange::Added);
        if there {
            expected.push(entry.seq.get());
        }
        there &= change != Some(MembershipChange::Removed);
    }
    assert_eq!(bobs.order_in(group).await, expected);
    drop(connected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_comes_and_goes_gets_what_was_said_while_he_was_there() {
    comes_and_goes(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_comes_and_goes_alone_on_his_node_gets_what_was_said_while_he_was_there() {
    comes_and_goes(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_appears_or_changes_is_told_to_those_whom_it_concerns() {
    let server = Server::start().await;
    let (owner, amy, bob) =
        (server.person("owner").await, server.person("amy").await, server.person("bob").await);
    let (mut amys, mut bobs, mut bobs_tablet) =
        (amy.connects().await, bob.connects().await, bob.connects_another("tablet").await);
    // A direct chat appears with its first message, to both sides, and to the sender's other devices.
    let direct = bobs.sends("first").to(&amy).await.chat_id;
    hears_of_the_chat(&mut amys, direct).await;
    hears_of_the_chat(&mut bobs_tablet, direct).await;
    bobs.sends("second").to(&amy).await;
    let told = amys.everything().await;
    assert!(
        told.iter().all(|frame| !matches!(frame, ServerFrame::Chat(_))),
        "not for head or unread: {told:?}"
    );
    let group = owner.makes_a_group("lunch", &[&amy, &bob]).await;
    for phone in [&mut amys, &mut bobs, &mut bobs_tablet] {
        hears_of_the_chat(phone, group).await;
    }
    owner.does("PATCH", &format!("/chats/{group}"), json!({"title": "dinner"})).await;
    for phone in [&mut amys, &mut bobs, &mut bobs_tablet] {
        let title = phone.hears("the new title", |frame| match frame {
            ServerFrame::Chat(summary) if summary.chat_id == group => summary.title.clone(),
            _ => None,
        });
        assert_eq!(title.await.as_str(), "dinner");
    }
    for phone in [&mut amys, &mut bobs] {
        phone.everything().await;
    }
    owner.gives_role("admin", &bob, group).await;
    let role = bobs.hears("his role", |frame| match frame {
        ServerFrame::Chat(summary) if summary.chat_id == group => Some(summary.role),
        _ => None,
    });
    assert_eq!(role.await, chinwag_proto::Role::Admin);
    amys.sees_in(group).await;
    let told = amys.everything().await;
    assert!(told.iter().all(|frame| !matches!(frame, ServerFrame::Chat(_))), "not her role: {told:?}");
}
