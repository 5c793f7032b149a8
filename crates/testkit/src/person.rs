//! A user with one of his devices, over REST: `alice.sends("hi").to(&bob).await`.

use std::sync::Arc;

use chinwag_client_native::{ClientError, Rest};
use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::frame::Receiver;
use chinwag_proto::rest::{CreateChat, MessagePage, Sent, Summary};
use chinwag_proto::{Body, ChatId, Code, Content, DeviceId, Entry, Seq, UserId};
use hyper::Method;
use serde_json::{Value, json};

use crate::phone::Phone;
use crate::server::Server;

/// Who or what a message can be for.
pub trait Addressee {
    /// As the contract writes it.
    fn receiver(&self) -> Receiver;
}

impl Addressee for Person {
    fn receiver(&self) -> Receiver {
        Receiver::User(self.id)
    }
}

impl Addressee for Phone {
    fn receiver(&self) -> Receiver {
        Receiver::User(self.user)
    }
}

impl Addressee for ChatId {
    fn receiver(&self) -> Receiver {
        Receiver::Chat(*self)
    }
}

impl<T: Addressee> Addressee for &T {
    fn receiver(&self) -> Receiver {
        (**self).receiver()
    }
}

/// A user, with one device that is logged in.
#[derive(Clone)]
pub struct Person {
    /// The server that he is on.
    pub server: Arc<Server>,
    /// His id.
    pub id: UserId,
    /// His user name.
    pub name: String,
    /// His device.
    pub device: DeviceId,
    /// Its token.
    pub token: String,
}

impl Person {
    pub(crate) async fn new(server: Arc<Server>, id: UserId, name: &str, device: &str) -> Self {
        let (device, token) = server.logs_in(id, device).await;
        Self { server, id, name: name.to_owned(), device, token }
    }

    /// The same user on another device.
    pub async fn another_device(&self, name: &str) -> Self {
        Self::new(Arc::clone(&self.server), self.id, &self.name, name).await
    }

    /// Connects this device.
    pub async fn connects(&self) -> Phone {
        Phone::connect(self).await
    }

    /// Connects another device.
    pub async fn connects_another(&self, name: &str) -> Phone {
        self.another_device(name).await.connects().await
    }

    /// The direct chat with another.
    pub fn chat_with(&self, other: &Self) -> ChatId {
        ChatId::direct(self.id, other.id)
    }

    /// REST calls with this device's token.
    pub fn rest(&self) -> Rest {
        self.server.rest().with_token(self.token.clone())
    }

