//! Routes that the description of the API names and others than its router serve: they are there.

use chinwag_server::api::OUTSIDE;
use chinwag_testkit::server::Server;
use chinwag_testkit::stranger::Stranger;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The status, the head and the body of a plain request.
async fn asks(server: &Server, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(server.socket_address()).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(chinwag_testkit::DEADLINE, stream.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_outside_the_router_is_served_and_described() {
    let server = Server::start().await;
    let (status, _, text) = asks(&server, "GET", "/openapi.json").await;
    assert_eq!(status, 200);
    let description: Value = serde_json::from_str(&text).unwrap();
    for route in OUTSIDE {
        let (status, head, body) = asks(&server, route.method, route.path).await;
        let described = &description["paths"][route.path][route.method.to_ascii_lowercase()];
        assert!(described.is_object(), "{} is not described", route.path);
        if route.path == "/ws" {
            assert_eq!(status, 400, "a plain request is told that this is a WebSocket: {body}");
            assert!(head.contains("application/problem+json"));
            drop(Stranger::connects(&server).await);
        } else {
            assert_eq!(status, 200, "{}: {body}", route.path);
        }
        let (status, head, body) = asks(&server, "DELETE", route.path).await;
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &problem["code"]), (405, &json!("method_not_allowed")), "{}: {body}", route.path);
        assert!(head.contains("allow: get"), "{}: {head}", route.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_and_its_page_are_there_and_figures_move() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (status, head, page) = asks(&server, "GET", "/docs").await;
    assert_eq!(status, 200);
    assert!(head.contains("text/html") && page.contains("/messages/{chatId}"), "{head}");
    let mut phone = alice.connects().await;
    phone.sends("hi").to(&bob).await;
    let (_, _, figures) = asks(&server, "GET", "/metrics").await;
    for name in [
        "chinwag_connections",
        "chinwag_entries_total",
        "chinwag_commit_seconds",
        "chinwag_http_requests_total",
    ] {
        assert!(figures.contains(name), "{name} is not among {figures}");
    }
    assert_eq!(asks(&server, "GET", "/readyz").await.0, 200);
}
