//! A server with a script, and a client with its ears: what the tests talk to.

use std::time::Duration;

use chinwag_client_native::client::{Client, Happening};
use chinwag_client_native::{ClientError, ServerAddress};
use chinwag_proto::frame::{Ack, Receiver, Send, Sync};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, Content, Limits, Seq};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// How long a condition may take to come true.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const CHAT: &str = "d.1.2";

pub(crate) fn chat() -> ChatId {
    CHAT.parse().unwrap()
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

async fn soon<T>(what: &str, step: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, step)
        .await
        .unwrap_or_else(|_| panic!("{what}: nothing within {DEADLINE:?}"))
}

/// A listening server; it accepts when the test says so.
pub(crate) struct Fake {
    listener: TcpListener,
}

impl Fake {
    pub(crate) async fn listens() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws", self.listener.local_addr().unwrap())
    }

    pub(crate) fn address(&self) -> ServerAddress {
        self.url().parse().unwrap()
    }

    pub(crate) async fn accepts_tcp(&self) -> TcpStream {
        soon("a connection", self.listener.accept()).await.unwrap().0
    }

    /// Accepts the next connection, up to the `auth` frame.
    pub(crate) async fn accepts_unanswered(&self) -> Link {
        let stream = self.accepts_tcp().await;
        #[expect(clippy::result_large_err, reason = "the library's own signature")]
        let agree = |request: &Request, mut answer: Response| {
            let offered = request.headers().get("sec-websocket-protocol").cloned().unwrap();
            answer.headers_mut().insert("sec-websocket-protocol", offered);
            Ok(answer)
        };
        let socket = soon("a handshake", tokio_tungstenite::accept_hdr_async(stream, agree)).await.unwrap();
        let mut link = Link { socket };
        match link.hears().await {
            ClientFrame::Auth(auth) => assert_eq!(auth.token, "secret"),
            other => panic!("expected auth, got {other:?}"),
        }
        link
    }

    /// Accepts the next connection and greets it.
    pub(crate) async fn accepts(&self) -> Link {
        self.accepts_with_heartbeat(30_000).await
    }

    pub(crate) async fn accepts_with_heartbeat(&self, heartbeat_ms: u64) -> Link {
        let mut link = self.accepts_unanswered().await;
        link.says(
            json!({"type": "ready", "userId": "1", "deviceId": "7", "serverTime": "2026-01-01T00:00:00.000Z",
            "heartbeatMs": heartbeat_ms, "features": []}),
        )
        .await;
        link
    }
}

/// The server's end of a connection.
pub(crate) struct Link {
    socket: WebSocketStream<TcpStream>,
}

impl Link {
    /// The next frame, which has to be valid.
    pub(crate) async fn hears(&mut self) -> ClientFrame {
        loop {
            match soon("a frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    return ClientFrame::parse(&text, &Limits::default()).unwrap();
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a frame, got {other:?}"),
            }
        }
    }

    pub(crate) async fn hears_send(&mut self) -> Send {
        match self.hears().await {
            ClientFrame::Send(send) => send,
            other => panic!("expected a send, got {other:?}"),
        }
    }

    /// A `sync` of the one chat, from after this seq.
    pub(crate) async fn hears_sync(&mut self, after: u64) -> Sync {
        match self.hears().await {
            ClientFrame::Sync(sync) => {
                assert_eq!((sync.chat_id, sync.after), (chat(), seq(after)));
                sync
            }
            other => panic!("expected a sync, got {other:?}"),
        }
    }

