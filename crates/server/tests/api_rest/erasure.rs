//! The end of an account.

use chinwag_proto::Code::{Forbidden, NotFound, Unauthenticated, Unavailable, UsernameTaken};
use chinwag_proto::Role;
use chinwag_proto::rest::{Contacts, Members, Profile};
use serde_json::json;

use crate::bench::{PASSWORD, Person, Server};

async fn erases_himself(person: &Person) {
    person.gives("DELETE", "/users/me", json!({"password": PASSWORD})).await.is(204);
}

#[tokio::test]
async fn an_account_is_erased_by_its_password_alone() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.gives("DELETE", "/users/me", json!({"password": "wrong password"})).await.refused(Forbidden);
    bob.get("/users/me").await.is(200);
    erases_himself(&bob).await;
    bob.get("/users/me").await.refused(Unauthenticated);
    let log_in = json!({"username": "bob", "password": PASSWORD, "device": {"name": "x"}});
    server.post("/users/login", log_in).await.refused(Unauthenticated);
}

#[tokio::test]
async fn all_sockets_of_an_erased_user_close() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let phone = bob.another_device("phone").await;
    phone.get("/users/me").await.is(200);
    server.listen_to(bob.id);
    erases_himself(&bob).await;
    let mut revoked = server.heard.revoked();
    revoked.sort_unstable();
    assert_eq!(revoked, [bob.device, phone.device]);
    phone.get("/users/me").await.refused(Unauthenticated);
}

#[tokio::test]
async fn the_messages_stay_as_from_a_deleted_user_and_the_personal_data_goes() {
    let server = Server::start().await;
    let body =
        json!({"username": "bob", "password": PASSWORD, "email": "bob@example.org", "displayName": "Bob B."});
    server.post("/users/register", body.clone()).await.is(201);
    let (bob, amy) = (server.log_in("bob", "phone").await, server.person("amy").await);
    amy.put(&format!("/users/{}/contacts/{}", amy.id, bob.id)).await.is(204);
    bob.sent("hello", amy.id).await;
    erases_himself(&bob).await;
    assert_eq!(amy.texts(amy.chat_with(&bob)).await, ["hello"]);
    let profile = amy.get(&format!("/users/{}", bob.id)).await;
    assert_eq!(profile.json::<Profile>().display_name, None);
    assert_eq!(profile.is(200), json!({"userId": bob.id, "deleted": true}));
    amy.get("/users?username=bob").await.refused(NotFound);
    let contacts: Contacts = amy.get(&format!("/users/{}/contacts", amy.id)).await.json();
    assert!(contacts.contacts.is_empty());
    amy.sends("are you there?", bob.id).await.refused(NotFound);
    server.post("/users/register", body).await.refused(UsernameTaken);
    let again = json!({"username": "rob", "password": PASSWORD, "email": "bob@example.org"});
    server.post("/users/register", again).await.is(201);
}

#[tokio::test]
async fn an_erased_user_leaves_his_groups_and_is_followed_in_them() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let mut groups = Vec::new();
    for number in 0..3 {
        groups.push(bob.makes_a_group(&format!("group {number}"), &[&amy]).await);
    }
    let alone = bob.makes_a_group("alone", &[]).await;
    let encrypted = bob.posts("/chats", json!({"members": [amy.id], "encryption": "mls"})).await.is(201);
    groups.push(crate::bench::Group(encrypted["chatId"].as_str().unwrap().parse().unwrap()));
    erases_himself(&bob).await;
    for group in groups {
        let members: Members = amy.get(&format!("/chats/{group}/members")).await.json();
        let listed: Vec<_> = members.members.iter().map(|member| (member.user_id, member.role)).collect();
        assert_eq!(listed, [(amy.id, Role::Owner)]);
    }
    amy.get(&format!("/chats/{alone}")).await.refused(NotFound);
}

#[tokio::test]
async fn an_erasure_that_a_failing_ledger_interrupts_is_not_half_done_and_can_be_repeated() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    server.ledger.append_faults().fail_next(1);
    bob.gives("DELETE", "/users/me", json!({"password": PASSWORD})).await.refused(Unavailable);
    bob.get("/users/me").await.is(200);
    erases_himself(&bob).await;
    let members: Members = amy.get(&format!("/chats/{group}/members")).await.json();
    assert_eq!(members.members.len(), 1);
}
