//! Sends: acknowledged in their entry's place, delivered to everybody else, in order, retried without harm.

use chinwag_proto::entry::MembershipChange;
use chinwag_proto::text::RequestId;
use chinwag_proto::{Body, ChatId, Code, ServerFrame};
use serde_json::json;

use super::client::{Client, seqs, text_of};
use super::kit::{World, message};

#[tokio::test]
async fn a_message_is_acknowledged_and_reaches_the_other_side() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    let ack = amy.sends("hi", chat).await;
    assert_eq!((ack.seq.get(), ack.chat_id, ack.duplicate), (1, chat, false));
    let entry = bob.entry().await;
    assert_eq!((entry.seq, entry.message_id, entry.created_at), (ack.seq, ack.message_id, ack.created_at));
    assert_eq!((entry.sender_id, entry.device_id), (amy.user, amy.device));
    assert_eq!(entry.client_message_id, None, "it is the sender's own affair");
}

#[tokio::test]
async fn to_names_a_user_or_a_whole_chat() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let group = world.group(&[&amy, &bob]).await;
    let send =
        |to: String, id: &str| json!({"type": "send", "to": to, "clientMessageId": id, "content": "hi"});
    assert_eq!(amy.asks(send(bob.user.to_string(), "a")).await.chat_id, amy.chat_with(&bob));
    assert_eq!(amy.asks(send(group.to_string(), "b")).await.chat_id, group);
    assert_eq!(bob.entry().await.chat_id, group, "the group's beginning");
    assert_eq!((bob.reads().await, bob.reads().await), ("hi".to_owned(), "hi".to_owned()));
    let notes = amy.user.to_string();
    assert_eq!(amy.asks(send(notes, "c")).await.chat_id, ChatId::direct(amy.user, amy.user));
}

#[tokio::test]
async fn the_other_devices_of_the_sender_get_the_entry_with_its_id_and_the_sending_one_gets_no_copy() {
    let world = World::start().await;
    let (mut phone, bob) = (world.client("amy").await, world.client("bob").await);
    let mut laptop = phone.person().connects().await;
    let chat = phone.chat_with(&bob);
    let ack = phone.sends("hi", chat).await;
    let entry = laptop.entry().await;
    assert_eq!((entry.seq, entry.client_message_id.is_some()), (ack.seq, true));
    let told = phone.drains().await;
    assert_eq!(seqs(&told, chat), [0; 0]);
}

