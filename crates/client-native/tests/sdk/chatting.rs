//! Two clients chat.

use chinwag_client_native::engine::{Change, Wish};
use chinwag_client_native::{SendError, Update};
use chinwag_proto::{Code, Seq};
use chinwag_testkit::server::Server;

use crate::user::{holds, user};

#[tokio::test]
async fn what_one_sends_stands_in_the_chat_and_comes_to_the_other() {
    let server = Server::start().await;
    let (alice, bob) = (user(&server, "alice").await, user(&server, "bob").await);
    let chat = alice.direct("bob").await.unwrap();
    let mut messages = bob.messages();
    assert_eq!(alice.send(chat, "hi").await, Ok(Seq::clamped(1)));
    assert_eq!(alice.send(chat, "there").await, Ok(Seq::clamped(2)));
    let first = messages.next().await.unwrap();
    assert_eq!((first.text(), first.sender, first.seq), ("hi".to_owned(), alice.me(), Seq::clamped(1)));
    assert_eq!(messages.next().await.unwrap().text(), "there");
    assert_eq!(bob.reply(chat, first.seq, "hello").await, Ok(Seq::clamped(3)));
    holds(&alice, chat, &["hi", "there", "hello"]).await;
    holds(&bob, chat, &["hi", "there", "hello"]).await;
    assert_eq!(bob.search("hel").await.unwrap(), [(chat, Seq::clamped(3))]);
}

#[tokio::test]
async fn a_wish_shows_at_once_and_its_changes_are_told() {
    let server = Server::start().await;
    let alice = user(&server, "alice").await;
    let chat = alice.direct_with(alice.me());
    let mut changes = alice.changes();
    alice.wish(Wish::Draft { chat, text: "milk".to_owned() }).await.unwrap();
    assert_eq!(alice.read(|engine| engine.chat(chat).unwrap().draft.clone()), "milk");
    assert_eq!(changes.next().await, Some(Update::Changed(Change::Chat(chat))));
    alice.close().await;
    while changes.next().await.is_some() {}
    assert!(alice.wish(Wish::Older).await.is_err() && alice.send(chat, "late").await.is_err());
}

#[tokio::test]
async fn what_the_server_refuses_is_told_and_not_kept() {
    let server = Server::start().await;
    let (alice, bob) = (user(&server, "alice").await, user(&server, "bob").await);
    let title = "plans".parse().unwrap();
    let group = alice.create_group(&title, &[]).await.unwrap();
    let why = bob.send(group, "let me in").await;
    assert!(matches!(why, Err(SendError::Refused { code: Code::NotFound, .. })), "{why:?}");
    assert_eq!(bob.read(|engine| engine.unsettled()), 0);
    alice.add_members(group, &[bob.me()]).await.unwrap();
    assert!(bob.send(group, "thanks").await.is_ok());
    assert_eq!(alice.members(group).await.unwrap().len(), 2);
    bob.leave(group).await.unwrap();
    assert!(bob.send(group, "am I gone?").await.is_err());
}
