//! Why connections close, and that the others stay open.

use chinwag_proto::{Code, ServerFrame};
use chinwag_testkit::person::Person;
use chinwag_testkit::phone::Phone;
use chinwag_testkit::server::{PASSWORD, Server};
use chinwag_testkit::stranger::Stranger;
use serde_json::{Value, json};

/// Whether a connection still works.
async fn lives(phone: &mut Phone) {
    phone.everything().await;
}

/// Whether a token no longer opens anything.
async fn is_locked_out(person: &Person) {
    person.is_refused(Code::Unauthenticated, "GET", "/users/me", Value::Null).await;
    let mut socket = Stranger::connects(&person.server).await;
    socket.writes(&json!({"type": "auth", "token": person.token}).to_string()).await;
    assert_eq!(socket.is_closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_drains_says_goaway_answers_what_was_asked_and_closes_4000() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut phone, mut idle) = (alice.connects().await, bob.connects().await);
    let mut waiting = Vec::new();
    for number in 0..20 {
        waiting.push(phone.sends(&format!("message {number}")).on_its_way_to(&bob).await);
    }
    // All of them have reached the server once the first is answered and one more frame is.
    lives(&mut phone).await;
    server.stop().await;
    let mut acked = 0;
    for id in &waiting {
        phone.ack(id).await;
        acked += 1;
    }
    for own in [&mut phone, &mut idle] {
        let told = own.hears("goaway", |frame| match frame {
            ServerFrame::Goaway(goaway) => Some(goaway.reconnect_in_ms),
            _ => None,
        });
        assert_eq!(told.await, 1_000);
        assert_eq!(own.is_closed().await, 4000);
    }
    server.start_again().await;
    assert_eq!(alice.entries(alice.chat_with(&bob)).await.len(), acked, "what was acknowledged is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_closes_4403_and_the_device_may_log_in_again() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (mut phone, mut tablet) = (alice.connects().await, alice.connects_another("tablet").await);
    alice.does("POST", "/users/logout", Value::Null).await;
    assert_eq!(phone.is_closed().await, 4403);
    is_locked_out(&alice).await;
    lives(&mut tablet).await;
    let name = "phone".parse().unwrap();
    let again = server.rest().login_again("alice", PASSWORD, name, Some(alice.device)).await.unwrap();
    assert_eq!(again.device_id, alice.device);
    lives(&mut Person { token: again.token, ..alice }.connects().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_a_device_closes_4403_and_spares_the_others() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let lost = alice.another_device("lost").await;
    let (mut phone, mut stolen) = (alice.connects().await, lost.connects().await);
    alice.revokes(lost.device).await;
    assert_eq!(stolen.is_closed().await, 4403);
    is_locked_out(&lost).await;
    lives(&mut phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_with_logout_others_closes_4403_all_but_the_own_device() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let other = alice.another_device("other").await;
    let (mut own, mut others) = (alice.connects().await, other.connects().await);
    let path = "/users/me/password";
    let body = json!({"current": "not the password", "new": "another horse", "logoutOthers": true});
    alice.is_refused(Code::Forbidden, "PUT", path, body).await;
    alice.does("PUT", path, json!({"current": PASSWORD, "new": "another horse"})).await;
    lives(&mut others).await;
    alice
        .does("PUT", path, json!({"current": "another horse", "new": "a third horse", "logoutOthers": true}))
        .await;
    assert_eq!(others.is_closed().await, 4403);
    is_locked_out(&other).await;
    lives(&mut own).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_in_as_the_same_device_and_erasure_and_suspension_close_4403() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let (mut alices, mut bobs, mut carols) =
        (alice.connects().await, bob.connects().await, carol.connects().await);
    let login =
        server.rest().login_again("alice", PASSWORD, "phone".parse().unwrap(), Some(alice.device)).await;
    assert_eq!(login.unwrap().device_id, alice.device);
    assert_eq!(alices.is_closed().await, 4403);
    bob.does("DELETE", "/users/me", json!({"password": PASSWORD})).await;
    assert_eq!(bobs.is_closed().await, 4403);
    server.suspends(&carol).await;
    assert_eq!(carols.is_closed().await, 4403);
    for gone in [&alice, &bob, &carol] {
        is_locked_out(gone).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_connection_of_a_device_replaces_the_older_with_4409() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut other = alice.connects_another("tablet").await;
    let mut first = alice.connects().await;
    let mut second = alice.connects().await;
    assert_eq!(first.is_closed().await, 4409);
    let mut third = alice.connects().await;
    assert_eq!(second.is_closed().await, 4409);
    bob.sends("hi").to(&alice).await;
    third.sees("hi").await;
    other.sees("hi").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_without_auth_closes_4408_and_one_that_says_something_else_first_4401() {
    let server = Server::with(&[("limits.auth_ms", "200")]).await;
    let alice = server.person("alice").await;
    let mut silent = Stranger::connects(&server).await;
    assert_eq!(silent.is_closed().await, 4408);
    for first in [
        r#"{"type":"ping","id":1}"#,
        r#"{"type":"auth"}"#,
        r#"{"type":"auth","token":"x","more":1}"#,
        "hi",
        "[]",
    ] {
        let mut socket = Stranger::connects(&server).await;
        socket.writes(first).await;
        assert_eq!(socket.is_closed().await, 4401, "{first}");
    }
    lives(&mut alice.connects().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_frame_closes_4400_and_what_is_too_large_4413() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for bad in ["", "null", "[]", "7", "{", r#"{"type":7}"#, r#"{"id":1}"#] {
        let mut socket = Stranger::authenticates(&alice).await;
        socket.writes(bad).await;
        assert_eq!(socket.is_closed().await, 4400, "{bad}");
    }
    for authenticated in [true, false] {
        let mut socket = if authenticated {
            Stranger::authenticates(&alice).await
        } else {
            Stranger::connects(&server).await
        };
        socket.writes(&"x".repeat(128 * 1024 + 1)).await;
        assert_eq!(socket.is_closed().await, 4413);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_for_two_heartbeats_closes_4000_and_a_ping_keeps_it_open() {
    let server = Server::with(&[("limits.heartbeat_ms", "300")]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut silent, mut talking) = (alice.connects().await, bob.connects().await);
    assert_eq!(talking.ready.heartbeat_ms, 300);
    let keeping = async {
        loop {
            lives(&mut talking).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let code = tokio::select! {
        code = silent.is_closed() => code,
        () = keeping => unreachable!(),
    };
    assert_eq!(code, 4000);
    lives(&mut talking).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_above_the_budget_are_refused_with_a_time_and_whoever_goes_on_is_closed_4029() {
    let settings = [
        ("limits.sends_per_second", "1"),
        ("limits.sends_burst", "5"),
        ("limits.send_refusals_per_minute", "20"),
    ];
    let server = Server::with(&settings).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = alice.connects().await;
    let mut refused = 0;
    for number in 0..10 {
        let id = phone.sends(&format!("message {number}")).on_its_way_to(&bob).await;
        let answer = phone.hears("an answer", |frame| match frame {
            ServerFrame::Ack(ack) if ack.id == id => Some(None),
            ServerFrame::Error(error) if error.id.as_ref() == Some(&id) => Some(Some(error.clone())),
            _ => None,
        });
        if let Some(error) = answer.await {
            assert_eq!(error.code, Code::RateLimited);
            assert!(error.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)), "{error:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "ten at once are more than five");
    // REST is in the same bucket, another device has its own.
    alice.sends("by REST").is_refused(Code::RateLimited, &bob).await;
    alice.another_device("tablet").await.sends("by another").to(&bob).await;
    for number in 0..60 {
        phone.sends(&format!("too many {number}")).on_its_way_to(&bob).await;
    }
    assert_eq!(phone.is_closed().await, 4029);
}
