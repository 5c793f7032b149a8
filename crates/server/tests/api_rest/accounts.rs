//! Registration, log-in, log-out, profile, password.

use chinwag_proto::Code::{
    EmailTaken, Forbidden, InvalidRequest, NotFound, Unauthenticated, Unavailable, UsernameTaken,
};
use chinwag_proto::rest::{LoginDone, Me, Profile};
use chinwag_server::service::accounts::WhoMayRegister;
use serde_json::json;

use crate::bench::{NODE_URL, PASSWORD, Server, Setup};

async fn where_may_register(who_may_register: WhoMayRegister) -> std::sync::Arc<Server> {
    Server::with(Setup { who_may_register, ..Setup::default() }).await
}

#[tokio::test]
async fn whoever_registers_can_log_in_by_name_and_by_address() {
    let server = Server::start().await;
    let body =
        json!({"username": "bob", "password": PASSWORD, "email": "Bob@Example.org", "displayName": "Bob B."});
    let registered = server.post("/users/register", body).await.is(201);
    assert_eq!(registered["username"], "bob");
    for who in [json!({"username": "bob"}), json!({"email": "bob@example.ORG"})] {
        let mut body = json!({"password": PASSWORD, "device": {"name": "phone"}});
        body.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        let answer = server.post("/users/login", body).await;
        let done: LoginDone = answer.json();
        assert_eq!(json!(done.user_id), registered["userId"], "{answer}");
        assert_eq!(done.chat_server.url, NODE_URL);
        assert_eq!(done.token.len(), 43);
        let year_ms = 365 * 24 * 3_600_000;
        assert_eq!(done.expires_at.ms_since(server.services.ports.clock.now()), year_ms);
    }
}

#[tokio::test]
async fn a_name_and_an_address_are_given_once() {
    let server = Server::start().await;
    let register = |name: &str, email: &str| {
        server.post("/users/register", json!({"username": name, "password": PASSWORD, "email": email}))
    };
    register("bob", "bob@example.org").await.is(201);
    register("bob", "other@example.org").await.refused(UsernameTaken);
    register("rob", "BOB@example.org").await.refused(EmailTaken);
    register("rob", "rob@example.org").await.is(201);
}

#[tokio::test]
async fn a_password_has_8_to_1024_bytes() {
    let server = Server::start().await;
    for (number, (length, valid)) in
        [(7, false), (8, true), (1024, true), (1025, false)].into_iter().enumerate()
    {
        let body = json!({"username": format!("bob{number}"), "password": "x".repeat(length)});
        let answer = server.post("/users/register", body).await;
        if valid {
            answer.is(201);
        } else {
            assert!(answer.refused(InvalidRequest).contains("password"));
        }
    }
}

#[tokio::test]
async fn a_server_may_take_no_registrations() {
    let server = where_may_register(WhoMayRegister::Nobody).await;
    let refused = server.post("/users/register", json!({"username": "bob", "password": PASSWORD})).await;
    assert!(refused.refused(Forbidden).contains("administrator"));
    assert_eq!(server.passwords.computed(), 0, "a refusal costs no computation");
}

#[tokio::test]
async fn a_server_may_ask_for_an_invitation_good_for_its_uses_and_its_time() {
    let server = where_may_register(WhoMayRegister::Invited).await;
    let operator = &server.accounts.administration;
    let invite = operator.create_invite("for the choir", 2, 24).await.unwrap();
    let register = |name: &str, invite: Option<&str>| {
        server.post("/users/register", json!({"username": name, "password": PASSWORD, "invite": invite}))
    };
    register("amy", None).await.refused(Forbidden);
    register("amy", Some("guessed")).await.refused(Forbidden);
    register("amy", Some(&invite.secret)).await.is(201);
    register("amy", Some(&invite.secret)).await.refused(UsernameTaken);
    register("bob", Some(&invite.secret)).await.is(201);
    register("cat", Some(&invite.secret)).await.refused(Forbidden);
    let late = operator.create_invite("", 1, 24).await.unwrap();
    server.clock.advance(24 * 3_600_000);
    register("cat", Some(&late.secret)).await.refused(Forbidden);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_are_the_same_in_answer_and_cost() {
    let server = Server::start().await;
    server.person("bob").await;
    let mut answers = Vec::new();
    for who in ["bob", "nobody", "NOT A NAME"] {
        let before = server.passwords.computed();
        let body = json!({"username": who, "password": "wrong password", "device": {"name": "d"}});
        let answer = server.post("/users/login", body).await;
        assert_eq!(server.passwords.computed() - before, 1, "{who} costs one computation");
        answers.push(answer.body.clone());
        answer.refused(Unauthenticated);
    }
    let before = server.passwords.computed();
    let body = json!({"email": "nobody@example.org", "password": "wrong password", "device": {"name": "d"}});
    answers.push(server.post("/users/login", body).await.body);
    assert_eq!(server.passwords.computed() - before, 1);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn a_log_in_names_the_user_in_one_way() {
    let server = Server::start().await;
    server.person("bob").await;
    for who in [json!({}), json!({"username": "bob", "email": "bob@example.org"})] {
        let mut body = json!({"password": PASSWORD, "device": {"name": "d"}});
        body.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        server.post("/users/login", body).await.refused(InvalidRequest);
    }
}

#[tokio::test]
async fn a_log_in_is_sent_to_the_living_chat_server_with_the_least_load() {
    let server = Server::start().await;
    server.person("bob").await;
    server.another_node("ws://busy/ws", 10, false).await;
    server.another_node("ws://leaving/ws", 0, true).await;
    let url = async || {
        let body = json!({"username": "bob", "password": PASSWORD, "device": {"name": "d"}});
        server.post("/users/login", body).await.json::<LoginDone>().chat_server.url
    };
    assert_eq!(url().await, NODE_URL);
    server.discovery.expire(0);
    assert_eq!(url().await, "ws://busy/ws");
    server.discovery.expire(1);
    let body = json!({"username": "bob", "password": PASSWORD, "device": {"name": "nowhere"}});
    server.post("/users/login", body).await.refused(Unavailable);
    server.another_node("ws://new/ws", 0, false).await;
    let devices = server.log_in("bob", "at last").await;
    let listed = devices.get(&format!("/users/{}/devices", devices.id)).await.is(200);
    assert!(!listed.to_string().contains("nowhere"), "a log-in that failed made no device: {listed}");
}

#[tokio::test]
async fn a_logged_out_token_is_dead_at_once_and_its_socket_closes() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    server.listen_to(bob.id);
    bob.call("POST", "/users/logout").await.is(204);
    assert_eq!(server.heard.revoked(), [bob.device]);
    bob.get("/users/me").await.refused(Unauthenticated);
    let again = server.log_in("bob", "again").await;
    let devices = again.get(&format!("/users/{}/devices", bob.id)).await.is(200);
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "the device stays listed: {devices}");
}

