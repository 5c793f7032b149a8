//! Key packages: published by their device, given out once.

use std::collections::BTreeSet;
use std::time::Duration;

use chinwag_proto::Code::{Forbidden, InvalidRequest, NotFound, RateLimited, Unauthenticated, Unavailable};
use chinwag_proto::Opaque;
use chinwag_proto::rest::ClaimedKeys;
use serde_json::{Value, json};

use crate::bench::{Answer, Person, Server};

/// Bytes as they travel.
pub fn bytes(text: &str) -> String {
    Opaque(text.as_bytes().to_vec()).to_string()
}

/// Bytes that came back.
pub fn plain(text: &Value) -> String {
    String::from_utf8(text.as_str().unwrap().parse::<Opaque>().unwrap().0).unwrap()
}

impl Person {
    fn own_keys(&self) -> String {
        format!("/devices/{}/keys", self.device)
    }

    async fn publishes(&self, packages: &[&str]) -> Answer {
        let packages: Vec<_> = packages.iter().map(|text| bytes(text)).collect();
        self.posts(&self.own_keys(), json!({"keyPackages": packages})).await
    }

    async fn claims(&self, from: &Person) -> Answer {
        self.posts(&format!("/users/{}/keys/claim", from.id), json!({})).await
    }

    /// Device, package, whether it is the last resort.
    async fn claimed(&self, from: &Person) -> Vec<(String, String, bool)> {
        let answer = self.claims(from).await;
        assert_eq!(answer.status, 200, "{answer}");
        let keys = answer.json::<ClaimedKeys>().keys;
        keys.into_iter()
            .map(|key| {
                let package = String::from_utf8(key.key_package.0).unwrap();
                (key.device_id.to_string(), package, key.last_resort)
            })
            .collect()
    }
}

#[tokio::test]
async fn a_key_package_is_given_out_once_and_then_the_last_resort() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    assert_eq!(bob.get(&bob.own_keys()).await.is(200), json!({"available": 0, "lastResort": false}));
    assert_eq!(bob.publishes(&["b", "a"]).await.is(200), json!({"available": 2, "lastResort": false}));
    let last = bob.posts(&bob.own_keys(), json!({"lastResort": bytes("z")})).await;
    assert_eq!(last.is(200), json!({"available": 2, "lastResort": true}));
    for (package, last_resort) in [("b", false), ("a", false), ("z", true), ("z", true)] {
        let expected = (bob.device.to_string(), package.to_owned(), last_resort);
        assert_eq!(amy.claimed(&bob).await, [expected]);
    }
    assert_eq!(bob.publishes(&["a", "b", "c"]).await.is(200)["available"], 1, "a retry brings nothing back");
    assert_eq!(bob.get(&bob.own_keys()).await.is(200), json!({"available": 1, "lastResort": true}));
}

#[tokio::test]
async fn many_claims_at_once_share_nothing() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let names: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    bob.publishes(&names.iter().map(String::as_str).collect::<Vec<_>>()).await.is(200);
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(server.person(&format!("amy-{number}")).await);
    }
    let claims = people.iter().flat_map(|person| (0..10).map(|_| person.claimed(&bob)));
    let claimed = futures_util::future::join_all(claims).await.concat();
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 40);
}

#[tokio::test]
async fn each_device_gives_one_and_devices_may_be_named() {
    let server = Server::start().await;
    let (amy, laptop) = (server.person("amy").await, server.person("bob").await);
    server.clock.advance(1_000);
    let phone = laptop.another_device("phone").await;
    laptop.another_device("without keys").await;
    laptop.publishes(&["l1", "l2"]).await.is(200);
    phone.publishes(&["p1", "p2"]).await.is(200);
    let both = [(laptop.device, "l1"), (phone.device, "p1")];
    let both = both.map(|(device, package)| (device.to_string(), package.to_owned(), false));
    assert_eq!(amy.claimed(&laptop).await, both);
    let path = format!("/users/{}/keys/claim", laptop.id);
    let claimed = amy.posts(&path, json!({"devices": [phone.device, amy.device, "999"]})).await.is(200);
    assert_eq!(claimed["keys"].as_array().unwrap().len(), 1);
    assert_eq!(plain(&claimed["keys"][0]["keyPackage"]), "p2");
    assert_eq!(amy.posts(&path, json!({"devices": []})).await.is(200), json!({"keys": []}));
    assert_eq!(phone.claimed(&laptop).await.len(), 1, "one's own other devices give theirs, too");
}

