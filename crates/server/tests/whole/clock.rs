//! A wall clock that jumps, forwards and back: nothing is doubled, nobody is closed who should not be.

use std::collections::BTreeSet;
use std::sync::Arc;

use chinwag_ports::twins::FakeClock;
use chinwag_proto::Code;
use chinwag_testkit::server::Server;
use chinwag_testkit::stranger::Stranger;
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_steps_back_repeats_no_id_over_restarts() {
    let clock = Arc::new(FakeClock::default());
    let server = Server::on_clock(&clock, &[]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let (mut messages, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for step in [0, -HOUR_MS, 0, -HOUR_MS, 30 * DAY_MS, -60 * DAY_MS] {
        clock.advance(step);
        let mut phone = alice.connects().await;
        for number in 0..50 {
            let ack = phone.sends(&format!("message {number} after {step}")).to(chat).await;
            assert!(messages.insert(ack.message_id), "{} came twice", ack.message_id);
        }
        assert!(groups.insert(alice.makes_a_group("lunch", &[&bob]).await));
        server.restarts().await;
    }
    assert_eq!(alice.entries(chat).await.len(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_for_days_closes_nobody_and_goes_on() {
    let clock = Arc::new(FakeClock::default());
    let server = Server::on_clock(&clock, &[("limits.heartbeat_ms", "1000")]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut alices, mut bobs) = (alice.connects().await, bob.connects().await);
    alices.sends("before").to(&bob).await;
    bobs.sees("before").await;
    clock.advance(3 * DAY_MS);
    // Longer than a heartbeat, in which claims and tokens are looked at again.
    for number in 0..30 {
        let text = format!("after {number}");
        alices.sends(&text).to(&bob).await;
        bobs.sees(&text).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    alices.everything().await;
    bobs.everything().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_used_dies_and_one_that_is_used_lives_on() {
    let clock = Arc::new(FakeClock::default());
    let server = Server::on_clock(&clock, &[("limits.token_days", "10")]).await;
    let (used, unused) = (server.person("used").await, server.person("unused").await);
    for _ in 0..4 {
        clock.advance(4 * DAY_MS);
        let phone = used.connects().await;
        // A connection that ends is a sign of life; a restart forgets what was looked up a moment ago.
        server.restarts().await;
        drop(phone);
    }
    used.gets("/users/me").await;
    unused.is_refused(Code::Unauthenticated, "GET", "/users/me", Value::Null).await;
    let mut socket = Stranger::connects(&server).await;
    socket.writes(&json!({"type": "auth", "token": unused.token}).to_string()).await;
    assert_eq!(socket.is_closed().await, 4401);
}