#[tokio::test]
async fn a_token_that_is_used_lives_on_and_one_that_is_not_dies() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    const DAY_MS: i64 = 24 * 3_600_000;
    tokio::time::pause();
    for _ in 0..4 {
        server.clock.advance(100 * DAY_MS);
        tokio::time::advance(std::time::Duration::from_secs(100 * 24 * 3_600)).await;
        bob.get("/users/me").await.is(200);
    }
    amy.get("/users/me").await.refused(Unauthenticated);
}

#[tokio::test]
async fn ones_own_profile_is_read_and_changed() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let me: Me = bob.get("/users/me").await.json();
    assert_eq!((me.username.as_str(), me.display_name.as_str(), me.email), ("bob", "bob", None));
    server.listen_to(bob.id);
    let changed = bob.patches("/users/me", json!({"displayName": "Bob B.", "receipts": "off"})).await.is(200);
    assert_eq!(changed["displayName"], "Bob B.");
    assert_eq!((&changed["receipts"], &changed["presence"]), (&json!("off"), &json!("on")));
    assert_eq!(server.heard.changed(), [bob.id]);
    assert_eq!(bob.patches("/users/me", json!({})).await.is(200), changed);
    assert!(server.heard.changed().is_empty(), "nothing changed, nothing is told");
    let seen: Profile = bob.get(&format!("/users/{}", bob.id)).await.json();
    assert_eq!(seen.display_name.unwrap().as_str(), "Bob B.");
}

#[tokio::test]
async fn a_public_profile_says_no_more_than_the_names() {
    let server = Server::start().await;
    let body = json!({"username": "bob", "password": PASSWORD, "email": "bob@example.org"});
    let bob = server.post("/users/register", body).await.is(201)["userId"].as_str().unwrap().to_owned();
    let amy = server.person("amy").await;
    let profile = amy.get(&format!("/users/{bob}")).await.is(200);
    assert_eq!(profile, json!({"userId": bob, "username": "bob", "displayName": "bob"}));
    assert_eq!(amy.get("/users?username=bob").await.is(200), profile);
    amy.get("/users?username=bo").await.refused(NotFound);
    amy.get("/users?username=BOB").await.refused(NotFound);
    amy.get("/users/999").await.refused(NotFound);
}

#[tokio::test]
async fn a_changed_password_is_the_one_that_counts() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let change = |current: &str, new: &str| {
        bob.gives("PUT", "/users/me/password", json!({"current": current, "new": new}))
    };
    assert!(change("wrong password", "new password").await.refused(Forbidden).contains("password"));
    change(PASSWORD, "short").await.refused(InvalidRequest);
    change(PASSWORD, "new password").await.is(204);
    let log_in = |password: &str| {
        server.post("/users/login", json!({"username": "bob", "password": password, "device": {"name": "d"}}))
    };
    log_in(PASSWORD).await.refused(Unauthenticated);
    log_in("new password").await.is(200);
    bob.get("/users/me").await.is(200);
}

#[tokio::test]
async fn a_password_change_may_log_all_other_devices_out() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let (phone, tablet) = (bob.another_device("phone").await, bob.another_device("tablet").await);
    server.listen_to(bob.id);
    let body = json!({"current": PASSWORD, "new": "new password", "logoutOthers": true});
    phone.gives("PUT", "/users/me/password", body).await.is(204);
    let mut revoked = server.heard.revoked();
    revoked.sort_unstable();
    assert_eq!(revoked, [bob.device, tablet.device]);
    phone.get("/users/me").await.is(200);
    bob.get("/users/me").await.refused(Unauthenticated);
    tablet.get("/users/me").await.refused(Unauthenticated);
}

#[tokio::test]
async fn a_failing_directory_is_unavailable_and_says_nothing_of_itself() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    server.directory.read_faults().fail_from_now_on();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    let detail = bob.get("/users/me").await.refused(Unavailable);
    assert!(!detail.contains("twin"), "{detail}");
    server.directory.read_faults().heal();
    bob.get("/users/me").await.is(200);
    server.directory.write_faults().fail_from_now_on();
    bob.patches("/users/me", json!({"displayName": "B."})).await.refused(Unavailable);
}
