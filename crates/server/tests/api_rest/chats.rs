//! The chat list, groups, read marks.

use chinwag_proto::Code::{EncryptionRequired, Forbidden, InvalidRequest, NotFound, TooManyMembers};
use chinwag_proto::rest::{ChatList, EntryPage, Summary};
use serde_json::json;

use crate::bench::{Person, Server};

async fn summary(person: &Person, chat: impl std::fmt::Display) -> Summary {
    let answer = person.get(&format!("/chats/{chat}")).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()
}

#[tokio::test]
async fn a_group_begins_with_its_founders() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let made =
        bob.posts("/chats", json!({"title": "tea", "members": [amy.id, bob.id, amy.id]})).await.is(201);
    assert_eq!(made["head"], 1);
    let chat = made["chatId"].as_str().unwrap();
    let page: EntryPage = amy.get(&format!("/chats/{chat}/entries")).await.json();
    assert_eq!(page.from.get(), 1, "founders see from the first entry");
    let entry = serde_json::to_value(&page.entries[0]).unwrap();
    let founders = json!([{"userId": bob.id, "role": "owner"}, {"userId": amy.id, "role": "member"}]);
    assert_eq!((&entry["kind"], &entry["members"]), (&json!("chat"), &founders));
    let seen = amy.get(&format!("/chats/{chat}")).await.is(200);
    assert_eq!(seen["kind"], "group");
    assert_eq!(
        (&seen["title"], &seen["members"], &seen["role"]),
        (&json!("tea"), &json!(2), &json!("member"))
    );
    assert_eq!((&seen["history"], &seen["whoMayAdd"]), (&json!("joined"), &json!("admins")));
    assert_eq!(seen["encryption"], "none");
}

#[tokio::test]
async fn a_group_that_may_not_be_made_is_not_made() {
    let server = Server::limited(|limits| limits.group_members = 3).await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let make = |body: serde_json::Value| bob.posts("/chats", body);
    make(json!({"members": [amy.id]})).await.refused(InvalidRequest);
    make(json!({"title": "", "members": []})).await.refused(InvalidRequest);
    make(json!({"title": "tea"})).await.refused(InvalidRequest);
    make(json!({"title": "tea", "members": ["999"]})).await.refused(NotFound);
    make(json!({"title": "tea", "members": [], "encryption": "mls"})).await.refused(EncryptionRequired);
    let many: Vec<_> = (1..=101).map(|id| (id * 7).to_string()).collect();
    make(json!({"title": "tea", "members": many})).await.refused(InvalidRequest);
    let (zoe, eve) = (server.person("zoe").await, server.person("eve").await);
    make(json!({"title": "tea", "members": [amy.id, zoe.id, eve.id]})).await.refused(TooManyMembers);
    assert!(bob.get("/chats").await.json::<ChatList>().chats.is_empty());
}

#[tokio::test]
async fn an_encrypted_group_takes_no_plain_words() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let made = bob.posts("/chats", json!({"members": [amy.id], "encryption": "mls"})).await.is(201);
    let chat = made["chatId"].as_str().unwrap();
    let seen = summary(&amy, chat).await;
    assert_eq!(serde_json::to_value(&seen).unwrap()["encryption"], "mls");
    bob.sends("plain", chat).await.refused(EncryptionRequired);
    bob.patches(&format!("/chats/{chat}"), json!({"title": "plain"})).await.refused(EncryptionRequired);
    let sealed = json!({"type": "sealed", "text": "", "c": "AA"});
    let stale = bob.posts("/messages", json!({"chatId": chat, "content": sealed, "after": 7})).await;
    let problem = stale.problem();
    assert_eq!(problem.code, chinwag_proto::Code::StaleEpoch);
    let after = problem.after.expect("names the last commit");
    bob.posts("/messages", json!({"chatId": chat, "content": sealed, "after": after})).await.is(201);
    let plain = bob.makes_a_group("plain", &[&amy]).await;
    let with_after = json!({"chatId": plain.0, "content": "x", "after": 1});
    bob.posts("/messages", with_after).await.refused(InvalidRequest);
}

#[tokio::test]
async fn the_chat_list_is_paged_in_a_stable_order() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for number in 0..5 {
        bob.makes_a_group(&format!("group {number}"), &[]).await;
    }
    bob.sent("note", bob.id).await;
    let all: ChatList = bob.get("/chats").await.json();
    assert_eq!((all.chats.len(), all.cursor), (6, None));
    let ids: Vec<_> = all.chats.iter().map(|chat| chat.chat_id).collect();
    let (mut paged, mut cursor) = (Vec::new(), None);
    loop {
        let from = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let page: ChatList = bob.get(&format!("/chats?limit=2{from}")).await.json();
        assert!(page.chats.len() <= 2);
        paged.extend(page.chats.iter().map(|chat| chat.chat_id));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, ids);
    for bad in ["limit=0", "limit=201", "cursor=x", "after=1"] {
        bob.get(&format!("/chats?{bad}")).await.refused(InvalidRequest);
    }
}

