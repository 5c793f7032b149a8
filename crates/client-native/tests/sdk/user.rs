//! A user of the client library: `alice.says(&bob, "hi").await`.

use std::sync::Arc;

use chinwag_client_native::engine::{Body, Connection};
use chinwag_client_native::{Client, Login, Profile};
use chinwag_proto::{ChatId, Seq};
use chinwag_testkit::DEADLINE;
use chinwag_testkit::server::{PASSWORD, Server};
use chinwag_testkit::wait::until;

/// How a test's user logs in.
pub(crate) fn login(server: &Server, name: &str) -> Login {
    Login {
        server: server.rest().address().clone(),
        username: name.to_owned(),
        password: PASSWORD.to_owned(),
        device: "first device".parse().unwrap(),
    }
}

/// Makes an account and logs in, keeping nothing.
pub(crate) async fn user(server: &Arc<Server>, name: &str) -> Client {
    server.rest().register(&name.parse().unwrap(), PASSWORD).await.unwrap();
    let client = Client::log_in(Profile::in_memory(), &login(server, name)).await.unwrap();
    is_online(&client).await;
    client
}

/// Waits until it is connected and knows its chats.
pub(crate) async fn is_online(client: &Client) {
    let name = &client.account().username;
    until(&format!("{name} is online"), DEADLINE, async || {
        client.read(|engine| engine.connection() == Connection::Online && engine.is_listed())
    })
    .await;
}

/// The texts of a chat that the client holds, oldest first.
pub(crate) async fn texts(client: &Client, chat: ChatId) -> Vec<String> {
    let lines = client.look(chat, Seq::ZERO, Seq::clamped(u64::MAX)).await.unwrap();
    let text = |body: Body| match body {
        Body::Content(content) => Some(content.fallback()),
        _ => None,
    };
    lines.into_iter().filter_map(|line| text(line.body)).collect()
}

/// Waits until the client holds exactly these texts in a chat.
pub(crate) async fn holds(client: &Client, chat: ChatId, wanted: &[&str]) {
    let name = &client.account().username;
    until(&format!("{name} holds {wanted:?}"), DEADLINE, async || texts(client, chat).await == wanted).await;
}
