//! Retries: the same request with the same `clientMessageId` gives the first result, for ever.

use chinwag_proto::Code::{Forbidden, IdempotencyConflict, NotMember};
use chinwag_proto::rest::{HeadDone, Sent};
use serde_json::{Value, json};

use crate::bench::{Answer, Person, Server};

const DAY_MS: i64 = 24 * 3_600_000;

async fn send(person: &Person, to: impl serde::Serialize, text: &str, id: &str) -> Answer {
    person.posts("/messages", json!({"receiverId": to, "content": text, "clientMessageId": id})).await
}

#[tokio::test]
async fn a_message_sent_again_is_the_first_one_at_once_after_deletion_and_after_30_days() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let first: Sent = send(&bob, amy.id, "hi", "m1").await.json();
    let again = async |who: &Person| {
        let answer = send(who, amy.id, "hi", "m1").await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.json::<Sent>(), first);
    };
    again(&bob).await;
    again(&bob.another_device("phone").await).await;
    bob.delete(&format!("/messages/{}/{}", first.chat_id, first.seq)).await.is(204);
    again(&bob).await;
    for number in 0..300 {
        amy.sent(&format!("message {number}"), bob.id).await;
    }
    server.clock.advance(30 * DAY_MS);
    again(&bob).await;
    let page = amy.get(&format!("/chats/{}", first.chat_id)).await.is(200);
    assert_eq!(page["head"], 302, "no retry made an entry: {page}");
}

#[tokio::test]
async fn two_contents_that_are_equal_in_canonical_form_are_the_same_request() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let body = |content: &str| {
        format!(r#"{{"receiverId":"{}","clientMessageId":"m1","content":{content}}}"#, amy.id)
    };
    let call = |content: &str| {
        server.call("POST", "/messages").token(&bob.token).raw("application/json", body(content))
    };
    call(r#"{"type":"a","text":"b","n":10}"#).answer().await.is(201);
    call(r#"{ "text": "\u0062", "n": 1e1, "type": "a" }"#).answer().await.is(200);
    call(r#"{"type":"a","text":"b","n":11}"#).answer().await.refused(IdempotencyConflict);
}

#[tokio::test]
async fn the_same_id_with_another_request_is_a_conflict_over_all_kinds() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let sent: Sent = send(&bob, amy.id, "hi", "m1").await.json();
    let path = format!("/messages/{}/{}", sent.chat_id, sent.seq);
    send(&bob, amy.id, "ho", "m1").await.refused(IdempotencyConflict);
    bob.patches(&path, json!({"content": "hi", "clientMessageId": "m1"})).await.refused(IdempotencyConflict);
    bob.delete(&format!("{path}?clientMessageId=m1")).await.refused(IdempotencyConflict);
    bob.put(&format!("{path}/reactions/x?clientMessageId=m1")).await.refused(IdempotencyConflict);
    let reply = json!({"chatId": sent.chat_id, "content": "hi", "replyTo": 1, "clientMessageId": "m1"});
    bob.posts("/messages", reply).await.refused(IdempotencyConflict);
    send(&amy, bob.id, "ho", "m1").await.is(201);
    send(&bob, bob.id, "ho", "m1").await.is(201);
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_retried_alike() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let sent = bob.sent("hi", bob.id).await;
    let path = format!("/messages/{}/{}", sent.chat_id, sent.seq);
    let head = async || bob.reads(sent.chat_id).await.head.get();
    let edit = json!({"content": "ho", "clientMessageId": "e1"});
    let first = bob.patches(&path, edit.clone()).await.is(200);
    assert_eq!(bob.patches(&path, edit).await.is(200), first);
    for _ in 0..2 {
        bob.put(&format!("{path}/reactions/x?clientMessageId=r1")).await.is(204);
    }
    assert_eq!(head().await, 3);
    bob.put(&format!("{path}/reactions/x?clientMessageId=r2")).await.is(204);
    assert_eq!(head().await, 4, "a reaction of another id is another entry");
    for _ in 0..2 {
        bob.delete(&format!("{path}?clientMessageId=d1")).await.is(204);
    }
    assert_eq!(head().await, 5);
    let edit = json!({"content": "ho", "clientMessageId": "e1"});
    assert_eq!(bob.patches(&path, edit).await.is(200), first, "also after the deletion");
}

#[tokio::test]
async fn a_group_made_again_is_the_same_group() {
    let server = Server::start().await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    let make = |title: &str, members: Value| {
        bob.posts("/chats", json!({"title": title, "members": members, "clientMessageId": "g1"}))
    };
    let first = make("tea", json!([amy.id, zoe.id])).await;
    assert_eq!(first.status, 201);
    let first: HeadDone = first.json();
    let again = make("tea", json!([zoe.id, amy.id])).await;
    assert_eq!(again.status, 200, "the order of founders says nothing");
    assert_eq!(again.json::<HeadDone>(), first);
    make("coffee", json!([amy.id, zoe.id])).await.refused(IdempotencyConflict);
    make("tea", json!([amy.id])).await.refused(IdempotencyConflict);
    server.clock.advance(30 * DAY_MS);
    assert_eq!(make("tea", json!([amy.id, zoe.id])).await.json::<HeadDone>(), first);
    let chat = first.chat_id.unwrap();
    let message = json!({"chatId": chat, "content": "hi", "clientMessageId": "g1"});
    bob.posts("/messages", message).await.refused(IdempotencyConflict);
}

#[tokio::test]
async fn a_group_that_was_refused_leaves_its_id_free_and_one_that_was_made_outlives_a_block() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let make = |body: Value| bob.posts("/chats", body);
    let mut body = json!({"title": "tea", "members": ["999", amy.id], "clientMessageId": "g1"});
    make(body.clone()).await.refused(chinwag_proto::Code::NotFound);
    body["members"] = json!([amy.id]);
    let first = make(body.clone()).await.is(201);
    amy.put(&format!("/users/{}/blocks/{}", amy.id, bob.id)).await.is(204);
    assert_eq!(make(body.clone()).await.is(200), first);
    body["members"] = json!([]);
    make(body).await.refused(IdempotencyConflict);
}

#[tokio::test]
async fn without_an_id_each_request_is_its_own() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    assert_eq!(bob.sent("hi", amy.id).await.seq.get(), 1);
    assert_eq!(bob.sent("hi", amy.id).await.seq.get(), 2);
    let (one, other) = (bob.makes_a_group("tea", &[]).await, bob.makes_a_group("tea", &[]).await);
    assert_ne!(one.0, other.0);
}

