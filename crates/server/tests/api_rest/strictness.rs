//! Bad input: refused with a clear word, and nothing of it done.

use chinwag_proto::Code::{InvalidRequest, PayloadTooLarge, UnsupportedMediaType};
use chinwag_server::api::described;
use serde_json::{Value, json};

use crate::bench::{PASSWORD, Person, Server};

/// A valid body for each route that takes one, and the paths to fill in.
fn bodies(bob: &Person) -> Vec<(&'static str, String, Value)> {
    let (id, device) = (bob.id, bob.device);
    let chat = format!("d.{id}.{id}");
    vec![
        ("POST", "/users/register".into(), json!({"username": "new-one", "password": PASSWORD})),
        (
            "POST",
            "/users/login".into(),
            json!({"username": "bob", "password": PASSWORD, "device": {"name": "x"}}),
        ),
        ("PATCH", "/users/me".into(), json!({"displayName": "B."})),
        ("DELETE", "/users/me".into(), json!({"password": PASSWORD})),
        ("PUT", "/users/me/password".into(), json!({"current": PASSWORD, "new": "another horse"})),
        ("PATCH", format!("/users/{id}/devices/{device}"), json!({"name": "x"})),
        ("POST", "/messages".into(), json!({"receiverId": id, "content": "hi"})),
        ("PATCH", format!("/messages/{chat}/1"), json!({"content": "hi"})),
        ("POST", "/chats".into(), json!({"title": "tea", "members": []})),
        ("PATCH", format!("/chats/{chat}"), json!({"title": "tea"})),
        ("PUT", format!("/chats/{chat}/read"), json!({"seq": 1})),
        ("POST", format!("/chats/{chat}/members"), json!({"users": [id]})),
        ("PUT", format!("/chats/{chat}/members/{id}"), json!({"role": "admin"})),
        ("POST", format!("/devices/{device}/keys"), json!({"keyPackages": ["AA"], "lastResort": "AA"})),
        ("POST", format!("/users/{id}/keys/claim"), json!({"devices": [device]})),
        ("POST", "/users/me/keys/chain".into(), json!({"after": 0, "links": ["AA"]})),
        ("POST", "/users/me/keys/backups".into(), json!({"after": 0, "records": ["AA"]})),
        (
            "POST",
            format!("/users/{id}/inbox"),
            json!({"kind": "device", "data": {"type": "device", "text": "news"}}),
        ),
    ]
}

#[tokio::test]
async fn the_list_of_bodies_is_complete() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let document: Value = serde_json::from_str(&server.openapi).unwrap();
    let taking_bodies = described()
        .into_iter()
        .filter(|route| {
            let body = &document["paths"][&route.path][route.method.to_lowercase()]["requestBody"];
            !body["content"]["application/json"].is_null()
        })
        .count();
    assert_eq!(bodies(&bob).len(), taking_bodies);
}

#[tokio::test]
async fn every_body_refuses_unknown_fields_and_names_them() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for (method, path, mut body) in bodies(&bob) {
        body["colour"] = json!("blue");
        let detail = bob.gives(method, &path, body).await.refused(InvalidRequest);
        assert!(detail.contains("`colour`") && !detail.contains("blue"), "{method} {path}: {detail}");
    }
}

#[tokio::test]
async fn every_body_refuses_wrong_types_and_names_the_field() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for (method, path, body) in bodies(&bob) {
        for field in body.as_object().unwrap().keys() {
            if field == "content" || field == "data" {
                continue;
            }
            let mut wrong = body.clone();
            wrong[field] = json!({"not": ["this"]});
            let detail = bob.gives(method, &path, wrong).await.refused(InvalidRequest);
            assert!(detail.contains(field), "{method} {path} {field}: {detail}");
        }
    }
}

#[tokio::test]
async fn every_body_has_to_be_json_in_utf_8_and_say_so() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for (method, path, body) in bodies(&bob) {
        let call = |content_type: &str, body: Vec<u8>| {
            server.call(method, &path).token(&bob.token).raw(content_type, body)
        };
        let good = body.to_string().into_bytes();
        call("text/plain", good.clone()).answer().await.refused(UnsupportedMediaType);
        let bare = server.call(method, &path).token(&bob.token).answer().await;
        bare.refused(UnsupportedMediaType);
        let junk: [&[u8]; 8] =
            [b"", b"{", b"null", b"[]", b"\xff\xfe", b"{\"a\":\xc3\x28}", b"\x00\x01\x02", b"{} {}"];
        for junk in junk {
            call("application/json", junk.to_vec()).answer().await.refused(InvalidRequest);
        }
        let deep = [b"[".repeat(60_000), b"]".repeat(60_000)].concat();
        call("application/json", deep).answer().await.refused(InvalidRequest);
    }
}

