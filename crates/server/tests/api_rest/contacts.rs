//! Contacts and blocks.

use chinwag_proto::Code::{Forbidden, InvalidRequest, NotFound};
use chinwag_proto::rest::{Blocks, Contacts};

use crate::bench::{Person, Server};

fn contact(of: &Person, other: &Person) -> String {
    format!("/users/{}/contacts/{}", of.id, other.id)
}

fn block(of: &Person, other: &Person) -> String {
    format!("/users/{}/blocks/{}", of.id, other.id)
}

#[tokio::test]
async fn contacts_come_and_go_and_repeating_changes_nothing() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let (zoe, amy) = (server.person("zoe").await, server.person("amy").await);
    let list = async || bob.get(&format!("/users/{}/contacts", bob.id)).await.json::<Contacts>().contacts;
    bob.put(&contact(&bob, &zoe)).await.is(204);
    let since = list().await[0].since;
    server.clock.advance(60_000);
    bob.put(&contact(&bob, &zoe)).await.is(204);
    bob.put(&contact(&bob, &amy)).await.is(204);
    let contacts = list().await;
    let names: Vec<_> = contacts.iter().map(|contact| contact.username.as_ref().unwrap().as_str()).collect();
    assert_eq!(names, ["amy", "zoe"], "in the order of names");
    assert_eq!(contacts[1].since, since, "the first time stays");
    bob.delete(&contact(&bob, &zoe)).await.is(204);
    bob.delete(&contact(&bob, &zoe)).await.is(204);
    assert_eq!(list().await.len(), 1);
    assert!(amy.get(&format!("/users/{}/contacts", amy.id)).await.json::<Contacts>().contacts.is_empty());
}

#[tokio::test]
async fn a_contact_is_somebody_else_who_is_there() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.put(&contact(&bob, &bob)).await.refused(InvalidRequest);
    bob.put(&format!("/users/{}/contacts/999", bob.id)).await.refused(NotFound);
    bob.put(&format!("/users/{}/blocks/999", bob.id)).await.refused(NotFound);
    bob.put(&block(&bob, &bob)).await.refused(InvalidRequest);
    bob.delete(&format!("/users/{}/contacts/999", bob.id)).await.is(204);
}

#[tokio::test]
async fn there_are_so_many_contacts_and_blocks() {
    let server = Server::limited(|limits| limits.contacts_per_user = 1).await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    bob.put(&contact(&bob, &amy)).await.is(204);
    bob.put(&contact(&bob, &amy)).await.is(204);
    bob.put(&contact(&bob, &zoe)).await.refused(Forbidden);
    bob.put(&block(&bob, &amy)).await.is(204);
    bob.put(&block(&bob, &zoe)).await.refused(Forbidden);
}

#[tokio::test]
async fn a_change_of_contacts_and_blocks_is_told_to_the_nodes() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    server.listen_to(bob.id);
    bob.put(&contact(&bob, &amy)).await.is(204);
    bob.put(&block(&bob, &amy)).await.is(204);
    bob.delete(&block(&bob, &amy)).await.is(204);
    assert_eq!(server.heard.changed(), [bob.id; 3]);
}

#[tokio::test]
async fn a_blocked_user_cannot_write_edit_or_react_and_what_he_wrote_stands() {
    let server = Server::start().await;
    let (bob, eve) = (server.person("bob").await, server.person("eve").await);
    let chat = bob.chat_with(&eve);
    let seq = eve.sent("hello", bob.id).await.seq;
    bob.put(&block(&bob, &eve)).await.is(204);
    eve.sends("hello?", bob.id).await.refused(Forbidden);
    eve.sends("hello?", chat).await.refused(Forbidden);
    let path = format!("/messages/{chat}/{seq}");
    eve.patches(&path, serde_json::json!({"content": "x"})).await.refused(Forbidden);
    eve.put(&format!("{path}/reactions/x")).await.refused(Forbidden);
    assert_eq!(bob.texts(chat).await, ["hello"]);
    bob.sends("a block works one way", eve.id).await.is(201);
    eve.delete(&path).await.is(204);
    let blocks = bob.get(&format!("/users/{}/blocks", bob.id)).await.json::<Blocks>().blocks;
    assert_eq!(blocks.iter().map(|block| block.user_id).collect::<Vec<_>>(), [eve.id]);
    bob.delete(&block(&bob, &eve)).await.is(204);
    eve.sends("there you are", bob.id).await.is(201);
}

#[tokio::test]
async fn a_blocked_user_cannot_add_the_blocker_to_a_group_but_common_groups_go_on() {
    let server = Server::start().await;
    let (bob, eve, amy) =
        (server.person("bob").await, server.person("eve").await, server.person("amy").await);
    let common = amy.makes_a_group("common", &[&bob, &eve]).await;
    let own = eve.makes_a_group("eve's", &[&amy]).await;
    bob.put(&block(&bob, &eve)).await.is(204);
    eve.adds(&bob, own).await.refused(Forbidden);
    let body = serde_json::json!({"title": "trap", "members": [amy.id, bob.id]});
    eve.posts("/chats", body).await.refused(Forbidden);
    eve.sends("still here", common).await.is(201);
    assert_eq!(bob.texts(common).await, ["still here"]);
}
