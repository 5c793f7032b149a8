//! HTTP around the endpoints: unknown paths and methods, tokens, HEAD and OPTIONS, CORS.

use axum::http::header;
use chinwag_proto::Code::{MethodNotAllowed, NotFound, Unauthenticated};
use chinwag_server::api::{ApiSettings, described};
use serde_json::json;

use crate::bench::{Server, Setup};

#[tokio::test]
async fn an_unknown_path_is_a_problem_too() {
    let server = Server::start().await;
    for path in ["/", "/nowhere", "/users/1/2/3", "/users/", "/messages", "/chats/g.1/", "//"] {
        let answer = server.get(path).await;
        assert!([404, 405].contains(&answer.status.as_u16()), "{answer}");
        answer.problem();
    }
    server.get("/nowhere").await.refused(NotFound);
}

#[tokio::test]
async fn an_unknown_method_is_told_which_there_are() {
    let server = Server::start().await;
    for route in described() {
        let path = route.path.replace(['{', '}'], "");
        let refused = server.call("TRACE", &path).answer().await;
        let allow = refused.headers[header::ALLOW].to_str().unwrap().to_owned();
        assert!(allow.split(',').any(|method| method == route.method), "{refused}: {allow}");
        refused.refused(MethodNotAllowed);
        let options = server.call("OPTIONS", &path).answer().await;
        assert_eq!((options.status.as_u16(), options.body.len()), (204, 0));
        assert!(options.headers.contains_key(header::ALLOW));
    }
    server.call("DELETE", "/messages").answer().await.refused(MethodNotAllowed);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for path in ["/users/me", "/chats", "/users/999", "/nowhere"] {
        let (get, head) = (bob.get(path).await, bob.call("HEAD", path).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0));
        assert_eq!(head.headers[header::CONTENT_TYPE], get.headers[header::CONTENT_TYPE]);
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_alike_everywhere() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let long = format!("Bearer {}", "x".repeat(10_000));
    let twice = server
        .call("GET", "/users/me")
        .token(&bob.token)
        .header("authorization", &format!("Bearer {}", bob.token));
    twice.answer().await.refused(Unauthenticated);
    for wrong in
        ["", "Bearer", "Bearer ", "Basic Ym9iOmJvYg==", "Bearer x", bob.token.as_str(), long.as_str()]
    {
        let call = server.call("GET", "/users/me").header("authorization", wrong);
        let answer = call.answer().await;
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        answer.refused(Unauthenticated);
    }
    let ok = server.call("GET", "/users/me").header("authorization", &format!("bearer {}", bob.token));
    ok.answer().await.is(200);
}

#[tokio::test]
async fn a_token_is_asked_for_before_anything_else_is_looked_at() {
    let server = Server::start().await;
    for route in described().into_iter().filter(|route| route.authenticated) {
        let path = route.path.replace(['{', '}'], "");
        let call = server.call(route.method, &path).raw("text/plain", "junk");
        call.answer().await.refused(Unauthenticated);
    }
}

#[tokio::test]
async fn other_origins_are_told_nothing_by_default() {
    let server = Server::start().await;
    for (method, path) in [("GET", "/openapi.json"), ("OPTIONS", "/messages"), ("GET", "/nowhere")] {
        let call = server.call(method, path).header("origin", "https://elsewhere.example");
        let answer = call.header("access-control-request-method", "POST").answer().await;
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{answer}");
    }
}

#[tokio::test]
async fn the_origins_that_are_set_may_read_every_answer_errors_included() {
    const ORIGIN: &str = "https://chat.example.org";
    let settings = ApiSettings { cors_origins: vec![ORIGIN.to_owned()], ..ApiSettings::default() };
    let server = Server::with(Setup { settings, ..Setup::default() }).await;
    let preflight = server
        .call("OPTIONS", "/messages")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST");
    let answer = preflight.answer().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
    assert!(answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("PATCH"));
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization, content-type");
    for path in ["/users/me", "/nowhere", "/docs"] {
        let answer = server.call("GET", path).header("origin", ORIGIN).answer().await;
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN, "{answer}");
        assert_eq!(answer.headers[header::VARY], "origin");
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let other =
            server.call("GET", path).header("origin", "https://chat.example.org.evil.example").answer().await;
        assert!(!other.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{other}");
        assert_eq!(other.headers[header::VARY], "origin");
    }
}

#[tokio::test]
async fn what_a_client_sends_beside_what_is_asked_changes_nothing() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let call = server.call("POST", "/users/logout").token(&bob.token).json(&json!({"junk": true}));
    call.answer().await.is(204);
}
