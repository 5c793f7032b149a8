//! Devices: listed, renamed, revoked, logged in again.

use chinwag_proto::Code::{Forbidden, InvalidRequest, NotFound, Unauthenticated};
use chinwag_proto::rest::{Devices, LoginDone};
use serde_json::json;

use crate::bench::{PASSWORD, Server};

#[tokio::test]
async fn devices_are_listed_the_oldest_first_and_ones_own_is_marked() {
    let server = Server::start().await;
    let laptop = server.person("bob").await;
    server.clock.advance(1_000);
    let phone = laptop.another_device("phone").await;
    phone.get("/users/me").await.is(200);
    let devices = phone.get(&format!("/users/{}/devices", phone.id)).await.json::<Devices>().devices;
    let listed: Vec<_> = devices.iter().map(|device| (device.name.as_str(), device.current)).collect();
    assert_eq!(listed, [("first", false), ("phone", true)]);
    assert_eq!(devices[0].last_seen, None, "never heard since its log-in");
    assert!(devices[1].last_seen.is_some());
    assert!(devices[0].created_at < devices[1].created_at);
}

#[tokio::test]
async fn a_device_is_renamed() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let path = format!("/users/{}/devices/{}", bob.id, bob.device);
    let renamed = bob.patches(&path, json!({"name": "kitchen"})).await.is(200);
    assert_eq!((&renamed["name"], &renamed["current"]), (&json!("kitchen"), &json!(true)));
    bob.patches(&path, json!({"name": "x".repeat(129)})).await.refused(InvalidRequest);
    bob.patches(&format!("/users/{}/devices/999", bob.id), json!({"name": "x"})).await.refused(NotFound);
}

#[tokio::test]
async fn a_revoked_device_is_out_at_once_and_gone_from_the_list() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let lost = bob.another_device("lost").await;
    lost.get("/users/me").await.is(200);
    server.listen_to(bob.id);
    let path = format!("/users/{}/devices/{}", bob.id, lost.device);
    bob.delete(&path).await.is(204);
    assert_eq!(server.heard.revoked(), [lost.device]);
    lost.get("/users/me").await.refused(Unauthenticated);
    let devices = bob.get(&format!("/users/{}/devices", bob.id)).await.json::<Devices>().devices;
    assert_eq!(devices.len(), 1);
    bob.delete(&path).await.refused(NotFound);
}

#[tokio::test]
async fn nobody_touches_the_devices_of_another() {
    let server = Server::start().await;
    let (bob, eve) = (server.person("bob").await, server.person("eve").await);
    eve.delete(&format!("/users/{}/devices/{}", bob.id, bob.device)).await.refused(Forbidden);
    eve.delete(&format!("/users/{}/devices/{}", eve.id, bob.device)).await.refused(NotFound);
    bob.get("/users/me").await.is(200);
}

#[tokio::test]
async fn a_device_logs_in_again_with_its_id_and_its_old_token_dies() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.get("/users/me").await.is(200);
    server.listen_to(bob.id);
    let log_in = |device: serde_json::Value| {
        server.post("/users/login", json!({"username": "bob", "password": PASSWORD, "device": device}))
    };
    let done: LoginDone = log_in(json!({"name": "whatever", "id": bob.device})).await.json();
    assert_eq!(done.device_id, bob.device);
    assert_ne!(done.token, bob.token);
    assert_eq!(server.heard.revoked(), [bob.device], "the old token's socket closes");
    bob.get("/users/me").await.refused(Unauthenticated);
    let again = crate::bench::Person { token: done.token, ..bob.clone() };
    let devices = again.get(&format!("/users/{}/devices", bob.id)).await.json::<Devices>().devices;
    assert_eq!((devices.len(), devices[0].name.as_str()), (1, "first"), "the device keeps its name");

    let eve = server.person("eve").await;
    log_in(json!({"name": "x", "id": eve.device})).await.refused(NotFound);
    log_in(json!({"name": "x", "id": "999"})).await.refused(NotFound);
    eve.get("/users/me").await.is(200);
}

#[tokio::test]
async fn a_logged_out_device_may_log_in_again_and_a_removed_one_may_not() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.call("POST", "/users/logout").await.is(204);
    let log_in = || {
        let device = json!({"name": "first", "id": bob.device});
        server.post("/users/login", json!({"username": "bob", "password": PASSWORD, "device": device}))
    };
    let done: LoginDone = log_in().await.json();
    let back = crate::bench::Person { token: done.token, ..bob.clone() };
    back.delete(&format!("/users/{}/devices/{}", bob.id, bob.device)).await.is(204);
    back.get("/users/me").await.refused(Unauthenticated);
    log_in().await.refused(NotFound);
}

#[tokio::test]
async fn a_user_has_so_many_devices() {
    let server = Server::limited(|limits| limits.devices_per_user = 2).await;
    let bob = server.person("bob").await;
    let second = bob.another_device("second").await;
    let log_in = || {
        server.post(
            "/users/login",
            json!({"username": "bob", "password": PASSWORD, "device": {"name": "third"}}),
        )
    };
    assert!(log_in().await.refused(Forbidden).contains("remove one"));
    bob.delete(&format!("/users/{}/devices/{}", bob.id, second.device)).await.is(204);
    log_in().await.is(200);
}
