//! A connected device as a small typed actor: says frames, hears frames, and fails the test when what it
//! waits for does not come.

use std::collections::VecDeque;
use std::sync::Arc;

use chinwag_proto::frame::{Ack, ErrorFrame, Page};
use chinwag_proto::text::RequestId;
use chinwag_proto::{Body, ChatId, DeviceId, Entry, ServerFrame, UserId};
use chinwag_server::service::Caller;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::kit::{DEADLINE, Person, World};

/// A device that is connected.
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) cbor: bool,
    /// Frames that were passed over while another was waited for.
    pub(crate) received: VecDeque<ServerFrame>,
    pub(crate) asked: u64,
}

impl Client {
    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.user, device: self.device }
    }

    pub(crate) fn person(&self) -> Person {
        Person { world: Arc::clone(&self.world), id: self.user }
    }

    pub(crate) fn chat_with(&self, other: &Self) -> ChatId {
        ChatId::direct(self.user, other.user)
    }

    /// The id of the next request.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    pub(crate) async fn says(&mut self, frame: Value) {
        let text = frame.to_string();
        let message = if self.cbor {
            Message::binary(chinwag_proto::cbor::from_json(&text).unwrap())
        } else {
            Message::text(text)
        };
        self.socket.send(message).await.unwrap();
    }

    /// Sends a text without waiting; answers the request's id.
    pub(crate) async fn begins_to_send(&mut self, text: &str, chat: ChatId) -> u64 {
        let id = self.next_id();
        let message = format!("m{id}-{}", self.device);
        self.says(
            json!({"type": "send", "id": id, "chatId": chat, "clientMessageId": message, "content": text}),
        )
        .await;
        id
    }

    /// Sends a text and waits for its acknowledgment.
    pub(crate) async fn sends(&mut self, text: &str, chat: ChatId) -> Ack {
        let id = self.begins_to_send(text, chat).await;
        self.ack(id).await
    }

    /// Asks something that is acknowledged.
    pub(crate) async fn asks(&mut self, mut frame: Value) -> Ack {
        let id = self.next_id();
        frame["id"] = json!(id);
        self.says(frame).await;
        self.ack(id).await
    }

    /// Asks something that is refused.
    pub(crate) async fn is_refused(&mut self, mut frame: Value) -> ErrorFrame {
        let id = self.next_id();
        frame["id"] = json!(id);
        self.says(frame).await;
        let error = self.error().await;
        assert_eq!(error.id, Some(RequestId::Number(id)));
        error
    }

    pub(crate) async fn ack(&mut self, id: u64) -> Ack {
        let id = RequestId::Number(id);
        self.hears("ack", |frame| match frame {
            ServerFrame::Ack(ack) if ack.id == id => Some(ack),
            ServerFrame::Error(error) if error.id.as_ref() == Some(&id) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn error(&mut self) -> ErrorFrame {
        self.hears("error", |frame| match frame {
            ServerFrame::Error(error) => Some(error),
            _ => None,
        })
        .await
    }

    /// The next live entry.
    pub(crate) async fn entry(&mut self) -> Entry {
        self.hears("entry", |frame| match frame {
            ServerFrame::Entry(entry) => Some(entry),
            _ => None,
        })
        .await
    }

    /// The text of the next live message.
    pub(crate) async fn reads(&mut self) -> String {
        text_of(&self.entry().await)
    }

    pub(crate) async fn syncs(&mut self, chat: ChatId, after: u64) -> Page {
        let id = self.next_id();
        self.says(json!({"type": "sync", "id": id, "chatId": chat, "after": after})).await;
        self.hears("entries", |frame| match frame {
            ServerFrame::Entries(page) => Some(page),
            ServerFrame::Error(error) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    /// The next frame that is asked for, from those passed over or from the socket.
    pub(crate) async fn hears<T>(&mut self, what: &str, wanted: impl Fn(ServerFrame) -> Option<T>) -> T {
        for at in 0..self.received.len() {
            if let Some(found) = wanted(self.received[at].clone()) {
                self.received.remove(at);
                return found;
            }
        }
        loop {
            let frame = timeout(DEADLINE, self.next()).await.unwrap_or_else(|_| panic!("no {what} came"));
            let frame = frame.unwrap_or_else(|code| panic!("closed with {code} instead of {what}"));
            match wanted(frame.clone()) {
                Some(found) => return found,
                None => self.received.push_back(frame),
            }
        }
    }

    /// The next frame from the socket, or the close code (0: none).
    pub(crate) async fn next(&mut self) -> Result<ServerFrame, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if !self.cbor => {
                    return Ok(ServerFrame::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Some(Ok(Message::Binary(bytes))) if self.cbor => {
                    let text = chinwag_proto::cbor::to_json(&bytes).unwrap();
                    return Ok(ServerFrame::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Pong(_) | Message::Ping(_))) => {}
                _ => return Err(0),
            }
        }
    }

    /// Everything that was written before the server answers to this: frames passed over, too.
    pub(crate) async fn drains(&mut self) -> Vec<ServerFrame> {
        let id = self.next_id();
        self.says(json!({"type": "ping", "id": id})).await;
        self.hears("pong", |frame| match frame {
            ServerFrame::Pong(pong) if pong.id == RequestId::Number(id) => Some(()),
            _ => None,
        })
        .await;
        self.received.drain(..).collect()
    }

    /// Nothing has been told to this client that it was not waiting for.
    pub(crate) async fn hears_nothing(&mut self) {
        assert_eq!(self.drains().await, []);
    }

    /// The code with which the server closes; frames before it are passed over.
    pub(crate) async fn is_closed(&mut self) -> u16 {
        let waiting = async {
            loop {
                match self.next().await {
                    Ok(frame) => self.received.push_back(frame),
                    Err(code) => return code,
                }
            }
        };
        timeout(DEADLINE, waiting).await.expect("the connection stays open")
    }

    /// Waits until frames of a kind have been told, and passes over everything else.
    pub(crate) async fn forgets(&mut self) {
        self.drains().await;
    }
}

/// The text of a message.
pub(crate) fn text_of(entry: &Entry) -> String {
    match &entry.body {
        Body::Message { content: Some(content), .. } => content.fallback(),
        other => panic!("no message: {}", other.kind()),
    }
}

/// The seqs of the live entries and acknowledgments of a chat, in the order in which they came.
pub(crate) fn seqs(frames: &[ServerFrame], chat: ChatId) -> Vec<u64> {
    let of = |frame: &ServerFrame| match frame {
        ServerFrame::Entry(entry) if entry.chat_id == chat => Some(entry.seq.get()),
        ServerFrame::Ack(ack) if ack.chat_id == chat => Some(ack.seq.get()),
        _ => None,
    };
    frames.iter().filter_map(of).collect()
}
