//! Encrypted chats over WebSocket: records in the order of commits, nothing plain ever again, members that
//! change with their commit. The data is opaque here as it is to the server.

use chinwag_proto::Code::{EncryptionRequired, InvalidRequest, NotMember, StaleEpoch};
use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::{Body, ChatId, MembershipChange, ServerFrame};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use serde_json::{Value, json};

fn commit(chat: ChatId, after: u64, id: &str, changes: Value) -> Value {
    let data = json!({"type": "commit", "text": "", "body": id});
    json!({"type": "mls", "chatId": chat, "after": after, "clientMessageId": id, "data": data, "changes": changes})
}

fn sealed(chat: ChatId, after: u64, id: &str) -> Value {
    let content = json!({"type": "sealed", "text": "", "body": id});
    json!({"type": "send", "chatId": chat, "after": after, "clientMessageId": id, "content": content})
}

async fn group(owner: &Person, members: &[&Person]) -> ChatId {
    owner.makes(None, members, Encryption::Mls, History::Joined).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_stand_one_behind_the_other_and_sealed_content_on_the_last_one() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = group(&alice, &[&bob]).await;
    let (mut alices, mut bobs) = (alice.connects().await, bob.connects().await);
    assert_eq!(alices.asks(commit(chat, 0, "c1", json!([]))).await.seq.get(), 2);
    let lost = bobs.is_refused(StaleEpoch, commit(chat, 0, "c2", json!([]))).await;
    assert_eq!(lost.after.map(|after| after.get()), Some(2), "it names the commit that came first");
    assert_eq!(bobs.asks(sealed(chat, 2, "s1")).await.seq.get(), 3);
    assert_eq!(bobs.asks(commit(chat, 2, "c3", json!([]))).await.seq.get(), 4);
    alices.is_refused(StaleEpoch, sealed(chat, 2, "s2")).await;
    alices.asks(sealed(chat, 4, "s2")).await;
    // A resend is recognised before its epoch is looked at, over a restart as well.
    server.restarts().await;
    let (mut alices, mut bobs) = (alice.connects().await, bob.connects().await);
    let again = bobs.asks(sealed(chat, 2, "s1")).await;
    assert_eq!((again.duplicate, again.seq.get()), (true, 3));
    let again = alices.asks(commit(chat, 0, "c1", json!([]))).await;
    assert_eq!((again.duplicate, again.seq.get()), (true, 2));
    let stale = alices.is_refused(StaleEpoch, sealed(chat, 2, "s3")).await;
    assert_eq!(stale.after.map(|after| after.get()), Some(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_chat_takes_nothing_plain_by_any_way() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = group(&alice, &[&bob]).await;
    let mut phone = alice.connects().await;
    phone.asks(commit(chat, 0, "c1", json!([]))).await;
    let seq = phone.asks(sealed(chat, 2, "s1")).await.seq;
    phone.sends("plain").is_refused(EncryptionRequired, chat).await;
    alice.sends("plain").is_refused(EncryptionRequired, chat).await;
    let edit = json!({"type": "edit", "chatId": chat, "target": seq, "after": 2, "clientMessageId": "e", "content": "x"});
    phone.is_refused(EncryptionRequired, edit).await;
    let without_after = json!({"type": "react", "chatId": chat, "target": seq, "key": "x", "on": true,
        "clientMessageId": "r"});
    phone.is_refused(EncryptionRequired, without_after).await;
    let path = format!("/chats/{chat}");
    alice.is_refused(EncryptionRequired, "PATCH", &path, json!({"title": "plain"})).await;
    let body = json!({"title": "plain", "members": [], "encryption": "mls"});
    alice.is_refused(EncryptionRequired, "POST", "/chats", body).await;
    let carol = server.person("carol").await;
    alice
        .is_refused(EncryptionRequired, "POST", &format!("{path}/members"), json!({"users": [carol.id]}))
        .await;
    alice.is_refused(EncryptionRequired, "DELETE", &format!("{path}/members/{}", bob.id), Value::Null).await;
    let log = alice.entries(chat).await;
    assert_eq!(log.len(), 3, "what was refused made no entry");
    assert!(log.iter().all(|entry| entry.digest.is_some()));
    // And a plain chat takes nothing of MLS.
    let plain = alice.sends("plain").to(&bob).await.chat_id;
    phone.is_refused(InvalidRequest, commit(plain, 0, "c", json!([]))).await;
    phone.is_refused(InvalidRequest, sealed(plain, 1, "s")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_chat_that_begins_with_a_commit_is_encrypted_for_ever() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let (mut alices, mut bobs) = (alice.connects().await, bob.connects().await);
    alices.asks(commit(chat, 0, "c1", json!([]))).await;
    bobs.sends("plain").is_refused(EncryptionRequired, &alice).await;
    bobs.asks(sealed(chat, 1, "s1")).await;
    server.restarts().await;
    let mut bobs = bob.connects().await;
    bobs.sends("plain").is_refused(EncryptionRequired, &alice).await;
    assert_eq!(bob.summary(chat).await.encryption, Encryption::Mls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_change_with_the_commit_that_names_them_or_not_at_all() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let chat = group(&alice, &[&bob]).await;
    let (mut alices, mut bobs, mut carols) =
        (alice.connects().await, bob.connects().await, carol.connects().await);
    alices.asks(commit(chat, 0, "c1", json!([]))).await;
    let add = json!([{"userId": carol.id, "change": "added", "role": "member"}]);
    alices.is_refused(StaleEpoch, commit(chat, 0, "add", add.clone())).await;
    assert_eq!(alice.summary(chat).await.members, Some(2), "a commit that was refused changes nobody");
    let added = alices.asks(commit(chat, 2, "add", add)).await;
    let told = carols.hears("the chat's summary", |frame| match frame {
        ServerFrame::Chat(summary) if summary.chat_id == chat => Some(summary.encryption),
        _ => None,
    });
    assert_eq!(told.await, Encryption::Mls);
    let entry = carols.sees_in(chat).await;
    assert_eq!((entry.seq, entry.client_message_id.unwrap().as_str()), (added.seq, "add"));
    assert!(matches!(&entry.body, Body::Mls { changes, .. } if changes[0].change == MembershipChange::Added));
    carols.asks(sealed(chat, 3, "s1")).await;
    let remove = json!([{"userId": bob.id, "change": "removed"}]);
    carols.is_refused(chinwag_proto::Code::Forbidden, commit(chat, 3, "not-hers", remove.clone())).await;
    let removed = alices.asks(commit(chat, 3, "remove", remove)).await;
    bobs.reaches(chat, removed.seq).await;
    alices.asks(sealed(chat, removed.seq.get(), "s2")).await;
    carols.reaches(chat, chinwag_proto::Seq::clamped(removed.seq.get() + 1)).await;
    bobs.is_refused(NotMember, sealed(chat, removed.seq.get(), "s3")).await;
    assert_eq!(bobs.order_in(chat).await.last(), Some(&removed.seq.get()), "his removal is the last he gets");
    let leave = json!([{"userId": carol.id, "change": "removed"}]);
    carols.is_refused(InvalidRequest, commit(chat, removed.seq.get(), "self", leave)).await;
}
