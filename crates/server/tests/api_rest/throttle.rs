//! Limits on guessing, registering and looking up, over REST.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_proto::Code::{RateLimited, Unauthenticated};
use serde_json::json;

use crate::bench::{Answer, PASSWORD, Server};

fn address(number: u32) -> IpAddr {
    IpAddr::from(std::net::Ipv4Addr::from_bits(0xc0a8_0000 + number))
}

async fn guess(server: &Arc<Server>, name: &str, password: &str, from: IpAddr) -> Answer {
    let body = json!({"username": name, "password": password, "device": {"name": "x"}});
    server.call("POST", "/users/login").from(from).json(&body).answer().await
}

#[tokio::test]
async fn ten_wrong_passwords_a_minute_by_name_and_address() {
    let server = Server::start().await;
    server.person("bob").await;
    tokio::time::pause();
    for name in ["bob", "nobody"] {
        for _ in 0..10 {
            guess(&server, name, "wrong password", address(1)).await.refused(Unauthenticated);
        }
        let before = server.passwords.computed();
        let refused = guess(&server, name, PASSWORD, address(1)).await;
        assert_eq!(refused.headers["retry-after"], "60");
        refused.refused(RateLimited);
        assert_eq!(server.passwords.computed(), before, "a refusal costs no computation");
    }
    guess(&server, "bob", PASSWORD, address(2)).await.is(200);
    tokio::time::advance(Duration::from_secs(60)).await;
    guess(&server, "bob", PASSWORD, address(1)).await.is(200);
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let server = Server::limited(|limits| limits.devices_per_user = 200).await;
    server.person("bob").await;
    for _ in 0..30 {
        guess(&server, "bob", PASSWORD, address(1)).await.is(200);
    }
}

#[tokio::test]
async fn a_hundred_wrong_passwords_a_minute_by_address() {
    let server = Server::start().await;
    server.person("bob").await;
    for number in 0..100 {
        guess(&server, &format!("name{number}"), "wrong password", address(1)).await.refused(Unauthenticated);
    }
    guess(&server, "bob", PASSWORD, address(1)).await.refused(RateLimited);
    guess(&server, "bob", PASSWORD, address(2)).await.is(200);
}

#[tokio::test]
async fn whoever_hammers_a_name_from_everywhere_does_not_lock_its_owner_out() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let home = address(500);
    server.call("GET", "/users/me").token(&bob.token).from(home).answer().await.is(200);
    for number in 0..100 {
        guess(&server, "bob", "wrong password", address(number / 10)).await.refused(Unauthenticated);
    }
    guess(&server, "bob", PASSWORD, address(200)).await.refused(RateLimited);
    guess(&server, "bob", PASSWORD, home).await.is(200);
    bob.get("/users/me").await.is(200);
}

#[tokio::test]
async fn the_password_of_a_stolen_token_is_guessed_no_faster() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    for number in 0..10 {
        let body = json!({"current": format!("wrong password {number}"), "new": "new password"});
        bob.gives("PUT", "/users/me/password", body).await.refused(chinwag_proto::Code::Forbidden);
    }
    bob.gives("DELETE", "/users/me", json!({"password": PASSWORD})).await.refused(RateLimited);
}

#[tokio::test]
async fn a_hundred_registrations_a_minute_by_address() {
    let server = Server::limited(|limits| limits.registrations_per_address = 3).await;
    let register = |name: &str, from: IpAddr| {
        let body = json!({"username": name, "password": PASSWORD});
        server.call("POST", "/users/register").from(from).json(&body).answer()
    };
    for number in 0..3 {
        register(&format!("name{number}"), address(1)).await.is(201);
    }
    register("another", address(1)).await.refused(RateLimited);
    register("another", address(2)).await.is(201);
}

#[tokio::test]
async fn looking_users_up_has_a_limit_of_its_own() {
    let server = Server::limited(|limits| limits.lookups_per_minute = 3).await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    for _ in 0..3 {
        bob.get("/users?username=amy").await.is(200);
    }
    bob.get("/users?username=amy").await.refused(RateLimited);
    bob.get(&format!("/users/{}", amy.id)).await.is(200);
    amy.get("/users?username=bob").await.is(200);
}
