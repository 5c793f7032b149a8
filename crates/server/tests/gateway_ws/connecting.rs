//! Connecting and closing: the upgrade, the first frame, every close code.

use std::time::Duration;

use chinwag_ports::{Accounts, Channel, Clock, Devices, Event, LiveBus, Presence, Session};
use chinwag_proto::ServerFrame;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::Client;
use super::kit::{Setup, World, close_code, hash};

fn status(refused: Result<impl Sized, tungstenite::Error>) -> (u16, serde_json::Value) {
    match refused {
        Err(tungstenite::Error::Http(response)) => {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default())
        }
        Err(other) => panic!("{other}"),
        Ok(_) => (101, serde_json::Value::Null),
    }
}

#[tokio::test]
async fn the_subprotocol_is_the_clients_first_choice_that_is_known() {
    let world = World::start().await;
    for (offers, chosen) in [
        (&["chinwag.v1"][..], Some("chinwag.v1")),
        (&["chinwag.v9, chinwag.v1.cbor, chinwag.v1"], Some("chinwag.v1.cbor")),
        (&["chinwag.v9", "chinwag.v1"], Some("chinwag.v1")),
        (&[], None),
    ] {
        let offers: String =
            offers.iter().map(|offer| format!("sec-websocket-protocol: {offer}\r\n")).collect();
        let answer = ask(&world, &format!("{UPGRADE}{offers}")).await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        let named = answer.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(named, chosen);
        assert!(answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
    }
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Sends a request's head and answers what comes back.
async fn ask(world: &World, head: &str) -> String {
    let mut tcp = TcpStream::connect(world.address).await.unwrap();
    tcp.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4_096];
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") {
        let read = tcp.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "no whole answer");
        answer.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_upgrade_that_cannot_be_is_refused_with_a_problem() {
    let world = World::start().await;
    let (code, _) = status(world.upgrade(&[("sec-websocket-protocol", "soap")]).await);
    assert_eq!(code, 400);
    for (origin, expected) in [
        (format!("http://{}", world.address), 101),
        ("http://evil.example".to_owned(), 403),
        ("null".to_owned(), 403),
        (format!("https://{}.evil.example", world.address.ip()), 403),
    ] {
        let (code, _) = status(world.upgrade(&[("origin", &origin)]).await);
        assert_eq!(code, expected, "{origin}");
    }
}

#[tokio::test]
async fn pages_of_an_origin_that_was_allowed_may_connect() {
    let mut setup = Setup::default();
    setup.settings.origins = vec!["https://chat.example.org".parse().unwrap()];
    let world = World::with(setup).await;
    assert_eq!(status(world.upgrade(&[("origin", "https://Chat.example.org:443")]).await).0, 101);
    assert_eq!(status(world.upgrade(&[("origin", "http://chat.example.org")]).await).0, 403);
}

#[tokio::test]
async fn a_plain_request_is_told_that_this_is_a_websocket() {
    let world = World::start().await;
    for (head, expected) in [
        ("GET /ws HTTP/1.1\r\nhost: x\r\n", "400"),
        ("POST /ws HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n", "405"),
        (&UPGRADE.replace("13", "8"), "400"),
        (&UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400"),
        (&UPGRADE.replace("WebSocket", "h2c"), "400"),
        (&UPGRADE.replace("HTTP/1.1", "HTTP/1.0"), "400"),
    ] {
        let answer = ask(&world, head).await;
        assert_eq!(answer.split(' ').nth(1), Some(expected), "{head}: {answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[tokio::test]
async fn a_first_frame_that_is_no_auth_closes_4401() {
    let world = World::start().await;
    let frames = [
        Message::text(json!({"type": "auth", "token": "guessed"}).to_string()),
        Message::text(json!({"type": "auth"}).to_string()),
        Message::text(json!({"type": "ping", "id": 1}).to_string()),
        Message::text("hello"),
        Message::binary(vec![1, 2, 3]),
        Message::binary(vec![0xff; 10]),
    ];
    for frame in frames {
        let mut socket = world.socket(Some("chinwag.v1")).await;
        socket.send(frame.clone()).await.unwrap();
        assert_eq!(close_code(&mut socket).await, 4401, "{frame:?}");
    }
    world.eventually("nobody is connected", |world| world.gateway.connections() == 0).await;
}

#[tokio::test]
async fn a_socket_that_never_authenticates_closes_4408_and_disturbs_nobody() {
    let world = World::limited(|limits| limits.auth_ms = 150).await;
    let mut amy = world.client("amy").await;
    let mut silent = world.socket(Some("chinwag.v1")).await;
    assert_eq!(close_code(&mut silent).await, 4408);
    amy.hears_nothing().await;
}

#[tokio::test]
async fn a_frame_above_its_limit_closes_4413_before_and_after_auth() {
    let world = World::start().await;
    let large = "x".repeat(world.services.limits.client_frame_bytes + 1);
    let mut socket = world.socket(Some("chinwag.v1")).await;
    socket.send(Message::text(large.clone())).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 4413);
    let mut amy = world.client("amy").await;
    amy.socket.send(Message::text(large)).await.unwrap();
    assert_eq!(amy.is_closed().await, 4413);
}

#[tokio::test]
async fn what_is_no_frame_at_all_closes_4400() {
    let world = World::start().await;
    let frames = [
        Message::text("{"),
        Message::text("[]"),
        Message::text("\"ping\""),
        Message::text("{\"id\":1}"),
        Message::text("{\"type\":1}"),
        Message::text(format!("{{\"type\":\"ping\",\"id\":1,\"x\":{}", "[".repeat(10_000))),
        Message::binary(b"{\"type\":\"ping\",\"id\":1}".to_vec()),
    ];
    for frame in frames {
        let mut amy = world.client(&format!("amy{}", frame.len())).await;
        amy.socket.send(frame.clone()).await.unwrap();
        assert_eq!(amy.is_closed().await, 4400, "{frame:?}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_4400_and_a_broken_rule_of_websocket_1002() {
    let world = World::start().await;
    let mut amy = world.client("amy").await;
    amy.socket.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).await.unwrap();
    assert_eq!(amy.is_closed().await, 4400);
    let mut bob = world.client("bob").await;
    bob.socket.get_mut().write_all(&[0x81, 0x01, b'x']).await.unwrap();
    assert_eq!(bob.is_closed().await, 1002);
}

#[tokio::test]
async fn anything_else_wrong_is_an_error_and_the_connection_lives() {
    let world = World::start().await;
    let mut amy = world.client("amy").await;
    for (frame, named) in [
        (json!({"type": "shout"}), "type"),
        (json!({"type": "ping", "loud": true}), "loud"),
        (json!({"type": "send"}), "clientMessageId"),
        (json!({"type": "send", "clientMessageId": "m", "content": "x"}), "chatId"),
        (
            json!({"type": "send", "chatId": "g.1", "to": "1", "clientMessageId": "m", "content": "x"}),
            "chatId",
        ),
        (json!({"type": "send", "chatId": "nonsense", "clientMessageId": "m", "content": "x"}), "chat id"),
        (json!({"type": "send", "chatId": "g.1", "clientMessageId": "m", "content": ""}), "content"),
        (json!({"type": "sync", "chatId": "g.1", "after": -1}), "after"),
        (json!({"type": "sync", "chatId": "g.1", "after": 0, "limit": 201}), "limit"),
    ] {
        let error = amy.is_refused(frame.clone()).await;
        assert_eq!(error.code, chinwag_proto::Code::InvalidRequest, "{frame}");
        assert!(error.detail.contains(named), "{frame}: {}", error.detail);
    }
    amy.says(json!({"type": "auth", "token": amy.token})).await;
    assert_eq!(amy.error().await.code, chinwag_proto::Code::InvalidRequest);
    amy.hears_nothing().await;
}

#[tokio::test]
async fn the_same_device_again_replaces_the_older_connection() {
    let world = World::start().await;
    let mut older = world.client("amy").await;
    let mut other = older.person().connects().await;
    let mut newer = older.person().connects_again(older.device, &older.token).await;
    assert_eq!(older.is_closed().await, 4409);
    newer.hears_nothing().await;
    other.hears_nothing().await;
    let mut newest = older.person().connects_again(older.device, &older.token).await;
    assert_eq!(newer.is_closed().await, 4409);
    newest.hears_nothing().await;
    world.eventually("two are connected", |world| world.gateway.connections() == 2).await;
}

#[tokio::test]
async fn a_claim_that_the_bus_lost_is_found_by_the_sweep() {
    let world = World::limited(|limits| limits.heartbeat_ms = 400).await;
    let mut amy = world.client("amy").await;
    let elsewhere = Session { user: amy.user, device: amy.device, node: 4, incarnation: 1 };
    world.presence.claim(elsewhere, world.clock.now()).await.unwrap();
    let mut pings = keep_alive(&mut amy).await;
    while pings.is_none() {
        pings = keep_alive(&mut amy).await;
    }
    assert_eq!(pings, Some(4409));
}

/// Pings once; answers the close code where the connection is closed.
async fn keep_alive(client: &mut Client) -> Option<u16> {
    drop(client.socket.send(Message::text("{\"type\":\"ping\",\"id\":1}")).await);
    match client.next().await {
        Ok(_) => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            None
        }
        Err(code) => Some(code),
    }
}

#[tokio::test]
async fn a_token_that_dies_closes_4403_and_spares_the_others() {
    let world = World::start().await;
    let mut lost = world.client("amy").await;
    let mut kept = lost.person().connects().await;
    world.directory.end_token(lost.user, lost.device).await.unwrap();
    announce_revoked(&world, &lost);
    assert_eq!(lost.is_closed().await, 4403);
    kept.hears_nothing().await;
}

fn announce_revoked(world: &World, client: &Client) {
    let event = Event::Revoked { devices: vec![client.device] };
    world.bus.publish(Channel::User(client.user), std::sync::Arc::new(event));
}

#[tokio::test]
async fn a_connection_on_the_devices_new_token_outlives_the_news_of_the_old_ones_end() {
    let world = World::start().await;
    let mut old = world.client("amy").await;
    let expires = world.clock.now().plus_ms(1_000_000);
    world.directory.renew_token(old.user, old.device, hash("new"), expires).await.unwrap();
    let mut new = old.person().connects_again(old.device, "new").await;
    announce_revoked(&world, &new);
    let code = old.is_closed().await;
    assert!(code == 4403 || code == 4409, "{code}");
    new.hears_nothing().await;
}

#[tokio::test]
async fn a_token_that_died_or_expired_unheard_is_found_by_the_sweep() {
    let world = World::limited(|limits| limits.heartbeat_ms = 400).await;
    let (mut revoked, mut suspended) = (world.client("amy").await, world.client("bob").await);
    world.directory.end_token(revoked.user, revoked.device).await.unwrap();
    world.directory.set_suspended(suspended.user, true).await.unwrap();
    for client in [&mut revoked, &mut suspended] {
        let mut closed = None;
        while closed.is_none() {
            closed = keep_alive(client).await;
        }
        assert_eq!(closed, Some(4403));
    }
    let mut late = world.client("cat").await;
    world.clock.advance(2_000_000_000);
    let mut closed = None;
    while closed.is_none() {
        closed = keep_alive(&mut late).await;
    }
    assert_eq!(closed, Some(4403));
}

#[tokio::test]
async fn silence_for_two_heartbeats_closes_4000_and_a_ping_keeps_it_open() {
    let world = World::limited(|limits| limits.heartbeat_ms = 200).await;
    let (mut silent, mut lively) = (world.client("amy").await, world.client("bob").await);
    let pinging = async {
        loop {
            assert_eq!(keep_alive(&mut lively).await, None);
        }
    };
    tokio::select! {
        code = silent.is_closed() => assert_eq!(code, 4000),
        () = pinging => {}
    }
}

#[tokio::test]
async fn a_ping_of_the_protocol_is_answered_and_a_ping_of_websocket_too() {
    let world = World::start().await;
    let mut amy = world.client("amy").await;
    amy.socket.send(Message::Ping(b"are you there".to_vec().into())).await.unwrap();
    let pong = amy.socket.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(b"are you there".to_vec().into()));
    amy.hears_nothing().await;
}

#[tokio::test]
async fn a_node_that_drains_says_so_answers_what_was_asked_and_closes_4000() {
    let world = World::start().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let mut waiting = world.socket(Some("chinwag.v1")).await;
    let chat = amy.chat_with(&bob);
    let id = amy.begins_to_send("last words", chat).await;
    amy.ack(id).await;
    let drained = world.gateway.drain(1_500);
    let (code, _) = tokio::join!(amy.is_closed(), drained);
    assert_eq!(code, 4000);
    let goaway = amy.received.iter().find_map(|frame| match frame {
        ServerFrame::Goaway(goaway) => Some(goaway.reconnect_in_ms),
        _ => None,
    });
    assert_eq!(goaway, Some(1_500));
    assert_eq!(close_code(&mut waiting).await, 4000);
    assert_eq!(world.gateway.connections(), 0);
    assert_eq!(status(world.upgrade(&[]).await).0, 503);
}

#[tokio::test]
async fn a_client_that_goes_takes_nothing_with_it() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    bob.socket.close(None).await.unwrap();
    assert_eq!(bob.is_closed().await, 1000, "a close is answered");
    let mut cut_off = world.client("cat").await;
    drop(cut_off.socket.get_mut().set_zero_linger());
    drop(cut_off);
    world.eventually("one is connected", |world| world.gateway.connections() == 1).await;
    amy.sends("hi", chat).await;
    let mut back = bob.person().connects_again(bob.device, &bob.token).await;
    assert_eq!(back.syncs(chat, 0).await.entries.len(), 1);
}

#[tokio::test]
async fn ready_says_who_and_what() {
    let world = World::start().await;
    let person = world.person("amy").await;
    let (_, token) = person.logs_in().await;
    let mut socket = world.socket(None).await;
    socket.send(Message::text(json!({"type": "auth", "token": token}).to_string())).await.unwrap();
    let text = socket.next().await.unwrap().unwrap().into_text().unwrap();
    let ready: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(ready["type"], "ready");
    assert_eq!(ready["heartbeatMs"], 30_000);
    assert_eq!(ready["serverTime"], json!(world.clock.now()));
    assert!(ready["features"].as_array().unwrap().contains(&json!("cbor")));
    assert!(ready["features"].as_array().unwrap().contains(&json!("keys")));
}

#[tokio::test]
async fn an_engine_that_fails_during_auth_sends_the_client_away_to_come_back() {
    let world = World::start().await;
    let person = world.person("amy").await;
    let (device, token) = person.logs_in().await;
    for faults in [world.directory.read_faults(), world.presence.faults()] {
        faults.fail_from_now_on();
        let mut socket = world.socket(None).await;
        socket.send(Message::text(json!({"type": "auth", "token": token}).to_string())).await.unwrap();
        assert_eq!(close_code(&mut socket).await, 4000);
        faults.heal();
    }
    person.connects_again(device, &token).await.hears_nothing().await;
}