    pub(crate) async fn says(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn acknowledges(&mut self, send: &Send, at: u64) {
        self.says(json!({"type": "ack", "id": send.id, "chatId": CHAT, "messageId": (900 + at).to_string(), "seq": at,
            "createdAt": "2026-01-01T00:00:00.000Z", "duplicate": false}))
            .await;
    }

    /// A live entry.
    pub(crate) async fn publishes(&mut self, at: u64) {
        let mut frame = entry(at);
        frame["type"] = json!("entry");
        self.says(frame).await;
    }

    /// A page with these entries.
    pub(crate) async fn answers(&mut self, sync: &Sync, entries: std::ops::RangeInclusive<u64>, head: u64) {
        let after = sync.after.get();
        let (from, to) = if entries.is_empty() { (after, after) } else { (*entries.start(), *entries.end()) };
        let entries: Vec<_> = entries.map(entry).collect();
        self.says(
            json!({"type": "entries", "id": sync.id, "chatId": CHAT, "from": from, "to": to, "head": head,
            "complete": to == head, "entries": entries}),
        )
        .await;
    }

    pub(crate) async fn refuses(&mut self, id: &RequestId, code: &str, more: Value) {
        let mut frame = json!({"type": "error", "id": id, "code": code, "detail": "no"});
        frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.says(frame).await;
    }

    /// Closes as a server does.
    pub(crate) async fn closes(mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: "as the test says".into() };
        self.socket.close(Some(frame)).await.unwrap();
        // Until the other side has gone, so that nothing is lost by a reset.
        while let Ok(Some(Ok(_))) = tokio::time::timeout(DEADLINE, self.socket.next()).await {}
    }

    /// Is gone without a word.
    pub(crate) fn breaks(self) {
        drop(self);
    }
}

fn entry(at: u64) -> Value {
    json!({"v": 1, "chatId": CHAT, "seq": at, "n": at, "messageId": (900 + at).to_string(), "kind": "message",
        "senderId": "2", "deviceId": "8", "createdAt": "2026-01-01T00:00:00.000Z", "content": "hi"})
}

/// A client and what it told.
pub(crate) struct Listener {
    client: std::sync::Arc<Client>,
    happenings: mpsc::Receiver<Happening>,
}

impl Listener {
    /// A client of this server.
    pub(crate) fn of(server: &Fake) -> Self {
        let (client, happenings) = Client::start(server.address(), "secret".to_owned());
        Self { client: client.into(), happenings }
    }

    pub(crate) async fn follows(&self, after: u64) {
        self.client.follow(chat(), seq(after)).await.unwrap();
    }

    /// Begins to send; the task ends with the outcome.
    #[expect(clippy::disallowed_methods, reason = "joined by the test")]
    pub(crate) fn sends(&self, id: &str) -> JoinHandle<Result<Ack, ClientError>> {
        let (client, id) = (std::sync::Arc::clone(&self.client), id.parse().unwrap());
        tokio::spawn(async move { client.send(Receiver::Chat(chat()), id, Content::text("hi")).await })
    }

    /// The next happening.
    pub(crate) async fn hears(&mut self) -> Happening {
        soon("a happening", self.happenings.recv()).await.expect("the client has ended")
    }

    /// The next happening that is none of the connection's coming and going.
    pub(crate) async fn hears_of_chats(&mut self) -> Happening {
        loop {
            match self.hears().await {
                Happening::Connected(_) | Happening::Disconnected { .. } => {}
                other => return other,
            }
        }
    }

    /// The next entries, in this order, and nothing else between them.
    pub(crate) async fn hears_entries(&mut self, seqs: impl IntoIterator<Item = u64>) {
        for expected in seqs {
            match self.hears_of_chats().await {
                Happening::Entry(entry) => assert_eq!(entry.seq.get(), expected),
                other => panic!("expected entry {expected}, got {other:?}"),
            }
        }
    }

    pub(crate) async fn is_caught_up(&mut self) {
        match self.hears_of_chats().await {
            Happening::CaughtUp { chat: caught } => assert_eq!(caught, chat()),
            other => panic!("expected to be caught up, got {other:?}"),
        }
    }

    pub(crate) async fn is_connected(&mut self) {
        match self.hears().await {
            Happening::Connected(ready) => assert_eq!(ready.user_id.get(), 1),
            other => panic!("expected a connection, got {other:?}"),
        }
    }

    pub(crate) async fn is_disconnected(&mut self) -> Duration {
        match self.hears().await {
            Happening::Disconnected { retry_in, .. } => retry_in,
            other => panic!("expected a broken connection, got {other:?}"),
        }
    }

    pub(crate) async fn has_ended(&mut self) -> ClientError {
        loop {
            match self.hears().await {
                Happening::Ended(error) => return error,
                Happening::Connected(_) => {}
                other => panic!("expected the end, got {other:?}"),
            }
        }
    }
}

/// What became of a message.
pub(crate) async fn outcome(sending: JoinHandle<Result<Ack, ClientError>>) -> Result<u64, ClientError> {
    soon("an outcome", sending).await.unwrap().map(|ack| ack.seq.get())
}
