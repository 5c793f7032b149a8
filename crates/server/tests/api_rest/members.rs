//! Members of a chat: listed, added, removed, leaving.

use chinwag_proto::Code::{InvalidRequest, NotFound, NotMember};
use chinwag_proto::Role;
use chinwag_proto::rest::Members;
use serde_json::json;

use crate::bench::{Group, Person, Server};

async fn roles(viewer: &Person, group: Group) -> Vec<(chinwag_proto::UserId, Role)> {
    let answer = viewer.get(&format!("/chats/{group}/members")).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json::<Members>().members.iter().map(|member| (member.user_id, member.role)).collect()
}

#[tokio::test]
async fn members_are_listed_in_the_order_of_their_ids_and_paged() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let mut others = Vec::new();
    for number in 0..5 {
        others.push(server.person(&format!("other{number}")).await);
    }
    let group = bob.makes_a_group("tea", &others.iter().collect::<Vec<_>>()).await;
    let mut expected: Vec<_> = others.iter().map(|other| other.id).collect();
    expected.push(bob.id);
    expected.sort_unstable();
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let from = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let page: Members = bob.get(&format!("/chats/{group}/members?limit=4{from}")).await.json();
        listed.extend(page.members.iter().map(|member| member.user_id));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, expected);
    bob.get(&format!("/chats/{group}/members?limit=201")).await.refused(InvalidRequest);
}

#[tokio::test]
async fn a_direct_chat_has_its_two_members_since_it_began() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let sent = bob.sent("hi", amy.id).await;
    let members: Members = amy.get(&format!("/chats/{}/members", sent.chat_id)).await.json();
    let listed: Vec<_> =
        members.members.iter().map(|member| (member.user_id, member.role, member.since)).collect();
    let mut ids = [bob.id, amy.id];
    ids.sort_unstable();
    assert_eq!(listed, ids.map(|id| (id, Role::Member, sent.created_at)));
    let notes = bob.sent("note", bob.id).await.chat_id;
    assert_eq!(roles(&bob, Group(notes)).await, [(bob.id, Role::Member)]);
}

#[tokio::test]
async fn adding_is_all_or_nothing_and_passes_members_over() {
    let server = Server::start().await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    let path = format!("/chats/{group}/members");
    bob.posts(&path, json!({"users": [zoe.id, "999"]})).await.refused(NotFound);
    zoe.get(&format!("/chats/{group}")).await.refused(NotFound);
    assert_eq!(bob.posts(&path, json!({"users": [amy.id, zoe.id]})).await.is(200), json!({"head": 2}));
    bob.sent("hi", group).await;
    assert_eq!(bob.adds(&zoe, group).await.is(200), json!({"head": 3}), "nobody new: the head as it is");
    let many: Vec<_> = (1..=101).map(|id| id.to_string()).collect();
    for bad in [json!([]), json!(many), json!(["x"])] {
        bob.posts(&path, json!({"users": bad})).await.refused(InvalidRequest);
    }
}

#[tokio::test]
async fn who_was_removed_and_added_again_sees_from_the_new_entry_on() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    bob.sent("one", group).await;
    bob.removes(&amy, group).await.is(204);
    bob.removes(&amy, group).await.refused(NotFound);
    amy.get(&format!("/chats/{group}")).await.refused(NotMember);
    bob.sent("two", group).await;
    bob.adds(&amy, group).await.is(200);
    bob.sent("three", group).await;
    assert_eq!(amy.texts(group).await, ["three"]);
}

#[tokio::test]
async fn the_last_owner_who_leaves_is_followed_by_the_oldest_admin_else_the_oldest_member() {
    let server = Server::start().await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    bob.adds(&zoe, group).await.is(200);
    bob.gives_role("admin", &zoe, group).await.is(204);
    let head = bob.reads(group).await.head.get();
    bob.removes(&bob, group).await.is(204);
    assert_eq!(zoe.reads(group).await.head.get(), head + 1, "in the same entry");
    let mut expected = [(amy.id, Role::Member), (zoe.id, Role::Owner)];
    expected.sort_unstable();
    assert_eq!(roles(&zoe, group).await, expected);
    zoe.gives_role("member", &zoe, group).await.is(204);
    let mut expected = [(amy.id, Role::Owner), (zoe.id, Role::Member)];
    expected.sort_unstable();
    assert_eq!(roles(&zoe, group).await, expected, "a demotion follows the same rule");
}

#[tokio::test]
async fn a_role_is_given_to_members_alone() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[]).await;
    bob.gives_role("admin", &amy, group).await.refused(NotFound);
    bob.gives_role("king", &bob, group).await.refused(InvalidRequest);
}
