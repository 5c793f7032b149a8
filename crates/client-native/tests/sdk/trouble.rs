//! Servers that restart, connections that break, log-ins that die.

use chinwag_client_native::engine::{Connection, Record, Stop, Wish};
use chinwag_client_native::{Client, Login, Profile, Unlock, fresh_id};
use chinwag_proto::Content;
use chinwag_testkit::DEADLINE;
use chinwag_testkit::cutter::Cutter;
use chinwag_testkit::server::{PASSWORD, Server};
use chinwag_testkit::wait::until;

use crate::user::{holds, is_online, login, user};

async fn behind(cutter: &Cutter, server: &Server, name: &str) -> Client {
    server.rest().register(&name.parse().unwrap(), PASSWORD).await.unwrap();
    let login = Login { server: cutter.address(), ..login(server, name) };
    let client = Client::log_in(Profile::in_memory(), &login).await.unwrap();
    is_online(&client).await;
    client
}

#[tokio::test]
async fn two_clients_go_on_when_their_server_restarts_and_every_message_stands_once() {
    let (server, cutter) = Cutter::with_server().await;
    let (alice, bob) = (behind(&cutter, &server, "alice").await, behind(&cutter, &server, "bob").await);
    let chat = alice.direct("bob").await.unwrap();
    alice.send(chat, "before").await.unwrap();
    server.stop().await;
    let (one, other) = (alice.clone(), bob.clone());
    let sending = async move { tokio::join!(one.send(chat, "from alice"), other.send(chat, "from bob")) };
    let (sent, ()) = tokio::join!(sending, server.start_again());
    let (one, other) = (sent.0.unwrap(), sent.1.unwrap());
    let mut wanted = vec!["before", "from alice", "from bob"];
    if other < one {
        wanted.swap(1, 2);
    }
    holds(&alice, chat, &wanted).await;
    holds(&bob, chat, &wanted).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_again_and_again_neither_loses_nor_doubles_nor_swaps_a_message() {
    let (server, cutter) = Cutter::with_server().await;
    let (alice, bob) = (behind(&cutter, &server, "alice").await, behind(&cutter, &server, "bob").await);
    let chat = alice.direct("bob").await.unwrap();
    let texts: Vec<String> = (0..30).map(|number| format!("number {number}")).collect();
    let mut messages = bob.messages();
    let sending = async {
        for text in &texts {
            alice.send(chat, text).await.unwrap();
        }
    };
    let cutting = async {
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(messages.next().await.unwrap().text(), *text);
            if number % 4 == 0 {
                cutter.cuts();
            }
        }
    };
    tokio::join!(sending, cutting);
    let wanted: Vec<&str> = texts.iter().map(String::as_str).collect();
    holds(&alice, chat, &wanted).await;
    holds(&bob, chat, &wanted).await;
}

#[tokio::test]
async fn a_dead_log_in_is_told_and_logging_in_again_goes_on() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    let bob = user(&server, "bob").await;
    server.rest().register(&"alice".parse().unwrap(), PASSWORD).await.unwrap();
    let profile = || Profile::at(home.path(), Unlock::UnprotectedKeyFile);
    let alice = Client::log_in(profile(), &login(&server, "alice")).await.unwrap();
    is_online(&alice).await;
    alice.rest().logout().await.unwrap();
    until("alice is logged out", DEADLINE, async || {
        alice.read(|engine| engine.connection() == Connection::Stopped(Stop::LoggedOut))
    })
    .await;
    assert!(alice.trouble().is_some());
    let chat = alice.direct_with(bob.me());
    // It waits until there is a log-in again.
    let record = Record::Message { content: Content::text("later"), reply_to: None };
    let wish = Wish::Record { chat, id: fresh_id().unwrap(), at_ms: 0, record };
    alice.wish(wish).await.unwrap();
    assert_eq!(alice.read(|engine| engine.unsettled()), 1);
    alice.close().await;
    let again = Client::log_in(profile(), &login(&server, "alice")).await.unwrap();
    holds(&bob, chat, &["later"]).await;
    until("nothing waits", DEADLINE, async || again.read(|engine| engine.unsettled()) == 0).await;
}
