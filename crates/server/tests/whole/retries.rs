//! Retries: the same request with the same `clientMessageId` gives the first result, for ever, wherever
//! it comes from; another request is a conflict.

use std::sync::Arc;

use chinwag_ports::twins::FakeClock;
use chinwag_proto::Code::IdempotencyConflict;
use chinwag_proto::frame::Ack;
use chinwag_proto::rest::Sent;
use chinwag_proto::{ChatId, MessageId, Seq, Timestamp};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use serde_json::json;

const DAY_MS: i64 = 24 * 3_600_000;
/// The ids of so many last entries are recognised without `resend`.
const RECENT: usize = 256;

/// What a retry has to give again.
type Result = (ChatId, Seq, MessageId, Timestamp);

fn of_ack(ack: &Ack) -> Result {
    (ack.chat_id, ack.seq, ack.message_id, ack.created_at)
}

fn of_sent(sent: &Sent) -> Result {
    (sent.chat_id, sent.seq, sent.message_id, sent.created_at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_on_the_same_or_another_connection_or_device_is_the_first_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut phone, mut other) = (alice.connects().await, alice.connects_another("tablet").await);
    let mut bobs = bob.connects().await;
    let first = phone.sends("hi").as_id("m1").to(&bob).await;
    assert!(!first.duplicate);
    for again in [
        phone.sends("hi").as_id("m1").to(&bob).await,
        phone.sends("hi").as_id("m1").again().to(&bob).await,
        other.sends("hi").as_id("m1").again().to(&bob).await,
    ] {
        assert!(again.duplicate);
        assert_eq!(of_ack(&again), of_ack(&first));
    }
    let mut phone = phone.breaks_and_comes_back().await;
    let again = phone.sends("hi").as_id("m1").again().to(&bob).await;
    assert!(again.duplicate);
    assert_eq!(of_ack(&again), of_ack(&first));
    phone.sends("end").to(&bob).await;
    bobs.sees("end").await;
    assert_eq!(bobs.order_in(first.chat_id).await, [1, 2], "no retry reaches the other side");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_whose_connection_broke_before_its_answer_is_one_message_when_sent_again() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut phone = alice.connects().await;
    for number in 0..20 {
        let (text, id) = (format!("message {number}"), format!("m{number}"));
        phone.sends(&text).as_id(&id).on_its_way_to(&bob).await;
        // The answer is never read: whether the send arrived is open.
        phone = phone.breaks_and_comes_back().await;
        let ack = phone.sends(&text).as_id(&id).again().to(&bob).await;
        assert_eq!(ack.seq.get(), number + 1);
    }
    assert_eq!(alice.entries(chat).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_a_restart_is_the_first_message_over_either_way() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let by_socket = phone.sends("by socket").as_id("s").to(&bob).await;
    let by_rest = alice.sends("by REST").as_id("r").to(&bob).await;
    server.restarts().await;
    let mut phone = alice.connects().await;
    let again = phone.sends("by socket").as_id("s").again().to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&by_socket)));
    let crossed = phone.sends("by REST").as_id("r").to(&bob).await;
    assert_eq!((crossed.duplicate, of_ack(&crossed)), (true, of_sent(&by_rest)));
    assert_eq!(of_sent(&alice.sends("by socket").as_id("s").to(&bob).await), of_ack(&by_socket));
    assert_eq!(of_sent(&alice.sends("by REST").as_id("r").to(&bob).await), of_sent(&by_rest));
    assert_eq!(alice.entries(alice.chat_with(&bob)).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_websocket_then_rest_and_the_reverse_is_one_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let first = phone.sends("one").as_id("m1").to(&bob).await;
    assert_eq!(of_sent(&alice.sends("one").as_id("m1").to(&bob).await), of_ack(&first));
    let second = alice.sends("two").as_id("m2").to(&bob).await;
    let again = phone.sends("two").as_id("m2").to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_sent(&second)));
    // Named by its chat instead of by its receiver it is the same request.
    let chat = alice.chat_with(&bob);
    assert_eq!(of_sent(&alice.sends("two").as_id("m2").to(chat).await), of_sent(&second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_days_later_a_restart_and_a_deletion_between_it_is_still_the_first_message() {
    let clock = Arc::new(FakeClock::default());
    let server = Server::on_clock(&clock, &[]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let first = phone.sends("hi").as_id("m1").to(&bob).await;
    alice.deletes(first.chat_id, first.seq).await;
    drop(phone);
    clock.advance(30 * DAY_MS);
    let mut phone = alice.connects().await;
    let again = phone.sends("hi").as_id("m1").again().to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&first)));
    clock.advance(30 * DAY_MS);
    server.restarts().await;
    assert_eq!(of_sent(&alice.sends("hi").as_id("m1").to(&bob).await), of_ack(&first));
    alice.sends("ho").as_id("m1").is_refused(IdempotencyConflict, &bob).await;
    let later = alice.sends("later").to(&bob).await;
    assert_eq!(later.created_at.ms_since(first.created_at), 60 * DAY_MS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_with_another_request_is_a_conflict_over_all_kinds_and_both_ways() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let first = phone.sends("hi").as_id("m1").to(&bob).await;
    let (chat, seq) = (first.chat_id, first.seq);
    phone.sends("ho").as_id("m1").is_refused(IdempotencyConflict, &bob).await;
    phone.sends("ho").as_id("m1").again().is_refused(IdempotencyConflict, &bob).await;
    alice.sends("ho").as_id("m1").is_refused(IdempotencyConflict, &bob).await;
    let on = |kind: &str| json!({"type": kind, "chatId": chat, "target": seq, "clientMessageId": "m1"});
    let with = |kind: &str, more: serde_json::Value| {
        let mut frame = on(kind);
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    phone.is_refused(IdempotencyConflict, with("edit", json!({"content": "hi"}))).await;
    phone.is_refused(IdempotencyConflict, on("delete")).await;
    phone.is_refused(IdempotencyConflict, with("react", json!({"key": "x", "on": true}))).await;
    let reply =
        json!({"type": "send", "to": bob.id, "clientMessageId": "m1", "content": "hi", "replyTo": seq});
    phone.is_refused(IdempotencyConflict, reply).await;
    // A name space of its own for each user and chat.
    bob.sends("ho").as_id("m1").to(&alice).await;
    phone.sends("ho").as_id("m1").to(&alice).await;
    assert_eq!(alice.entries(chat).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_deletions_and_reactions_are_retried_alike_over_a_restart() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let (kept, gone) = (phone.sends("kept").to(&bob).await, phone.sends("gone").to(&bob).await);
    let chat = kept.chat_id;
    let frames = [
        json!({"type": "edit", "chatId": chat, "target": kept.seq, "content": "changed", "clientMessageId": "e"}),
        json!({"type": "react", "chatId": chat, "target": kept.seq, "key": "x", "on": true, "clientMessageId": "r"}),
        json!({"type": "delete", "chatId": chat, "target": gone.seq, "clientMessageId": "d"}),
    ];
    let mut first = Vec::new();
    for frame in &frames {
        first.push(phone.asks(frame.clone()).await);
    }
    server.restarts().await;
    let mut phone = alice.connects().await;
    for (frame, first) in frames.iter().zip(&first) {
        let mut again = frame.clone();
        again["resend"] = json!(true);
        let ack = phone.asks(again).await;
        assert_eq!((ack.duplicate, of_ack(&ack)), (true, of_ack(first)), "{frame}");
    }
    assert_eq!(alice.entries(chat).await.len(), 5);
    // Another deletion of what is deleted is the first result, too, whatever its id.
    let other = json!({"type": "delete", "chatId": chat, "target": gone.seq, "clientMessageId": "d2"});
    let ack = phone.asks(other).await;
    assert_eq!((ack.duplicate, ack.seq), (true, first[2].seq));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_last_256_entries_a_resend_is_recognised_and_a_plain_send_may_be_a_second_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let first = phone.sends("hi").as_id("m1").to(&bob).await;
    let mut waiting = Vec::new();
    for number in 0..RECENT + 10 {
        waiting.push(phone.sends(&format!("message {number}")).on_its_way_to(&bob).await);
    }
    for id in &waiting {
        phone.ack(id).await;
    }
    let again = phone.sends("hi").as_id("m1").again().to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&first)));
    assert_eq!(of_sent(&alice.sends("hi").as_id("m1").to(&bob).await), of_ack(&first), "REST always looks");
    phone.sends("ho").as_id("m1").again().is_refused(IdempotencyConflict, &bob).await;
    server.restarts().await;
    let mut phone = alice.connects().await;
    let again = phone.sends("hi").as_id("m1").again().to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&first)));
    // Of the recent ones no mark is needed.
    let recent = phone.sends("recent").as_id("m2").to(&bob).await;
    let again = phone.sends("recent").as_id("m2").to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&recent)));
    let head = alice.summary(first.chat_id).await.head.get();
    let unmarked = phone.sends("hi").as_id("m1").to(&bob).await;
    if unmarked.duplicate {
        assert_eq!(of_ack(&unmarked), of_ack(&first));
    } else {
        assert_eq!(unmarked.seq.get(), head + 1, "one more entry, in its place");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_of_a_blocked_or_removed_user_are_the_first_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let group = bob.makes_a_group("lunch", &[&alice]).await;
    let mut phone = alice.connects().await;
    let direct = phone.sends("hi").as_id("m1").to(&bob).await;
    let in_group = phone.sends("hi").as_id("m1").to(group).await;
    bob.blocks(&alice).await;
    bob.removes(&alice, group).await;
    let again = phone.sends("hi").as_id("m1").again().to(&bob).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&direct)));
    let again = phone.sends("hi").as_id("m1").again().to(group).await;
    assert_eq!((again.duplicate, of_ack(&again)), (true, of_ack(&in_group)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_that_send_the_same_at_once_make_one_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phones = Vec::new();
    for number in 0..4 {
        phones.push(alice.connects_another(&format!("device {number}")).await);
    }
    let sends = phones.iter_mut().map(|phone| phone.sends("hi").as_id("m1").again().to(&bob));
    let (acks, by_rest) =
        tokio::join!(futures_util::future::join_all(sends), alice.sends("hi").as_id("m1").to(&bob));
    assert!(acks.iter().all(|ack| of_ack(ack) == of_sent(&by_rest)));
    assert!(acks.iter().filter(|ack| !ack.duplicate).count() <= 1);
    assert_eq!(alice.entries(by_rest.chat_id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_made_twice_by_one_id_is_one_group_over_a_restart() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let body = json!({"title": "lunch", "members": [bob.id], "clientMessageId": "g1"});
    let first = alice.does("POST", "/chats", body.clone()).await;
    assert_eq!(alice.does("POST", "/chats", body.clone()).await["chatId"], first["chatId"]);
    server.restarts().await;
    assert_eq!(alice.does("POST", "/chats", body.clone()).await["chatId"], first["chatId"]);
    let other = json!({"title": "dinner", "members": [bob.id], "clientMessageId": "g1"});
    alice.is_refused(IdempotencyConflict, "POST", "/chats", other).await;
    assert_ne!(
        bob.does("POST", "/chats", body).await["chatId"],
        first["chatId"],
        "a name space for each user"
    );
    let chats = async |of: &Person| of.rest().chats(None).await.unwrap().chats.len();
    assert_eq!((chats(&alice).await, chats(&bob).await), (1, 2), "Bob made one of his own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_that_make_the_same_group_at_once_make_one() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let body = json!({"title": "lunch", "members": [bob.id], "clientMessageId": "g1"});
    let calls = (0..6).map(|_| alice.does("POST", "/chats", body.clone()));
    let made = futures_util::future::join_all(calls).await;
    assert!(made.iter().all(|answer| answer["chatId"] == made[0]["chatId"]), "{made:?}");
    assert_eq!(alice.rest().chats(None).await.unwrap().chats.len(), 1);
    assert_eq!(bob.rest().chats(None).await.unwrap().chats.len(), 1);
}
