//! Start, readiness, stop.

use std::fs;
use std::net::TcpListener;

use chinwag_server::node::{Node, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::kit::{DEADLINE, Server, answer, config, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_started_answers() {
    let server = Server::start(&[]).await;
    assert_eq!(server.get("/healthz").await.body, "ok\n");
    assert_eq!(server.get("/readyz").await.body, "ready\n");
    assert_eq!(server.node.url(), format!("http://{}", server.address()));

    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"),
        "{}",
        page.head
    );
    assert!(page.body.contains("/docs") && page.body.contains("chinwag tail"), "{}", page.body);
    for path in ["/docs", "/openapi.json", "/metrics"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let unknown = server.get("/nowhere").await;
    assert_eq!((unknown.status, unknown.head.contains("application/problem+json")), (404, true));
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_switched_off_is_not_there() {
    let server = Server::start(&[("docs.enabled", "false"), ("metrics.enabled", "false")]).await;
    for path in ["/docs", "/openapi.json", "/metrics"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_in_sends_the_client_to_this_node_or_to_its_public_address() {
    let register = r#"{"username":"alice","password":"correct horse"}"#;
    let log_in = r#"{"username":"alice","password":"correct horse","device":{"name":"d"}}"#;
    let server = Server::start(&[]).await;
    server.post("/users/register", "", register).await;
    let here = format!("\"url\":\"ws://{}/ws\"", server.address());
    let answer = server.post("/users/login", "", log_in).await;
    assert!(answer.body.contains(&here), "{}", answer.body);
    server.node.stop().await;

    let server = Server::start(&[("server.public_url", "https://chat.example.org")]).await;
    server.post("/users/register", "", register).await;
    let answer = server.post("/users/login", "", log_in).await;
    assert!(answer.body.contains("\"url\":\"wss://chat.example.org/ws\""), "{}", answer.body);
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_belongs_to_one_node_until_it_has_stopped() {
    let server = Server::start(&[]).await;
    match server.start_beside().await.map(|node| node.address()) {
        Err(StartError::Locked { path, pid }) => {
            assert_eq!((path, pid), (server.config.storage.data.clone(), Some(std::process::id())));
        }
        other => panic!("{other:?}"),
    }
    let Server { node, folder, config } = server;
    node.stop().await;
    let again = Node::start(&config).await.unwrap();
    again.stop().await;
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_said_before_the_folder_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, &[("server.listen", &address.to_string())]);
    let error = Node::start(&config).await.err().unwrap();
    assert!(matches!(error, StartError::AddressInUse(taken) if taken == address), "{error}");
    assert!(error.to_string().contains("--listen"), "{error}");
    assert!(!config.storage.data.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_a_newer_version_is_left_alone() {
    let server = Server::start(&[]).await;
    let Server { node, folder, config } = server;
    node.stop().await;
    // Bytes 60 to 63 of the file are the number of its layout (SQLite file format, §1.3).
    let path = config.storage.data.join("directory.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let error = Node::start(&config).await.err().unwrap();
    assert!(matches!(error, StartError::Newer(_)), "{error}");
    assert!(error.to_string().contains("newer program"), "{error}");
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_answered_while_the_node_stops() {
    let server = Server::start(&[]).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let json = r#"{"username":"alice","password":"correct horse"}"#;
    let (first, rest) = json.split_at(10);
    let head = format!(
        "POST /users/register HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        json.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body once the request is in its hands.
    let mut continued = [0; 25];
    timeout(DEADLINE, stream.read_exact(&mut continued)).await.unwrap().unwrap();
    assert_eq!(&continued, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();

    let address = server.address();
    let Server { node, folder, config } = server;
    let finishing = async {
        until(
            "the port is closed to newcomers",
            || async move { TcpStream::connect(address).await.is_err() },
        )
        .await;
        stream.write_all(rest.as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await.status, 201);
    };
    let stopped = async { tokio::join!(node.stop(), finishing) };
    timeout(DEADLINE, stopped).await.expect("stopped in time");

    // What was answered is there after the next start.
    let node = Node::start(&config).await.unwrap();
    let again = Server { node, folder, config };
    assert_eq!(again.post("/users/register", "", json).await.status, 409);
    again.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_cut_off_when_the_node_stops() {
    let server = Server::start(&[("server.drain_ms", "200")]).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /users/register HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    timeout(DEADLINE, stream.read_exact(&mut [0; 25])).await.unwrap().unwrap();
    timeout(DEADLINE, server.node.stop()).await.expect("stopped in time");
    let mut rest = Vec::new();
    // Closed or reset: either is the end.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut rest)).await.expect("cut off");
    assert!(rest.is_empty(), "{rest:?}");
}
