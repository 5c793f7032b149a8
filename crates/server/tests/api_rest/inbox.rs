//! Notices in inboxes: the checked ways into them.

use std::time::Duration;

use chinwag_proto::Code::{
    EncryptionRequired, Forbidden, IdempotencyConflict, InvalidRequest, NotFound, NotMember, RateLimited,
};
use serde_json::{Value, json};

use crate::bench::{Answer, Person, Server};

impl Person {
    async fn notifies(&self, other: &Person, body: Value) -> Answer {
        self.posts(&format!("/users/{}/inbox", other.id), body).await
    }

    async fn inbox(&self) -> Vec<Value> {
        let page = self.get(&format!("/chats/u.{}/entries", self.id)).await.is(200);
        page["entries"].as_array().unwrap().clone()
    }
}

fn about(kind: &str, chat: impl std::fmt::Display) -> Value {
    json!({"kind": kind, "data": {"type": kind, "text": "news", "chatId": chat.to_string()}})
}

fn device_notice() -> Value {
    json!({"kind": "device", "data": {"type": "device", "text": "A device was linked"}})
}

fn with_id(mut body: Value, id: &str) -> Value {
    body["clientMessageId"] = json!(id);
    body
}

#[tokio::test]
async fn a_notice_stands_in_the_inbox_of_the_one_it_is_for() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    let welcome = with_id(about("welcome", group), "w-1");
    assert_eq!(amy.notifies(&bob, welcome.clone()).await.is(201), json!({"seq": 1}));
    assert_eq!(amy.notifies(&bob, welcome.clone()).await.is(200), json!({"seq": 1}), "a retry");
    assert_eq!(bob.notifies(&bob, device_notice()).await.is(201), json!({"seq": 2}));
    let inbox = bob.inbox().await;
    let kinds: Vec<_> = inbox.iter().map(|entry| (&entry["kind"], &entry["senderId"])).collect();
    assert_eq!(kinds, [(&json!("welcome"), &json!(amy.id)), (&json!("device"), &json!(bob.id))]);
    assert_eq!(inbox[0]["data"], welcome["data"]);
    amy.get(&format!("/chats/u.{}/entries", bob.id)).await.refused(NotFound);
    amy.notifies(&bob, with_id(about("invite", group), "w-1")).await.refused(IdempotencyConflict);
    let chats = bob.get("/chats").await.is(200);
    assert!(chats.to_string().contains(&format!("u.{}", bob.id)), "{chats}");
}

#[tokio::test]
async fn each_kind_has_its_rule() {
    let server = Server::start().await;
    let (amy, bob, eve) =
        (server.person("amy").await, server.person("bob").await, server.person("eve").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    amy.notifies(&bob, device_notice()).await.refused(Forbidden);
    amy.notifies(&eve, about("welcome", group)).await.refused(Forbidden);
    amy.notifies(&eve, about("invite", group)).await.is(201);
    eve.notifies(&bob, about("welcome", group)).await.refused(NotFound);
    eve.notifies(&bob, about("invite", "g.999")).await.refused(NotFound);
    eve.notifies(&bob, about("invite", amy.chat_with(&bob))).await.refused(NotFound);
    bob.notifies(&amy, about("welcome", amy.chat_with(&bob))).await.refused(NotFound);
    bob.sent("hi", amy.id).await;
    bob.notifies(&amy, about("welcome", amy.chat_with(&bob))).await.is(201);
    bob.notifies(&eve, about("welcome", amy.chat_with(&bob))).await.refused(Forbidden);
    bob.notifies(&bob, about("welcome", group)).await.is(201);
    amy.removes(&bob, group).await.is(204);
    bob.notifies(&amy, about("welcome", group)).await.refused(NotMember);
    amy.posts("/users/999/inbox", about("invite", group)).await.refused(NotFound);
    eve.put(&format!("/users/{}/blocks/{}", eve.id, amy.id)).await.is(204);
    amy.notifies(&eve, about("invite", group)).await.refused(Forbidden);
    assert_eq!(eve.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_notice_is_an_object_of_its_size_that_names_its_chat() {
    let server = Server::limited(|limits| limits.notice_bytes = 100).await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    for data in [
        json!("text"),
        json!({"type": "welcome"}),
        json!({"type": "welcome", "text": "x".repeat(100)}),
        json!({"type": "welcome", "text": "a"}),
        json!({"type": "welcome", "text": "a", "chatId": 7}),
        json!({"type": "welcome", "text": "a", "chatId": "x"}),
        json!({"type": "welcome", "text": "a", "chatId": format!("u.{}", amy.id)}),
    ] {
        let detail =
            amy.notifies(&bob, json!({"kind": "welcome", "data": data})).await.refused(InvalidRequest);
        assert!(detail.contains("`data"), "{detail}");
    }
    let detail = amy.notifies(&bob, about("message", group)).await.refused(InvalidRequest);
    assert!(detail.contains("`kind`"), "{detail}");
    let plain = json!({"chatId": format!("u.{}", bob.id), "content": "hi"});
    assert_ne!(
        bob.posts("/messages", plain).await.outcome(),
        Err(EncryptionRequired),
        "an inbox has no content"
    );
}

#[tokio::test]
async fn what_was_accepted_is_answered_as_the_first_time_also_after_a_block() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    let welcome = with_id(about("welcome", group), "w-1");
    amy.notifies(&bob, welcome.clone()).await.is(201);
    bob.put(&format!("/users/{}/blocks/{}", bob.id, amy.id)).await.is(204);
    assert_eq!(amy.notifies(&bob, welcome).await.is(200), json!({"seq": 1}));
    amy.notifies(&bob, with_id(about("welcome", group), "w-2")).await.refused(Forbidden);
}

#[tokio::test]
async fn notices_have_a_limit_for_each_inbox_and_one_for_all() {
    let server = Server::limited(|limits| {
        limits.notices_per_minute = 5;
        limits.notices_per_inbox_per_minute = 3;
    })
    .await;
    let (amy, bob, cat) =
        (server.person("amy").await, server.person("bob").await, server.person("cat").await);
    let group = amy.makes_a_group("tea", &[&bob, &cat]).await;
    tokio::time::pause();
    for _ in 0..3 {
        amy.notifies(&bob, about("welcome", group)).await.is(201);
    }
    amy.notifies(&bob, about("welcome", group)).await.refused(RateLimited);
    for _ in 0..2 {
        amy.notifies(&cat, about("welcome", group)).await.is(201);
    }
    amy.notifies(&cat, about("welcome", group)).await.refused(RateLimited);
    bob.notifies(&cat, about("welcome", group)).await.is(201);
    tokio::time::advance(Duration::from_secs(60)).await;
    amy.notifies(&bob, about("welcome", group)).await.is(201);
}
