//! Connections that misbehave: slow, greedy, endless.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};

use super::kit::{DEADLINE, Server, answer, until};

/// A socket that sends a head and never ends it.
async fn slow(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: te").await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_are_closed_and_disturb_nobody() {
    let server = Server::start(&[]).await;
    let began = Instant::now();
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(slow(&server).await);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    for mut socket in sockets {
        let mut rest = Vec::new();
        let closed = timeout(DEADLINE, socket.read_to_end(&mut rest)).await;
        closed.expect("a slow socket is closed").ok();
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
    // By its timer of 5 s and not by anything else, such as a crash at once.
    assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(server.get("/healthz").await.status, 200);
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_answered_with_unavailable() {
    let server = Server::start(&[("server.request_timeout_ms", "300")]).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /users/register HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("\"unavailable\""), "{}", answer.body);
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_its_limits() {
    let server = Server::start(&[]).await;
    let long = format!("x-long: {}\r\n", "x".repeat(64 * 1024));
    assert_eq!(server.get_with("/healthz", &long).await.status, 431);
    let many: String = (0..100).map(|number| format!("x-{number}: y\r\n")).collect();
    assert_eq!(server.get_with("/healthz", &many).await.status, 431);
    assert_eq!(server.get("/healthz").await.status, 200);
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_connections_and_gets_them_back() {
    let server = Server::start(&[("limits.connections_per_address", "3")]).await;
    let held = [slow(&server).await, slow(&server).await, slow(&server).await];
    let mut refused = TcpStream::connect(server.address()).await.unwrap();
    let mut rest = Vec::new();
    // Closed without a word; a reset counts as well.
    let _ = timeout(DEADLINE, refused.read_to_end(&mut rest)).await.expect("closed at once");
    assert!(rest.is_empty());
    drop(held);
    let address = server.address();
    until("a place is free again", || async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
        let mut bytes = Vec::new();
        stream.write_all(request).await.is_ok()
            && matches!(stream.read_to_end(&mut bytes).await, Ok(read) if read > 0)
    })
    .await;
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_limits_count_the_clients_own_address() {
    let settings = [("server.trusted_proxies", "127.0.0.1"), ("limits.registrations_per_address", "1")];
    let server = Server::start(&settings).await;
    let register = async |name: &str, from: &str| {
        let json = format!(r#"{{"username":"{name}","password":"correct horse"}}"#);
        server.post("/users/register", &format!("x-forwarded-for: {from}\r\n"), &json).await.status
    };
    assert_eq!(register("alice", "198.51.100.1").await, 201);
    assert_eq!(register("bob", "198.51.100.2").await, 201);
    assert_eq!(register("eve", "198.51.100.1").await, 429);
    server.node.stop().await;

    let server = Server::start(&[("limits.registrations_per_address", "1")]).await;
    let register = async |name: &str, from: &str| {
        let json = format!(r#"{{"username":"{name}","password":"correct horse"}}"#);
        server.post("/users/register", &format!("x-forwarded-for: {from}\r\n"), &json).await.status
    };
    assert_eq!(register("alice", "198.51.100.1").await, 201);
    assert_eq!(register("bob", "198.51.100.2").await, 429, "a header of anybody's is not believed");
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_request_id_of_its_own() {
    let server = Server::start(&[]).await;
    let id =
        |head: &str| head.lines().find_map(|line| line.strip_prefix("x-request-id: ").map(str::to_owned));
    let (one, other) = (server.get("/healthz").await, server.get("/nowhere").await);
    let (one, other) = (id(&one.head).unwrap(), id(&other.head).unwrap());
    assert_ne!(one, other);
    server.node.stop().await;
}