    /// Any call; the answer, null where it is empty.
    pub async fn calls(&self, method: &str, path: &str, body: Value) -> Result<Value, ClientError> {
        let method: Method = method.parse().expect("a method");
        let body = if body.is_null() { None } else { Some(&body) };
        let answer = self.rest().request(method, path, body).await?;
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer).expect("JSON")) }
    }

    /// A call that succeeds.
    pub async fn does(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.calls(method, path, body).await;
        answer.unwrap_or_else(|why| panic!("{}: {method} {path}: {why}", self.name))
    }

    /// A call that reads.
    pub async fn gets(&self, path: &str) -> Value {
        self.does("GET", path, Value::Null).await
    }

    /// A call that is refused with this code.
    pub async fn is_refused(&self, code: Code, method: &str, path: &str, body: Value) {
        match self.calls(method, path, body).await {
            Err(ClientError::Refused { code: given, .. }) if given == code => {}
            other => panic!("{}: {method} {path} should be {code:?}: {other:?}", self.name),
        }
    }

    /// Begins the sentence of a message: `alice.sends("hi").to(&bob).await`.
    pub fn sends<'a>(&'a self, text: &'a str) -> Saying<'a> {
        Saying { by: self, text, id: None }
    }

    /// Edits an own message; answers the edit's seq.
    pub async fn edits(&self, chat: ChatId, seq: Seq, text: &str) -> Seq {
        let answer = self.does("PATCH", &format!("/messages/{chat}/{seq}"), json!({"content": text})).await;
        serde_json::from_value(answer["seq"].clone()).expect("a seq")
    }

    /// Deletes a message.
    pub async fn deletes(&self, chat: ChatId, seq: Seq) {
        self.does("DELETE", &format!("/messages/{chat}/{seq}"), Value::Null).await;
    }

    /// Sets a reaction.
    pub async fn reacts(&self, chat: ChatId, seq: Seq, key: &str) {
        self.does("PUT", &format!("/messages/{chat}/{seq}/reactions/{key}"), Value::Null).await;
    }

    /// Takes a reaction back.
    pub async fn takes_back(&self, chat: ChatId, seq: Seq, key: &str) {
        self.does("DELETE", &format!("/messages/{chat}/{seq}/reactions/{key}"), Value::Null).await;
    }

    /// Makes a plain group in which new members see from their own entry on.
    pub async fn makes_a_group(&self, title: &str, members: &[&Self]) -> ChatId {
        self.makes(Some(title), members, Encryption::None, History::Joined).await
    }

    /// Makes any group.
    pub async fn makes(
        &self,
        title: Option<&str>,
        members: &[&Self],
        encryption: Encryption,
        history: History,
    ) -> ChatId {
        let body = CreateChat {
            title: title.map(|title| title.parse().expect("a title")),
            members: members.iter().map(|member| member.id).collect(),
            encryption,
            history,
            client_message_id: None,
        };
        self.rest().create_chat(&body).await.expect("the group is made").chat_id.expect("its id")
    }

    /// Adds a member; answers the head.
    pub async fn adds(&self, other: &Self, chat: ChatId) -> u64 {
        let answer = self.does("POST", &format!("/chats/{chat}/members"), json!({"users": [other.id]})).await;
        answer["head"].as_u64().expect("a head")
    }

    /// Removes a member, or leaves.
    pub async fn removes(&self, other: &Self, chat: ChatId) {
        self.does("DELETE", &format!("/chats/{chat}/members/{}", other.id), Value::Null).await;
    }

    /// Gives a member a role.
    pub async fn gives_role(&self, role: &str, other: &Self, chat: ChatId) {
        self.does("PUT", &format!("/chats/{chat}/members/{}", other.id), json!({"role": role})).await;
    }

    /// Blocks another.
    pub async fn blocks(&self, other: &Self) {
        self.does("PUT", &format!("/users/{}/blocks/{}", self.id, other.id), Value::Null).await;
    }

    /// Switches something of what others see: `presence`, `receipts`, `typing`.
    pub async fn switches(&self, what: &str, to: &str) {
        self.does("PATCH", "/users/me", json!({what: to})).await;
    }

    /// Revokes another device of the same user.
    pub async fn revokes(&self, device: DeviceId) {
        self.does("DELETE", &format!("/users/{}/devices/{device}", self.id), Value::Null).await;
    }

    /// A chat's summary.
    pub async fn summary(&self, chat: ChatId) -> Summary {
        self.rest().chat(chat).await.expect("the chat")
    }

    /// A page of messages; `query` as the contract writes it.
    pub async fn page(&self, chat: ChatId, query: &str) -> MessagePage {
        let path = format!("/messages/{chat}?{query}");
        self.rest().call::<(), _>(Method::GET, &path, None).await.expect("a page")
    }

    /// All entries that this user may see, oldest first.
    pub async fn entries(&self, chat: ChatId) -> Vec<Entry> {
        let (mut entries, mut after) = (Vec::new(), Seq::ZERO);
        loop {
            let page = self.rest().entries(chat, after, 200).await.expect("entries");
            entries.extend(page.entries);
            after = page.to;
            if page.complete {
                return entries;
            }
        }
    }
}

/// A message that is about to be sent over REST.
pub struct Saying<'a> {
    by: &'a Person,
    text: &'a str,
    id: Option<&'a str>,
}

impl<'a> Saying<'a> {
    /// With the client's own id.
    #[must_use]
    pub fn as_id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    fn body(&self, to: &impl Addressee) -> Value {
        let mut body = json!({"receiverId": to.receiver(), "content": self.text});
        if let Some(id) = self.id {
            body["clientMessageId"] = json!(id);
        }
        body
    }

    /// Sends it; it is accepted.
    pub async fn to(self, to: impl Addressee) -> Sent {
        let answer = self.by.does("POST", "/messages", self.body(&to)).await;
        serde_json::from_value(answer).expect("what was sent")
    }

    /// Sends it; it is refused.
    pub async fn is_refused(self, code: Code, to: impl Addressee) {
        self.by.is_refused(code, "POST", "/messages", self.body(&to)).await;
    }
}

/// The text of a message or an edit; `None` once it was deleted, and for other kinds.
pub fn text_of(entry: &Entry) -> Option<String> {
    match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref().map(Content::fallback),
        _ => None,
    }
}
