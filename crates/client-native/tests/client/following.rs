//! Followed chats: every entry once, in order, without a hole.

use chinwag_client_native::client::Happening;
use serde_json::json;

use crate::fake::{CHAT, Fake, Link, Listener, chat};

/// A client that holds entries up to `head` of the chat.
async fn follower(server: &Fake, head: u64) -> (Listener, Link) {
    let mut alice = Listener::of(server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 1..=head, head).await;
    alice.hears_entries(1..=head).await;
    alice.is_caught_up().await;
    (alice, link)
}

#[tokio::test]
async fn pages_are_turned_to_the_end_and_live_entries_follow() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 1..=2, 5).await;
    let sync = link.hears_sync(2).await;
    link.answers(&sync, 3..=5, 5).await;
    alice.hears_entries(1..=5).await;
    alice.is_caught_up().await;
    link.publishes(6).await;
    alice.hears_entries([6]).await;
}

#[tokio::test]
async fn no_second_copy_is_passed_on() {
    let server = Fake::listens().await;
    let (mut alice, mut link) = follower(&server, 3).await;
    for at in [2, 3, 4, 4, 1, 5] {
        link.publishes(at).await;
    }
    alice.hears_entries([4, 5]).await;
}

#[tokio::test]
async fn a_hole_is_asked_for() {
    let server = Fake::listens().await;
    let (mut alice, mut link) = follower(&server, 2).await;
    link.publishes(5).await;
    let sync = link.hears_sync(2).await;
    link.answers(&sync, 3..=5, 5).await;
    alice.hears_entries(3..=5).await;
    alice.is_caught_up().await;
    link.publishes(6).await;
    alice.hears_entries([6]).await;
}

#[tokio::test]
async fn an_entry_that_overtakes_a_page_is_not_lost() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.publishes(3).await;
    link.answers(&sync, 1..=2, 2).await;
    let sync = link.hears_sync(2).await;
    link.answers(&sync, 3..=3, 3).await;
    alice.hears_entries(1..=3).await;
    alice.is_caught_up().await;
}

#[tokio::test]
async fn dropped_frames_are_asked_for() {
    let server = Fake::listens().await;
    let (mut alice, mut link) = follower(&server, 1).await;
    link.says(
        json!({"type": "resync", "chats": [{"chatId": CHAT, "head": 2}, {"chatId": "g.9", "head": 4}]}),
    )
    .await;
    let sync = link.hears_sync(1).await;
    link.answers(&sync, 2..=2, 2).await;
    alice.hears_entries([2]).await;
    alice.is_caught_up().await;
    link.says(json!({"type": "resync", "all": true})).await;
    let sync = link.hears_sync(2).await;
    // More is dropped while the page is under way.
    link.says(json!({"type": "resync", "all": true})).await;
    link.answers(&sync, 3..=3, 3).await;
    let sync = link.hears_sync(3).await;
    link.answers(&sync, 4..=4, 4).await;
    alice.hears_entries([3, 4]).await;
}

#[tokio::test]
async fn a_direct_chat_without_entries_is_followed_from_its_first() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.refuses(&sync.id, "not_found", json!({})).await;
    alice.is_caught_up().await;
    link.publishes(1).await;
    alice.hears_entries([1]).await;
}

#[tokio::test]
async fn a_first_entry_that_overtakes_the_not_found_is_asked_for() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.publishes(1).await;
    link.refuses(&sync.id, "not_found", json!({})).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 1..=1, 1).await;
    alice.hears_entries([1]).await;
}

#[tokio::test]
async fn following_ends_where_the_server_does_not_show_the_chat() {
    for (code, more, head) in [
        ("not_member", json!({}), None),
        ("forbidden", json!({}), None),
        ("invalid_request", json!({"head": 2}), Some(2)),
    ] {
        let server = Fake::listens().await;
        let mut alice = Listener::of(&server);
        let mut link = server.accepts().await;
        alice.follows(9).await;
        let sync = link.hears_sync(9).await;
        link.refuses(&sync.id, code, more).await;
        match alice.hears_of_chats().await {
            Happening::FollowEnded { chat: ended, head: told, .. } => {
                assert_eq!((ended, told.map(|seq| seq.get())), (chat(), head), "{code}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn history_that_begins_later_is_told_before_its_first_entry() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 4..=5, 5).await;
    match alice.hears_of_chats().await {
        Happening::BeginsAt { seq, .. } => assert_eq!(seq.get(), 4),
        other => panic!("{other:?}"),
    }
    alice.hears_entries([4, 5]).await;
}

#[tokio::test]
async fn a_sync_that_cannot_be_answered_just_now_is_asked_again() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.refuses(&sync.id, "unavailable", json!({"retryAfterMs": 20})).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 1..=1, 1).await;
    alice.hears_entries([1]).await;
}

#[tokio::test]
async fn a_page_with_a_hole_is_not_believed() {
    let server = Fake::listens().await;
    let (mut alice, mut link) = follower(&server, 1).await;
    link.publishes(3).await;
    let sync = link.hears_sync(1).await;
    link.says(json!({"type": "entries", "id": sync.id, "chatId": CHAT, "from": 2, "to": 3, "head": 3,
        "complete": false, "entries": []}))
        .await;
    let mut link = server.accepts().await;
    let sync = link.hears_sync(1).await;
    link.answers(&sync, 2..=3, 3).await;
    alice.hears_entries([2, 3]).await;
}

#[tokio::test]
async fn following_goes_on_after_a_broken_connection() {
    let server = Fake::listens().await;
    let (mut alice, link) = follower(&server, 3).await;
    link.breaks();
    let mut link = server.accepts().await;
    let sync = link.hears_sync(3).await;
    link.publishes(5).await;
    link.answers(&sync, 4..=5, 5).await;
    alice.hears_entries([4, 5]).await;
    alice.is_caught_up().await;
}

#[tokio::test]
async fn a_program_that_takes_nothing_loses_nothing() {
    let server = Fake::listens().await;
    let (mut alice, mut link) = follower(&server, 1).await;
    for at in 2..=1_000 {
        link.publishes(at).await;
    }
    // Sending goes on meanwhile.
    let sending = alice.sends("a");
    let send = link.hears_send().await;
    link.acknowledges(&send, 1_001).await;
    alice.hears_entries(2..=1_000).await;
    assert!(matches!(alice.hears_of_chats().await, Happening::Acked(_)));
    assert_eq!(crate::fake::outcome(sending).await.unwrap(), 1_001);
}