#[tokio::test]
async fn what_is_sent_over_rest_reaches_all_sockets_of_the_sender() {
    let world = World::start().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.asks(amy.caller(), chat, message("from a script")).await;
    assert_eq!(amy.reads().await, "from a script");
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_entries() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    amy.sends("helo", chat).await;
    let with = |kind: &str, id: &str, more: serde_json::Value| {
        let mut frame = json!({"type": kind, "chatId": chat, "target": 1, "clientMessageId": id});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    assert_eq!(amy.asks(with("edit", "e", json!({"content": "hello"}))).await.seq.get(), 2);
    assert_eq!(bob.asks(with("react", "r", json!({"key": "x", "on": true}))).await.seq.get(), 3);
    assert_eq!(amy.asks(with("delete", "d", json!({}))).await.seq.get(), 4);
    let again = amy.asks(with("delete", "other", json!({}))).await;
    assert_eq!((again.seq.get(), again.duplicate), (4, true), "deleting what is deleted makes no entry");
    let kinds =
        [bob.entry().await, bob.entry().await, bob.entry().await].map(|entry| entry.body.kind().to_owned());
    assert_eq!(kinds, ["message", "edit", "delete"]);
    assert_eq!(amy.entry().await.body.kind(), "reaction");
}

#[tokio::test]
async fn a_reply_names_its_message_and_refusals_have_their_codes() {
    let world = World::start().await;
    let (mut amy, bob, mut eve) =
        (world.client("amy").await, world.client("bob").await, world.client("eve").await);
    let chat = amy.chat_with(&bob);
    amy.sends("hi", chat).await;
    let send = |id: &str, more: serde_json::Value| {
        let mut frame = json!({"type": "send", "chatId": chat, "clientMessageId": id, "content": "x"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    assert_eq!(amy.asks(send("a", json!({"replyTo": 1}))).await.seq.get(), 2);
    assert_eq!(amy.is_refused(send("b", json!({"replyTo": 9}))).await.code, Code::NotFound);
    assert_eq!(
        eve.is_refused(send("c", json!({}))).await.code,
        Code::NotFound,
        "a stranger's chat is not there"
    );
    assert_eq!(amy.is_refused(send("a", json!({"content": "other"}))).await.code, Code::IdempotencyConflict);
    assert_eq!(amy.is_refused(send("d", json!({"after": 1}))).await.code, Code::InvalidRequest);
    let nobody = json!({"type": "send", "to": "999", "clientMessageId": "e", "content": "x"});
    assert_eq!(amy.is_refused(nobody).await.code, Code::NotFound);
    let edit = json!({"type": "edit", "chatId": chat, "target": 1, "clientMessageId": "f", "content": "x"});
    assert_eq!(bob_edits(bob, edit).await, Code::Forbidden);
}

async fn bob_edits(mut bob: Client, edit: serde_json::Value) -> Code {
    bob.is_refused(edit).await.code
}

#[tokio::test]
async fn a_retry_is_never_a_second_message() {
    let world = World::start().await;
    let (mut phone, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = phone.chat_with(&bob);
    let send = json!({"type": "send", "chatId": chat, "clientMessageId": "once", "content": "hi"});
    let first = phone.asks(send.clone()).await;
    let mut resend = send.clone();
    resend["resend"] = json!(true);
    let mut laptop = phone.person().connects().await;
    let mut again =
        vec![phone.asks(send.clone()).await, laptop.asks(send).await, laptop.asks(resend.clone()).await];
    // Beyond the last 256 entries the client has to say that it may have asked before.
    for number in 0..300 {
        world.asks(bob.caller(), chat, message(&number.to_string())).await;
    }
    again.push(phone.asks(resend.clone()).await);
    world.clock.advance(30 * 24 * 3_600_000);
    again.push(laptop.asks(resend.clone()).await);
    phone.asks(json!({"type": "delete", "chatId": chat, "target": 1, "clientMessageId": "d"})).await;
    again.push(phone.asks(resend).await);
    for ack in again {
        assert_eq!(
            (ack.seq, ack.message_id, ack.created_at),
            (first.seq, first.message_id, first.created_at)
        );
        assert!(ack.duplicate);
    }
    assert_eq!(bob.drains().await.iter().filter(|frame| is_text(frame, "hi")).count(), 1);
}

fn is_text(frame: &ServerFrame, text: &str) -> bool {
    matches!(frame, ServerFrame::Entry(entry) if matches!(entry.body, Body::Message { .. }) && text_of(entry) == text)
}

#[tokio::test]
async fn two_sends_of_one_id_at_once_are_one_entry_and_both_are_answered() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for _ in 0..2 {
        amy.says(json!({"type": "send", "id": 7, "chatId": chat, "clientMessageId": "m", "content": "hi"}))
            .await;
    }
    let (first, second) = (amy.ack(7).await, amy.ack(7).await);
    assert_eq!((first.seq, first.duplicate, second.duplicate), (second.seq, false, true));
    bob.reads().await;
    bob.forgets().await;
    bob.hears_nothing().await;
}

#[tokio::test]
async fn sends_of_one_connection_take_their_seqs_in_the_order_sent() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(amy.begins_to_send(&number.to_string(), chat).await);
    }
    for (number, id) in ids.into_iter().enumerate() {
        assert_eq!(amy.ack(id).await.seq.get(), number as u64 + 1);
    }
    for number in 0..200 {
        assert_eq!(bob.reads().await, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_sees_every_seq_once_and_rising_whoever_sends() {
    let world = World::start().await;
    let mut clients = vec![world.client("amy").await, world.client("bob").await, world.client("cat").await];
    let group = world.group(&clients.iter().collect::<Vec<_>>()).await;
    clients.push(clients[0].person().connects().await);
    clients.push(clients[1].person().connects().await);
    const EACH: usize = 60;
    let writing = clients.into_iter().map(|mut client| async move {
        for number in 0..EACH {
            client.begins_to_send(&number.to_string(), group).await;
        }
        client
    });
    let mut clients = futures_util::future::join_all(writing).await;
    let last = 1 + (clients.len() * EACH) as u64;
    for client in &mut clients {
        let mut told = Vec::new();
        while seqs(&told, group).last() != Some(&last) {
            told.push(client.next().await.unwrap());
        }
        let of_group = seqs(&told, group);
        let first = of_group[0];
        assert_eq!(of_group, (first..=last).collect::<Vec<_>>());
        let is_own = |frame: &&ServerFrame| {
            matches!(frame, ServerFrame::Entry(entry)
            if entry.device_id == client.device && matches!(entry.body, Body::Message { .. }))
        };
        assert_eq!(told.iter().filter(is_own).count(), 0, "its own come as acknowledgments");
        assert_eq!(told.iter().filter(|frame| matches!(frame, ServerFrame::Ack(_))).count(), EACH);
    }
}

#[tokio::test]
async fn a_request_id_is_repeated_as_it_was() {
    let world = World::start().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    amy.says(json!({"type": "send", "id": "séven", "chatId": chat, "clientMessageId": "m", "content": "hi"}))
        .await;
    let ack =
        amy.hears("ack", |frame| if let ServerFrame::Ack(ack) = frame { Some(ack) } else { None }).await;
    assert_eq!(ack.id, RequestId::Text("séven".into()));
}

#[tokio::test]
async fn a_bus_that_loses_a_commit_does_not_lose_its_acknowledgment() {
    let world = World::start().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    amy.sends("one", chat).await;
    world.bus.losses().fail_from_now_on();
    let ack = amy.sends("two", chat).await;
    assert_eq!(ack.seq.get(), 2);
    world.bus.losses().heal();
    let resync = amy.hears("resync", |frame| match frame {
        ServerFrame::Resync(resync) => resync.chats,
        _ => None,
    });
    assert_eq!(
        resync.await.first().map(|chat| chat.head.get()),
        Some(2),
        "what else may be lost is to be synced"
    );
    assert_eq!(amy.sends("three", chat).await.seq.get(), 3);
}

#[tokio::test]
async fn unavailable_is_an_error_and_a_resend_tells() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    let send =
        json!({"type": "send", "chatId": chat, "clientMessageId": "m", "content": "hi", "resend": true});
    world.ledger.append_faults().fail_next(1);
    let error = amy.is_refused(send.clone()).await;
    assert_eq!((error.code, error.retry_after_ms.is_some()), (Code::Unavailable, true));
    assert!(!amy.asks(send).await.duplicate);
    assert_eq!(bob.reads().await, "hi");

    // Taken, but the answer is lost: the commit itself acknowledges it.
    world.ledger.answer_faults().fail_next(1);
    amy.forgets().await;
    assert_eq!(amy.sends("there all the same", chat).await.seq.get(), 2);
    amy.hears_nothing().await;
}

#[tokio::test]
async fn the_budget_is_one_for_all_kinds_and_says_when_to_come_back() {
    let world = World::limited(|limits| (limits.sends_per_second, limits.sends_burst) = (1, 3)).await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    amy.sends("one", chat).await;
    let react =
        json!({"type": "react", "chatId": chat, "target": 1, "key": "x", "on": true, "clientMessageId": "r"});
    amy.asks(react.clone()).await;
    assert!(amy.asks(react.clone()).await.duplicate, "a duplicate counts, too");
    let refused = amy.is_refused(react).await;
    assert_eq!(refused.code, Code::RateLimited);
    assert!(refused.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)));
    let mut laptop = amy.person().connects().await;
    laptop.sends("another device, another bucket", chat).await;
}

#[tokio::test]
async fn whoever_goes_on_far_above_his_budget_is_closed() {
    let world = World::limited(|limits| {
        (limits.sends_per_second, limits.sends_burst) = (1, 1);
        limits.send_refusals_per_minute = 5;
    })
    .await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for number in 0..10 {
        amy.begins_to_send(&number.to_string(), chat).await;
    }
    assert_eq!(amy.is_closed().await, 4029);
}

#[tokio::test]
async fn a_blocked_user_is_refused_and_what_he_wrote_stands() {
    let world = World::start().await;
    let (mut amy, mut eve) = (world.client("amy").await, world.client("eve").await);
    let chat = amy.chat_with(&eve);
    eve.sends("hi", chat).await;
    use chinwag_ports::{Clock, Contacts};
    world.directory.add_block(amy.user, eve.user, world.clock.now(), 10).await.unwrap();
    world.services.visibility.forget_block(amy.user, eve.user);
    let send = json!({"type": "send", "chatId": chat, "clientMessageId": "m", "content": "hello?"});
    assert_eq!(eve.is_refused(send).await.code, Code::Forbidden);
    let react =
        json!({"type": "react", "chatId": chat, "target": 1, "key": "x", "on": true, "clientMessageId": "r"});
    assert_eq!(eve.is_refused(react).await.code, Code::Forbidden);
    amy.sends("a block works one way", chat).await;
    assert_eq!(eve.reads().await, "a block works one way");
}

#[tokio::test]
async fn an_encrypted_chat_takes_sealed_content_and_orders_its_commits() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    let mls = |id: &str, after: u64| {
        let data = json!({"type": "commit", "text": ""});
        json!({"type": "mls", "chatId": chat, "after": after, "clientMessageId": id, "data": data})
    };
    let sealed = |id: &str, after: u64| {
        let content = json!({"type": "sealed", "text": "", "body": "AAAA"});
        json!({"type": "send", "chatId": chat, "after": after, "clientMessageId": id, "content": content})
    };
    assert_eq!(amy.asks(mls("c1", 0)).await.seq.get(), 1);
    let plain = json!({"type": "send", "chatId": chat, "clientMessageId": "p", "content": "hi"});
    assert_eq!(bob.is_refused(plain).await.code, Code::EncryptionRequired);
    assert_eq!(bob.asks(sealed("s1", 1)).await.seq.get(), 2);
    assert_eq!(bob.asks(mls("c2", 1)).await.seq.get(), 3);
    let stale = amy.is_refused(mls("c3", 1)).await;
    assert_eq!((stale.code, stale.after.map(|after| after.get())), (Code::StaleEpoch, Some(3)));
    assert_eq!(amy.is_refused(sealed("s2", 1)).await.code, Code::StaleEpoch);
    assert!(bob.asks(sealed("s1", 1)).await.duplicate, "a resend is looked at before its epoch");
    let entries = [amy.entry().await, amy.entry().await];
    assert!(entries.iter().all(|entry| entry.client_message_id.is_some()), "it is part of what is signed");
}

#[tokio::test]
async fn members_of_an_encrypted_group_change_with_their_commit() {
    let world = World::start().await;
    let (mut amy, bob, mut cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let body = chinwag_proto::rest::CreateChat {
        title: None,
        members: vec![bob.user],
        encryption: chinwag_proto::entry::Encryption::Mls,
        history: Default::default(),
        client_message_id: None,
    };
    let (group, _) = world.services.sending.create_group(amy.caller(), body).await.unwrap();
    let added = json!({"userId": cat.user, "change": "added", "role": "member"});
    let data = json!({"type": "commit", "text": ""});
    let mls = json!({"type": "mls", "chatId": group, "after": 0, "clientMessageId": "c", "data": data, "changes": [added]});
    let ack = amy.asks(mls).await;
    let entry = cat.entry().await;
    assert_eq!(entry.seq, ack.seq);
    let Body::Mls { changes, .. } = entry.body else { panic!("not an MLS entry") };
    assert_eq!((changes[0].user_id, changes[0].change), (cat.user, MembershipChange::Added));
    let appeared = cat
        .hears("chat", |frame| if let ServerFrame::Chat(chat) = frame { Some(chat.chat_id) } else { None });
    assert_eq!(appeared.await, group);
}