#[tokio::test]
async fn every_body_has_its_limit() {
    let server = Server::limited(|limits| {
        (limits.body_bytes, limits.keys_body_bytes) = (1_000, 1_000);
    })
    .await;
    let bob = server.person("bob").await;
    for (method, path, body) in bodies(&bob) {
        let mut padded = body.to_string().into_bytes();
        padded.resize(1_001, b' ');
        let call = |body: Vec<u8>| server.call(method, &path).token(&bob.token).raw("application/json", body);
        call(padded.clone()).answer().await.refused(PayloadTooLarge);
        let announced = call(body.to_string().into_bytes()).header("content-length", "1001");
        announced.answer().await.refused(PayloadTooLarge);
        padded.truncate(1_000);
        assert_ne!(call(padded).answer().await.status, 413);
        if path == "/users/me" && method == "DELETE" {
            return;
        }
    }
}

#[tokio::test]
async fn over_long_values_are_refused() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let long = "x".repeat(10_000);
    for (method, path, body) in [
        ("POST", "/users/register".to_owned(), json!({"username": long, "password": PASSWORD})),
        ("POST", "/users/register".to_owned(), json!({"username": "amy", "password": long})),
        (
            "POST",
            "/users/register".to_owned(),
            json!({"username": "amy", "password": PASSWORD, "displayName": long}),
        ),
        (
            "POST",
            "/users/login".to_owned(),
            json!({"username": "bob", "password": long, "device": {"name": "x"}}),
        ),
        (
            "POST",
            "/users/login".to_owned(),
            json!({"username": "bob", "password": PASSWORD, "device": {"name": long}}),
        ),
        ("PATCH", "/users/me".to_owned(), json!({"displayName": long})),
        (
            "POST",
            "/messages".to_owned(),
            json!({"receiverId": bob.id, "content": "x", "clientMessageId": long}),
        ),
        ("POST", "/chats".to_owned(), json!({"title": long, "members": []})),
    ] {
        bob.gives(method, &path, body).await.refused(InvalidRequest);
    }
    let document = bob.get(&format!("/users?{}=1", "y".repeat(5_000))).await.refused(InvalidRequest);
    assert!(document.len() < 400, "an error repeats no more than the beginning");
}

#[tokio::test]
async fn ids_in_paths_have_one_form() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for path in [
        "/users/abc",
        "/users/01",
        "/users/-1",
        "/users/99999999999999999999",
        "/chats/x.1",
        "/chats/d.2.1",
        "/chats/g.1@elsewhere",
        "/messages/g.",
        "/users/%FF",
        "/users/1/devices",
    ] {
        let answer = bob.get(path).await;
        assert!([400, 403].contains(&answer.status.as_u16()), "{answer}");
    }
    bob.delete("/messages/g.1/01").await.refused(InvalidRequest);
    bob.delete("/messages/g.1/9007199254740992").await.refused(InvalidRequest);
}

#[tokio::test]
async fn queries_refuse_what_they_do_not_know_and_name_it() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let chat = bob.sent("hi", bob.id).await.chat_id;
    for path in [
        "/users?username=bob&".to_owned(),
        "/presence?users=1&".to_owned(),
        "/chats?".to_owned(),
        format!("/messages/{chat}?"),
        format!("/chats/{chat}/entries?"),
        format!("/chats/{chat}/members?"),
    ] {
        let detail = bob.get(&format!("{path}colour=blue")).await.refused(InvalidRequest);
        assert!(detail.contains("colour"), "{path}: {detail}");
    }
    let detail = bob.get(&format!("/messages/{chat}?limit=many")).await.refused(InvalidRequest);
    assert!(detail.contains("limit"), "{detail}");
    bob.get(&format!("/messages/{chat}?limit=1&limit=2")).await.refused(InvalidRequest);
    bob.delete(&format!("/messages/{chat}/1?clientMessageId=a%20b")).await.refused(InvalidRequest);
    bob.delete(&format!("/messages/{chat}/1?clientmessageid=a")).await.refused(InvalidRequest);
}

#[tokio::test]
async fn what_was_refused_was_not_done() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.posts("/messages", json!({"receiverId": bob.id, "content": "hi", "extra": 1}))
        .await
        .refused(InvalidRequest);
    bob.get(&format!("/chats/d.{0}.{0}", bob.id)).await.refused(chinwag_proto::Code::NotFound);
    bob.patches("/users/me", json!({"displayName": "B.", "presence": "maybe"})).await.refused(InvalidRequest);
    assert_eq!(bob.get("/users/me").await.is(200)["displayName"], "bob");
}
