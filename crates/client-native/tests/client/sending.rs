//! The outbox: what was sent arrives once, in order, whatever breaks.

use std::time::Duration;

use chinwag_client_native::ClientError;
use chinwag_client_native::client::Happening;
use chinwag_proto::Code;
use serde_json::json;
use tokio::time::Instant;

use crate::fake::{Fake, Listener, outcome};

#[tokio::test]
async fn an_acknowledgment_settles_a_message() {
    let server = Fake::listens().await;
    let alice = Listener::of(&server);
    let mut link = server.accepts().await;
    let sending = alice.sends("a");
    let send = link.hears_send().await;
    assert!(!send.resend);
    link.acknowledges(&send, 5).await;
    assert_eq!(outcome(sending).await.unwrap(), 5);
}

#[tokio::test]
async fn a_refusal_settles_a_message_too() {
    let server = Fake::listens().await;
    let alice = Listener::of(&server);
    let mut link = server.accepts().await;
    let sending = alice.sends("a");
    let send = link.hears_send().await;
    link.refuses(&send.id, "forbidden", json!({})).await;
    match outcome(sending).await {
        Err(ClientError::Refused { code: Code::Forbidden, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_goes_out_again_in_order_and_says_so() {
    let server = Fake::listens().await;
    let alice = Listener::of(&server);
    let mut link = server.accepts().await;
    let mut sendings = Vec::new();
    let mut first = Vec::new();
    for id in ["a", "b", "c"] {
        sendings.push(alice.sends(id));
        first.push(link.hears_send().await);
    }
    link.acknowledges(&first[0], 1).await;
    assert_eq!(outcome(sendings.remove(0)).await.unwrap(), 1);
    link.breaks();

    let mut link = server.accepts().await;
    for (again, sent) in [("b", &first[1]), ("c", &first[2])] {
        let send = link.hears_send().await;
        assert_eq!((send.client_message_id.as_str(), send.resend), (again, true));
        assert_eq!((&send.content, send.to), (&sent.content, sent.to));
        link.acknowledges(&send, if again == "b" { 2 } else { 3 }).await;
    }
    assert_eq!(outcome(sendings.remove(0)).await.unwrap(), 2);
    assert_eq!(outcome(sendings.remove(0)).await.unwrap(), 3);
}

#[tokio::test]
async fn what_never_went_out_is_no_resend() {
    let server = Fake::listens().await;
    let alice = Listener::of(&server);
    let sending = alice.sends("a");
    let mut link = server.accepts().await;
    let send = link.hears_send().await;
    assert!(!send.resend);
    link.acknowledges(&send, 1).await;
    assert_eq!(outcome(sending).await.unwrap(), 1);
}

#[tokio::test]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    for code in ["rate_limited", "unavailable", "internal"] {
        let server = Fake::listens().await;
        let mut alice = Listener::of(&server);
        let mut link = server.accepts().await;
        let sending = alice.sends("a");
        let send = link.hears_send().await;
        let refused = Instant::now();
        link.refuses(&send.id, code, json!({"retryAfterMs": 150})).await;
        // A frame that is passed on tells that the refusal was heard.
        link.says(json!({"type": "presence", "users": []})).await;
        assert!(matches!(alice.hears_of_chats().await, Happening::Frame(_)));
        let later = alice.sends("b");
        let again = link.hears_send().await;
        assert!(refused.elapsed() >= Duration::from_millis(150), "{code}");
        assert_eq!((again.client_message_id.as_str(), again.resend), ("a", true));
        link.acknowledges(&again, 1).await;
        let next = link.hears_send().await;
        assert_eq!((next.client_message_id.as_str(), next.resend), ("b", false));
        link.acknowledges(&next, 2).await;
        assert_eq!((outcome(sending).await.unwrap(), outcome(later).await.unwrap()), (1, 2));
    }
}

#[tokio::test]
async fn an_own_message_in_a_followed_chat_comes_in_its_place_and_once() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts().await;
    alice.follows(0).await;
    let sync = link.hears_sync(0).await;
    link.answers(&sync, 1..=1, 1).await;
    alice.hears_entries([1]).await;
    alice.is_caught_up().await;

    let sending = alice.sends("a");
    let send = link.hears_send().await;
    link.publishes(2).await;
    link.acknowledges(&send, 3).await;
    link.publishes(3).await;
    link.publishes(4).await;
    alice.hears_entries([2]).await;
    match alice.hears_of_chats().await {
        Happening::Acked(ack) => assert_eq!(ack.seq.get(), 3),
        other => panic!("{other:?}"),
    }
    alice.hears_entries([4]).await;
    assert_eq!(outcome(sending).await.unwrap(), 3);
}
