//! Presence: who sees whose.

use chinwag_ports::{Presence, Session};
use chinwag_proto::Code::InvalidRequest;
use chinwag_proto::frame::Status;
use chinwag_proto::rest::{Contacts, PresenceList};
use serde_json::json;

use crate::bench::{Person, Server};

async fn connects(server: &Server, person: &Person) {
    let session = Session { user: person.id, device: person.device, node: 0, incarnation: 1 };
    server.presence.claim(session, server.services.ports.clock.now()).await.unwrap();
}

async fn seen(viewer: &Person, others: &[&Person]) -> Vec<(chinwag_proto::UserId, Status)> {
    let ids: Vec<_> = others.iter().map(|other| other.id.to_string()).collect();
    let list: PresenceList = viewer.get(&format!("/presence?users={}", ids.join(","))).await.json();
    list.users.iter().map(|user| (user.user_id, user.status)).collect()
}

#[tokio::test]
async fn presence_is_shown_to_acquaintances_and_left_out_for_others() {
    let server = Server::start().await;
    let (bob, amy, eve) =
        (server.person("bob").await, server.person("amy").await, server.person("eve").await);
    bob.sends("hi", amy.id).await.is(201);
    connects(&server, &amy).await;
    connects(&server, &eve).await;
    assert_eq!(seen(&bob, &[&amy, &eve]).await, [(amy.id, Status::Online)]);
    assert_eq!(seen(&eve, &[&amy, &bob]).await, []);
    amy.patches("/users/me", json!({"presence": "off"})).await.is(200);
    assert_eq!(seen(&bob, &[&amy]).await, []);
    assert_eq!(seen(&amy, &[&amy]).await, [(amy.id, Status::Online)], "one always sees oneself");
}

#[tokio::test]
async fn whoever_is_among_my_contacts_sees_me_and_i_need_not_see_him() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    connects(&server, &bob).await;
    connects(&server, &amy).await;
    bob.put(&format!("/users/{}/contacts/{}", bob.id, amy.id)).await.is(204);
    assert_eq!(seen(&amy, &[&bob]).await, [(bob.id, Status::Online)]);
    assert_eq!(seen(&bob, &[&amy]).await, []);
    let path = format!("/users/{}/contacts", bob.id);
    let contacts: Contacts = bob.get(&path).await.json();
    assert_eq!(contacts.contacts[0].presence, None);
    amy.put(&format!("/users/{}/contacts/{}", amy.id, bob.id)).await.is(204);
    let contacts: Contacts = bob.get(&path).await.json();
    assert_eq!(contacts.contacts[0].presence, Some(Status::Online));
}

#[tokio::test]
async fn a_hundred_users_are_asked_for_at_once() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let ids = |count: usize| (1..=count).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    bob.get(&format!("/presence?users={}", ids(100))).await.is(200);
    bob.get(&format!("/presence?users={}", ids(101))).await.refused(InvalidRequest);
    bob.get("/presence?users=x").await.refused(InvalidRequest);
    bob.get("/presence").await.refused(InvalidRequest);
    assert_eq!(bob.get("/presence?users=").await.is(200), json!({"users": []}));
}