#[tokio::test]
async fn unread_counts_messages_above_the_read_mark_and_sending_reads() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    for text in ["1", "2", "3"] {
        bob.sent(text, amy.id).await;
    }
    amy.put(&format!("/messages/{chat}/1/reactions/x")).await.is(204);
    assert_eq!((summary(&bob, chat).await.unread, summary(&amy, chat).await.unread), (0, 3));
    let path = format!("/chats/{chat}/read");
    let mark = |seq: u64| amy.gives("PUT", &path, json!({"seq": seq}));
    mark(2).await.is(204);
    assert_eq!((summary(&amy, chat).await.read.get(), summary(&amy, chat).await.unread), (2, 1));
    mark(1).await.is(204);
    assert_eq!(summary(&amy, chat).await.read.get(), 2, "a mark only grows");
    mark(999).await.is(204);
    assert_eq!((summary(&amy, chat).await.read.get(), summary(&amy, chat).await.unread), (4, 0));
    bob.sent("4", amy.id).await;
    amy.sent("5", bob.id).await;
    assert_eq!(summary(&amy, chat).await.unread, 0, "who writes has read");
    assert_eq!(summary(&bob, chat).await.unread, 1);
}

#[tokio::test]
async fn a_direct_chat_shows_the_other_sides_marks_unless_he_hides_them() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    bob.sent("hi", amy.id).await;
    amy.gives("PUT", &format!("/chats/{chat}/read"), json!({"seq": 1})).await.is(204);
    let seen = bob.get(&format!("/chats/{chat}")).await.is(200);
    assert_eq!(seen["kind"], "direct");
    assert_eq!((&seen["title"], &seen["members"]), (&json!(null), &json!(null)));
    assert_eq!(seen["others"], json!([{"userId": amy.id, "read": 1, "delivered": 1}]));
    amy.patches("/users/me", json!({"receipts": "off"})).await.is(200);
    let seen = bob.get(&format!("/chats/{chat}")).await.is(200);
    assert_eq!(seen["others"], json!([{"userId": amy.id}]));
}

#[tokio::test]
async fn a_new_member_sees_from_his_own_entry_on_or_everything() {
    let server = Server::start().await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    let group = bob.makes_a_group("tea", &[]).await;
    bob.sent("before", group).await;
    bob.adds(&amy, group).await.is(200);
    assert_eq!(amy.texts(group).await, [""; 0]);
    let page: EntryPage = amy.get(&format!("/chats/{group}/entries")).await.json();
    assert_eq!((page.from.get(), page.to.get()), (3, 3));
    assert_eq!(summary(&amy, group).await.since.unwrap().get(), 3);
    amy.patches(&format!("/messages/{group}/2"), json!({"content": "x"})).await.refused(NotFound);
    bob.patches(&format!("/chats/{group}"), json!({"history": "all"})).await.is(200);
    bob.adds(&zoe, group).await.is(200);
    assert_eq!(zoe.texts(group).await, ["before"]);
    assert_eq!(amy.texts(group).await, [""; 0], "what an earlier member sees does not change");
}

#[tokio::test]
async fn title_and_settings_are_changed_and_answered() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    let body = json!({"title": "coffee", "history": "all", "whoMayAdd": "members"});
    let seen = bob.patches(&format!("/chats/{group}"), body.clone()).await.is(200);
    assert_eq!((&seen["title"], &seen["history"]), (&json!("coffee"), &json!("all")));
    assert_eq!(seen["whoMayAdd"], "members");
    assert_eq!(seen["head"], 2);
    for again in [body, json!({})] {
        assert_eq!(bob.patches(&format!("/chats/{group}"), again).await.is(200)["head"], 2);
    }
    bob.sent("hi", amy.id).await;
    let direct = bob.chat_with(&amy);
    bob.patches(&format!("/chats/{direct}"), json!({"title": "us"})).await.refused(InvalidRequest);
    bob.adds(&amy, crate::bench::Group(direct)).await.refused(InvalidRequest);
}

#[tokio::test]
async fn whoever_may_add_is_a_setting() {
    let server = Server::start().await;
    let (bob, amy, zoe) =
        (server.person("bob").await, server.person("amy").await, server.person("zoe").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    amy.adds(&zoe, group).await.refused(Forbidden);
    bob.patches(&format!("/chats/{group}"), json!({"whoMayAdd": "members"})).await.is(200);
    amy.adds(&zoe, group).await.is(200);
    zoe.sends("thanks", group).await.is(201);
}
