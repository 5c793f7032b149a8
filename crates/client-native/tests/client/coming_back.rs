//! Which connections are made again, when and where.

use std::time::Duration;

use chinwag_client_native::ClientError;
use chinwag_client_native::client::Happening;
use chinwag_proto::{ClientFrame, ServerFrame};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::fake::{Fake, Listener, outcome};

#[tokio::test]
async fn a_closed_connection_is_made_again_where_its_code_allows() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    for code in [4000, 4008, 4029, 1011] {
        let link = server.accepts().await;
        alice.is_connected().await;
        let (retry_in, ()) = tokio::join!(alice.is_disconnected(), link.closes(code));
        assert!(retry_in > Duration::ZERO, "{code}");
    }
    server.accepts().await;
    alice.is_connected().await;
}

#[tokio::test]
async fn a_connection_that_was_ended_for_good_is_not_made_again() {
    for code in [4400, 4401, 4403, 4408, 4409, 4413] {
        let server = Fake::listens().await;
        let mut alice = Listener::of(&server);
        let mut link = server.accepts().await;
        let sending = alice.sends("a");
        link.hears_send().await;
        let (error, ()) = tokio::join!(alice.has_ended(), link.closes(code));
        assert!(matches!(error, ClientError::Closed { code: told, .. } if told == code), "{error:?}");
        assert!(matches!(outcome(sending).await, Err(ClientError::Stopped)));
        assert!(matches!(outcome(alice.sends("b")).await, Err(ClientError::Stopped)));
    }
}

#[tokio::test]
async fn a_token_that_is_no_good_ends_the_client() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let link = server.accepts_unanswered().await;
    let (error, ()) = tokio::join!(alice.has_ended(), link.closes(4401));
    assert!(matches!(error, ClientError::Closed { code: 4401, .. }));
}

#[tokio::test]
async fn somebody_else_at_the_address_ends_the_client_but_a_busy_proxy_does_not() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    for status in ["502 Bad Gateway", "404 Not Found"] {
        let mut stream = server.accepts_tcp().await;
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        if status.starts_with("502") {
            alice.is_disconnected().await;
        }
    }
    assert!(matches!(alice.has_ended().await, ClientError::NotChinwag { status: 404, .. }));
}

#[tokio::test]
async fn a_server_that_goes_away_is_left_and_sought_where_it_says() {
    let (old, new) = (Fake::listens().await, Fake::listens().await);
    let mut alice = Listener::of(&old);
    let mut link = old.accepts().await;
    alice.is_connected().await;
    let told = Instant::now();
    link.says(json!({"type": "goaway", "reconnectInMs": 100, "url": new.url()})).await;
    match alice.hears().await {
        Happening::Frame(frame) => assert!(matches!(*frame, ServerFrame::Goaway(_))),
        other => panic!("{other:?}"),
    }
    // What is sent now waits for the next server.
    let sending = alice.sends("a");
    let (retry_in, ()) = tokio::join!(alice.is_disconnected(), link.closes(4000));
    assert!(retry_in >= Duration::from_millis(100));
    let mut link = new.accepts().await;
    assert!(told.elapsed() >= Duration::from_millis(100));
    let send = link.hears_send().await;
    assert!(!send.resend);
    link.acknowledges(&send, 1).await;
    assert_eq!(outcome(sending).await.unwrap(), 1);

    // And when the new one breaks, the known address is as good as any.
    link.breaks();
    old.accepts().await;
}

#[tokio::test]
async fn the_client_gives_signs_of_life_and_misses_those_of_a_silent_server() {
    let server = Fake::listens().await;
    let mut alice = Listener::of(&server);
    let mut link = server.accepts_with_heartbeat(100).await;
    alice.is_connected().await;
    for _ in 0..3 {
        match link.hears().await {
            ClientFrame::Ping(ping) => link.says(json!({"type": "pong", "id": ping.id})).await,
            other => panic!("{other:?}"),
        }
    }
    // It says nothing any more, and keeps the connection open.
    alice.is_disconnected().await;
    drop(link);
}
