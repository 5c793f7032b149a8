//! People: registered, logged in, and what they do.

use std::sync::Arc;

use chinwag_proto::rest::{HeadDone, LoginDone, MessagePage, Sent};
use chinwag_proto::{ChatId, DeviceId, UserId};
use serde_json::{Value, json};

use super::{Answer, PASSWORD, Server};

/// Somebody on one of his devices.
#[derive(Clone)]
pub struct Person {
    pub server: Arc<Server>,
    pub name: String,
    pub id: UserId,
    pub device: DeviceId,
    pub token: String,
}

/// A group.
#[derive(Clone, Copy)]
pub struct Group(pub ChatId);

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Server {
    /// Registers somebody and logs him in.
    pub async fn person(self: &Arc<Self>, name: &str) -> Person {
        self.post("/users/register", json!({"username": name, "password": PASSWORD})).await.is(201);
        self.log_in(name, "first").await
    }

    /// Logs in on a new device.
    pub async fn log_in(self: &Arc<Self>, name: &str, device: &str) -> Person {
        let body = json!({"username": name, "password": PASSWORD, "device": {"name": device}});
        let answer = self.post("/users/login", body).await;
        assert_eq!(answer.status, 200, "{answer}");
        let done: LoginDone = answer.json();
        Person {
            server: Arc::clone(self),
            name: name.to_owned(),
            id: done.user_id,
            device: done.device_id,
            token: done.token,
        }
    }
}

impl Person {
    pub async fn call(&self, method: &str, path: &str) -> Answer {
        self.server.call(method, path).token(&self.token).answer().await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).await
    }

    pub async fn put(&self, path: &str) -> Answer {
        self.call("PUT", path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).await
    }

    pub async fn gives(&self, method: &str, path: &str, body: Value) -> Answer {
        self.server.call(method, path).token(&self.token).json(&body).answer().await
    }

    pub async fn posts(&self, path: &str, body: Value) -> Answer {
        self.gives("POST", path, body).await
    }

    pub async fn patches(&self, path: &str, body: Value) -> Answer {
        self.gives("PATCH", path, body).await
    }

    /// The same user on another device.
    pub async fn another_device(&self, name: &str) -> Person {
        self.server.log_in(&self.name, name).await
    }

    /// Sends a text to a user or a chat.
    pub async fn sends(&self, text: &str, to: impl std::fmt::Display) -> Answer {
        self.posts("/messages", json!({"receiverId": to.to_string(), "content": text})).await
    }

    /// Sends a text and is answered where it stands.
    pub async fn sent(&self, text: &str, to: impl std::fmt::Display) -> Sent {
        let answer = self.sends(text, to).await;
        assert_eq!(answer.status, 201, "{answer}");
        answer.json()
    }

    pub async fn makes_a_group(&self, title: &str, members: &[&Person]) -> Group {
        let members: Vec<_> = members.iter().map(|member| member.id).collect();
        let answer = self.posts("/chats", json!({"title": title, "members": members})).await;
        assert_eq!(answer.status, 201, "{answer}");
        Group(answer.json::<HeadDone>().chat_id.unwrap())
    }

    pub async fn adds(&self, person: &Person, group: Group) -> Answer {
        self.posts(&format!("/chats/{group}/members"), json!({"users": [person.id]})).await
    }

    pub async fn removes(&self, person: &Person, group: Group) -> Answer {
        self.delete(&format!("/chats/{group}/members/{}", person.id)).await
    }

    pub async fn gives_role(&self, role: &str, person: &Person, group: Group) -> Answer {
        self.gives("PUT", &format!("/chats/{group}/members/{}", person.id), json!({"role": role})).await
    }

    pub async fn reads(&self, chat: impl std::fmt::Display) -> MessagePage {
        let answer = self.get(&format!("/messages/{chat}")).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    }

    /// The texts of a chat, newest first; what was deleted stands as `-`.
    pub async fn texts(&self, chat: impl std::fmt::Display) -> Vec<String> {
        let page = self.reads(chat).await;
        page.messages
            .iter()
            .map(|message| message.content.as_ref().map_or("-".to_owned(), |content| content.fallback()))
            .collect()
    }

    /// The direct chat with somebody.
    pub fn chat_with(&self, other: &Person) -> ChatId {
        ChatId::direct(self.id, other.id)
    }
}
