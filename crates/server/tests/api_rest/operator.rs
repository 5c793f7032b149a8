//! What an operator does, and what of it people notice.

use chinwag_proto::Code::{Forbidden, Unauthenticated};
use chinwag_server::service::Failure;
use chinwag_server::service::accounts::NewAccount;
use chinwag_server::service::accounts::WhoMayRegister;
use serde_json::json;

use crate::bench::{PASSWORD, Server, Setup};

fn account(name: &str) -> NewAccount {
    NewAccount {
        username: name.parse().unwrap(),
        display_name: None,
        email: None,
        password: PASSWORD.to_owned(),
    }
}

#[tokio::test]
async fn an_operator_makes_accounts_where_nobody_registers() {
    let setup = Setup { who_may_register: WhoMayRegister::Nobody, ..Setup::default() };
    let server = Server::with(setup).await;
    let operator = &server.accounts.administration;
    let id = operator.create_user(account("bob")).await.unwrap();
    assert_eq!(operator.create_user(account("bob")).await, Err(Failure::UsernameTaken));
    assert_eq!(server.log_in("bob", "phone").await.id, id);
    assert_eq!(operator.find_user("bob").await, Ok(id));
    assert!(matches!(operator.find_user("amy").await, Err(Failure::NotFound(_))));
    let listed = operator.users(None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|account| account.user.id).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_suspended_user_is_out_until_he_is_restored() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    bob.get("/users/me").await.is(200);
    server.listen_to(bob.id);
    let operator = &server.accounts.administration;
    operator.set_suspended(bob.id, true).await.unwrap();
    assert_eq!(server.heard.revoked(), [bob.device]);
    bob.get("/users/me").await.refused(Unauthenticated);
    let log_in = |password: &str| {
        server.post("/users/login", json!({"username": "bob", "password": password, "device": {"name": "x"}}))
    };
    assert!(log_in(PASSWORD).await.refused(Forbidden).contains("suspended"));
    log_in("wrong password").await.refused(Unauthenticated);
    operator.set_suspended(bob.id, false).await.unwrap();
    log_in(PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_reset_password_ends_all_tokens() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    server.listen_to(bob.id);
    let operator = &server.accounts.administration;
    operator.reset_password(bob.id, "another horse".to_owned()).await.unwrap();
    assert_eq!(server.heard.revoked(), [bob.device]);
    bob.get("/users/me").await.refused(Unauthenticated);
    let body = json!({"username": "bob", "password": "another horse", "device": {"name": "x"}});
    server.post("/users/login", body).await.is(200);
}

#[tokio::test]
async fn an_operator_lists_and_revokes_devices_and_erases_users() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    let operator = &server.accounts.administration;
    assert_eq!(operator.devices(bob.id).await.unwrap().len(), 1);
    operator.revoke_device(bob.id, bob.device).await.unwrap();
    bob.get("/users/me").await.refused(Unauthenticated);
    operator.erase(bob.id).await.unwrap();
    let members = amy.get(&format!("/chats/{group}/members")).await.is(200);
    assert_eq!(members["members"].as_array().unwrap().len(), 1);
    assert!(operator.user(bob.id).await.unwrap().user.username.is_none());
}

#[tokio::test]
async fn invitations_are_listed_without_their_secret_and_taken_back() {
    let server = Server::start().await;
    let operator = &server.accounts.administration;
    let made = operator.create_invite("for the choir", 3, 24).await.unwrap();
    let listed = operator.invites().await.unwrap();
    assert_eq!((listed[0].id, listed[0].uses_left, listed[0].note.as_str()), (made.id, 3, "for the choir"));
    assert!(!format!("{listed:?}").contains(&made.secret));
    operator.revoke_invite(made.id).await.unwrap();
    assert!(matches!(operator.revoke_invite(made.id).await, Err(Failure::NotFound(_))));
    assert!(matches!(operator.create_invite("", 0, 24).await, Err(Failure::Invalid(_))));
}
