//! Blobs of chats: put by members, got by members, gone with who put them.

use chinwag_proto::BlobName;
use chinwag_proto::Code::{
    Forbidden, InvalidRequest, NotFound, NotMember, PayloadTooLarge, RateLimited, Unavailable,
    UnsupportedMediaType,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::bench::{Answer, PASSWORD, Person, Server};

const OCTETS: &str = "application/octet-stream";

pub fn blob_name(bytes: &[u8]) -> BlobName {
    BlobName(Sha256::digest(bytes).into())
}

impl Person {
    async fn puts_blob(&self, bytes: &[u8], chat: impl std::fmt::Display) -> Answer {
        let path = format!("/chats/{chat}/blobs/{}", blob_name(bytes));
        self.server.call("PUT", &path).token(&self.token).raw(OCTETS, bytes).answer().await
    }

    async fn gets_blob(&self, bytes: &[u8], chat: impl std::fmt::Display) -> Answer {
        self.get(&format!("/chats/{chat}/blobs/{}", blob_name(bytes))).await
    }
}

#[tokio::test]
async fn a_blob_comes_back_as_it_was_put() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    let large: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    for bytes in [&b""[..], b"small", &large] {
        for _ in 0..2 {
            amy.puts_blob(bytes, group).await.is(204);
        }
        let got = bob.gets_blob(bytes, group).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.headers["content-type"], OCTETS);
        assert_eq!(got.headers["content-length"], bytes.len().to_string());
        assert!(got.body == bytes, "{} bytes", bytes.len());
    }
    bob.gets_blob(b"another", group).await.refused(NotFound);
}

#[tokio::test]
async fn a_blob_belongs_to_its_chat() {
    let server = Server::start().await;
    let (amy, bob, eve) =
        (server.person("amy").await, server.person("bob").await, server.person("eve").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    amy.puts_blob(b"secret", group).await.is(204);
    let others = eve.makes_a_group("coffee", &[]).await;
    eve.gets_blob(b"secret", group).await.refused(NotFound);
    eve.gets_blob(b"secret", others).await.refused(NotFound);
    eve.puts_blob(b"x", group).await.refused(NotFound);
    let claim = format!("/chats/{others}/blobs/{}", blob_name(b"secret"));
    let without_the_bytes = server.call("PUT", &claim).token(&eve.token).raw(OCTETS, "guess").answer().await;
    without_the_bytes.refused(InvalidRequest);
    eve.gets_blob(b"secret", others).await.refused(NotFound);
    amy.removes(&bob, group).await.is(204);
    bob.gets_blob(b"secret", group).await.refused(NotMember);
    bob.puts_blob(b"x", group).await.refused(NotMember);
}

#[tokio::test]
async fn a_direct_chat_need_not_have_begun() {
    let server = Server::start().await;
    let (amy, bob, eve) =
        (server.person("amy").await, server.person("bob").await, server.person("eve").await);
    let chat = amy.chat_with(&bob);
    amy.puts_blob(b"hi", chat).await.is(204);
    assert_eq!(bob.gets_blob(b"hi", chat).await.body, b"hi");
    eve.gets_blob(b"hi", chat).await.refused(NotFound);
    eve.puts_blob(b"hi", chat).await.refused(NotFound);
    bob.put(&format!("/users/{}/blocks/{}", bob.id, amy.id)).await.is(204);
    amy.puts_blob(b"more", chat).await.refused(Forbidden);
    bob.puts_blob(b"more", chat).await.is(204);
    amy.puts_blob(b"x", format!("d.7.{}", amy.id)).await.refused(NotFound);
    amy.puts_blob(b"x", format!("u.{}", amy.id)).await.refused(Forbidden);
}

#[tokio::test]
async fn the_name_the_type_and_the_size_are_checked() {
    let server = Server::limited(|limits| limits.blob_bytes = 10).await;
    let amy = server.person("amy").await;
    let chat = amy.chat_with(&amy);
    let path = format!("/chats/{chat}/blobs/{}", blob_name(b"one"));
    let call = || server.call("PUT", &path).token(&amy.token);
    call().raw(OCTETS, "two").answer().await.refused(InvalidRequest);
    call().raw("application/json", "one").answer().await.refused(UnsupportedMediaType);
    call().answer().await.refused(UnsupportedMediaType);
    amy.puts_blob(b"12345678901", chat).await.refused(PayloadTooLarge);
    call().raw(OCTETS, "one").header("content-length", "11").answer().await.refused(PayloadTooLarge);
    amy.puts_blob(b"1234567890", chat).await.is(204);
    for bad in ["x".repeat(64), "AB".repeat(32), "ab".repeat(31), "ab".repeat(33)] {
        let path = format!("/chats/{chat}/blobs/{bad}");
        amy.get(&path).await.refused(InvalidRequest);
    }
    assert_eq!(server.blobs.count(), 1, "what was refused left nothing");
}

#[tokio::test]
async fn so_much_may_be_put_within_a_day() {
    let server = Server::limited(|limits| limits.blob_bytes_per_day = 3 * 4 * 1024).await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let chat = amy.chat_with(&bob);
    for bytes in [&b"one"[..], b"two", b"three", b"one"] {
        amy.puts_blob(bytes, chat).await.is(204);
    }
    amy.puts_blob(b"four", chat).await.refused(RateLimited);
    assert_eq!(server.blobs.count(), 3);
    bob.puts_blob(b"four", chat).await.is(204);
    server.clock.advance(24 * 3_600 * 1_000 + 1);
    amy.puts_blob(b"four", chat).await.is(204);
}

#[tokio::test]
async fn a_failing_store_answers_so_and_the_retry_goes_well() {
    let server = Server::start().await;
    let amy = server.person("amy").await;
    let chat = amy.chat_with(&amy);
    for calls in [1, 2, 3] {
        // The calls are: begin, write, finish.
        server.blobs.faults().fail_next(calls);
        for _ in 0..calls {
            amy.puts_blob(b"bytes", chat).await.refused(Unavailable);
        }
        server.blobs.faults().heal();
    }
    server.directory.write_faults().fail_next(1);
    amy.puts_blob(b"bytes", chat).await.refused(Unavailable);
    amy.gets_blob(b"bytes", chat).await.refused(NotFound);
    amy.puts_blob(b"bytes", chat).await.is(204);
    assert_eq!(amy.gets_blob(b"bytes", chat).await.body, b"bytes");
}

#[tokio::test]
async fn an_erased_users_blobs_go_save_what_others_put_too() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let group = amy.makes_a_group("tea", &[&bob]).await;
    for number in 0..150 {
        bob.puts_blob(format!("bob's {number}").as_bytes(), group).await.is(204);
    }
    bob.puts_blob(b"bob's 0", amy.chat_with(&bob)).await.is(204);
    for person in [&amy, &bob] {
        person.puts_blob(b"both", group).await.is(204);
    }
    amy.puts_blob(b"amy's", group).await.is(204);
    bob.gives("DELETE", "/users/me", json!({"password": PASSWORD})).await.is(204);
    amy.gets_blob(b"bob's 7", group).await.refused(NotFound);
    assert_eq!(amy.gets_blob(b"both", group).await.body, b"both");
    assert_eq!(amy.gets_blob(b"amy's", group).await.body, b"amy's");
    assert_eq!(server.blobs.count(), 2);
}