#[tokio::test]
async fn an_accepted_send_is_answered_to_an_ex_member_too_and_a_new_one_is_not() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    let first: Sent = send(&amy, group.0, "hi", "m1").await.json();
    bob.removes(&amy, group).await.is(204);
    let again = send(&amy, group.0, "hi", "m1").await;
    assert_eq!(again.status, 200, "{again}");
    assert_eq!(again.json::<Sent>(), first);
    send(&amy, group.0, "ho", "m2").await.refused(NotMember);
}

#[tokio::test]
async fn a_refused_send_leaves_its_id_free() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let block = format!("/users/{}/blocks/{}", amy.id, bob.id);
    amy.put(&block).await.is(204);
    send(&bob, amy.id, "hi", "m1").await.refused(Forbidden);
    amy.delete(&block).await.is(204);
    send(&bob, amy.id, "another text", "m1").await.is(201);
}

#[tokio::test]
async fn what_was_accepted_before_a_block_or_an_erasure_is_answered_as_the_first_time() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let first: Sent = send(&bob, amy.id, "hi", "m1").await.json();
    let path = format!("/messages/{}/{}", first.chat_id, first.seq);
    let edit = json!({"content": "ho", "clientMessageId": "e1"});
    let edited = bob.patches(&path, edit.clone()).await.is(200);
    amy.put(&format!("/users/{}/blocks/{}", amy.id, bob.id)).await.is(204);
    assert_eq!(send(&bob, amy.id, "hi", "m1").await.is(200), json!(first));
    assert_eq!(bob.patches(&path, edit.clone()).await.is(200), edited);
    send(&bob, amy.id, "ho", "m1").await.refused(IdempotencyConflict);
    send(&bob, amy.id, "hi", "m2").await.refused(Forbidden);
    amy.gives("DELETE", "/users/me", json!({"password": crate::bench::PASSWORD})).await.is(204);
    assert_eq!(send(&bob, amy.id, "hi", "m1").await.is(200), json!(first));
    send(&bob, amy.id, "hi", "m2").await.refused(chinwag_proto::Code::NotFound);
    assert_eq!(bob.reads(first.chat_id).await.head.get(), 2);
}

#[tokio::test]
async fn a_refused_first_send_makes_no_chat() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    amy.put(&format!("/users/{}/blocks/{}", amy.id, bob.id)).await.is(204);
    send(&bob, amy.id, "hi", "m1").await.refused(Forbidden);
    bob.get(&format!("/chats/{}", bob.chat_with(&amy))).await.refused(chinwag_proto::Code::NotFound);
}
