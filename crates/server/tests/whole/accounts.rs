//! Accounts that end or are suspended, as those see it who chat with them.

use chinwag_proto::Code::{NotFound, Unauthenticated};
use chinwag_proto::{Body, MembershipChange, ServerFrame};
use chinwag_testkit::person::{Person, text_of};
use chinwag_testkit::server::{PASSWORD, Server};
use serde_json::{Value, json};

async fn erases_himself(person: &Person) {
    person.does("DELETE", "/users/me", json!({"password": PASSWORD})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_owner_is_followed_live_and_what_he_said_stays() {
    let server = Server::start().await;
    let (olga, alice, bob) =
        (server.person("olga").await, server.person("alice").await, server.person("bob").await);
    let group = olga.makes_a_group("lunch", &[&alice, &bob]).await;
    olga.sends("in the group").to(group).await;
    let direct = olga.sends("to alice").to(&alice).await.chat_id;
    let mut alices = alice.connects().await;
    erases_himself(&olga).await;
    let entry = alices.sees_in(group).await;
    let Body::Member { changes } = &entry.body else { panic!("no member entry: {entry:?}") };
    assert_eq!((changes[0].user_id, changes[0].change), (olga.id, MembershipChange::Left));
    assert_eq!((changes[1].user_id, changes[1].change), (alice.id, MembershipChange::Role));
    let told = alices.hears("that she is owner", |frame| match frame {
        ServerFrame::Chat(summary) if summary.chat_id == group => Some(summary.role),
        _ => None,
    });
    assert_eq!(told.await, chinwag_proto::Role::Owner);
    olga.is_refused(Unauthenticated, "GET", "/users/me", Value::Null).await;
    let profile = alice.gets(&format!("/users/{}", olga.id)).await;
    assert_eq!((&profile["deleted"], profile.get("username")), (&json!(true), None), "{profile}");
    for (chat, text) in [(group, "in the group"), (direct, "to alice")] {
        let log: Vec<_> = alice.entries(chat).await.iter().filter_map(text_of).collect();
        assert_eq!(log, [text]);
    }
    alices.sends("are you there?").is_refused(NotFound, &olga).await;
    server.restarts().await;
    alice.sends("are you there?").is_refused(NotFound, &olga).await;
    assert_eq!(alice.gets(&format!("/chats/{group}")).await["role"], "owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_user_is_locked_out_and_finds_everything_when_he_is_restored() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut phone = bob.connects().await;
    alice.sends("before").to(&bob).await;
    phone.sees("before").await;
    server.suspends(&bob).await;
    assert_eq!(phone.is_closed().await, 4403);
    let login = server.rest().login("bob", PASSWORD, "phone".parse().unwrap()).await;
    assert!(login.is_err(), "a suspended user cannot log in");
    alice.sends("meanwhile").to(&bob).await;
    server.restores(&bob).await;
    let again = server.rest().login("bob", PASSWORD, "phone".parse().unwrap()).await.unwrap();
    let bob = Person { device: again.device_id, token: again.token, ..bob };
    let mut phone = bob.connects().await;
    let texts: Vec<_> =
        phone.syncs_all(alice.chat_with(&bob), 0, 1).await.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["before", "meanwhile"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_member_is_no_member_on_any_of_his_devices() {
    let server = Server::start().await;
    let (olga, bob) = (server.person("olga").await, server.person("bob").await);
    let group = olga.makes_a_group("lunch", &[&bob]).await;
    let (mut phone, mut tablet) = (bob.connects().await, bob.connects_another("tablet").await);
    erases_himself(&bob).await;
    assert_eq!((phone.is_closed().await, tablet.is_closed().await), (4403, 4403));
    assert_eq!(olga.summary(group).await.members, Some(1));
    let path = format!("/chats/{group}/members/{}", bob.id);
    olga.is_refused(NotFound, "PUT", &path, json!({"role": "admin"})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_register_the_same_name_or_address_at_once_one_does() {
    use chinwag_proto::Code::{EmailTaken, UsernameTaken};
    let server = Server::start().await;
    let anybody = server.person("anybody").await;
    let register = async |name: &str, email: &str| {
        let body = json!({"username": name, "password": PASSWORD, "email": email});
        anybody.calls("POST", "/users/register", body).await
    };
    let refused = |answers: &[Result<Value, chinwag_testkit::ClientError>]| -> Vec<chinwag_proto::Code> {
        let code = |answer: &Result<Value, chinwag_testkit::ClientError>| match answer {
            Ok(_) => None,
            Err(chinwag_testkit::ClientError::Refused { code, .. }) => Some(*code),
            Err(other) => panic!("{other}"),
        };
        answers.iter().filter_map(code).collect()
    };
    let addresses: Vec<_> = (0..5).map(|number| format!("same{number}@example.org")).collect();
    let same_name = addresses.iter().map(|address| register("same", address));
    assert_eq!(refused(&futures_util::future::join_all(same_name).await), [UsernameTaken; 4]);
    let names: Vec<_> = (0..5).map(|number| format!("name{number}")).collect();
    let same_address = names.iter().map(|name| register(name, "one@example.org"));
    assert_eq!(refused(&futures_util::future::join_all(same_address).await), [EmailTaken; 4]);
}