#[tokio::test]
async fn a_device_has_its_own_keys_alone() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let phone = bob.another_device("phone").await;
    for other in [&amy, &phone] {
        other.get(&bob.own_keys()).await.refused(NotFound);
        other.posts(&bob.own_keys(), json!({"keyPackages": [bytes("x")]})).await.refused(NotFound);
    }
    let theirs = amy.get(&bob.own_keys()).await;
    let nobodys = amy.get("/devices/999/keys").await;
    assert_eq!(theirs.body, nobodys.body, "nobody learns whether a device exists");
    assert_eq!(amy.claimed(&bob).await, []);
}

#[tokio::test]
async fn who_is_not_there_or_blocks_gives_none() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    bob.publishes(&["a"]).await.is(200);
    amy.posts("/users/999/keys/claim", json!({})).await.refused(NotFound);
    bob.put(&format!("/users/{}/blocks/{}", bob.id, amy.id)).await.is(204);
    amy.claims(&bob).await.refused(Forbidden);
    bob.delete(&format!("/users/{}/blocks/{}", bob.id, amy.id)).await.is(204);
    assert_eq!(amy.claimed(&bob).await.len(), 1, "the refusal took none");
}

#[tokio::test]
async fn keys_have_their_limits() {
    let server = Server::limited(|limits| {
        limits.key_package_bytes = 10;
        limits.key_packages_per_call = 3;
        limits.key_packages_waiting = 4;
        limits.devices_per_user = 2;
    })
    .await;
    let bob = server.person("bob").await;
    let detail = bob.publishes(&["12345678901"]).await.refused(InvalidRequest);
    assert!(detail.contains("`keyPackages`") && detail.contains("10"), "{detail}");
    let last = bob.posts(&bob.own_keys(), json!({"lastResort": bytes("12345678901")})).await;
    assert!(last.refused(InvalidRequest).contains("`lastResort`"));
    bob.publishes(&["a", "b", "c", "d"]).await.refused(InvalidRequest);
    bob.publishes(&["a", "b", "1234567890"]).await.is(200);
    bob.publishes(&["d", "e"]).await.refused(InvalidRequest);
    assert_eq!(bob.publishes(&["d"]).await.is(200)["available"], 4);
    assert_eq!(bob.posts(&bob.own_keys(), json!({})).await.is(200)["available"], 4);
    let three = json!({"devices": ["1", "2", "3"]});
    bob.posts(&format!("/users/{}/keys/claim", bob.id), three).await.refused(InvalidRequest);
    for bad in ["", "A", "AA==", "+/8"] {
        let detail = bob.posts(&bob.own_keys(), json!({"keyPackages": [bad]})).await.refused(InvalidRequest);
        assert!(detail.contains("`keyPackages[0]`") && detail.contains("base64url"), "{detail}");
    }
}

#[tokio::test]
async fn claims_have_a_limit_for_each_user_and_one_for_all() {
    let server = Server::limited(|limits| {
        limits.claims_per_minute = 5;
        limits.claims_per_user_per_minute = 2;
    })
    .await;
    let (amy, bob, cat) =
        (server.person("amy").await, server.person("bob").await, server.person("cat").await);
    tokio::time::pause();
    for _ in 0..2 {
        amy.claims(&bob).await.is(200);
    }
    let refused = amy.claims(&bob).await;
    assert_eq!(refused.headers["retry-after"], "60");
    refused.refused(RateLimited);
    for _ in 0..2 {
        amy.claims(&cat).await.is(200);
    }
    amy.posts("/users/999/keys/claim", json!({})).await.refused(NotFound);
    amy.posts("/users/998/keys/claim", json!({})).await.refused(RateLimited);
    cat.claims(&bob).await.is(200);
    tokio::time::advance(Duration::from_secs(60)).await;
    amy.claims(&bob).await.is(200);
}

#[tokio::test]
async fn keys_go_with_their_device() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let phone = bob.another_device("phone").await;
    phone.publishes(&["a"]).await.is(200);
    phone.posts(&phone.own_keys(), json!({"lastResort": bytes("z")})).await.is(200);
    bob.delete(&format!("/users/{}/devices/{}", bob.id, phone.device)).await.is(204);
    assert_eq!(amy.claimed(&bob).await, []);
    phone.publishes(&["b"]).await.refused(Unauthenticated);
}

#[tokio::test]
async fn a_failing_engine_gives_nothing_out() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    bob.publishes(&["a"]).await.is(200);
    // That she was heard is noted once, before.
    amy.get("/users/me").await.is(200);
    server.directory.write_faults().fail_next(1);
    amy.claims(&bob).await.refused(Unavailable);
    assert_eq!(amy.claimed(&bob).await.len(), 1);
}
