//! A WebSocket that keeps no rule of the protocol: any bytes in any frame, before or after `auth`.

use chinwag_proto::frame::SUBPROTOCOL;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::DEADLINE;
use crate::person::Person;
use crate::server::Server;

/// A socket that may say anything.
pub struct Stranger {
    socket: WebSocketStream<TcpStream>,
}

impl Stranger {
    /// Connects and says nothing.
    pub async fn connects(server: &Server) -> Self {
        let mut request =
            format!("ws://{}/ws", server.socket_address()).into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let stream = TcpStream::connect(server.socket_address()).await.expect("a connection");
        let upgraded = tokio_tungstenite::client_async(request, stream).await;
        Self { socket: upgraded.expect("a WebSocket").0 }
    }

    /// Connects with a person's token.
    pub async fn authenticates(person: &Person) -> Self {
        let mut stranger = Self::connects(&person.server).await;
        stranger.writes(&json!({"type": "auth", "token": person.token}).to_string()).await;
        let ready = stranger.reads().await.expect("an answer to auth");
        assert!(ready.contains(r#""type":"ready""#), "{ready}");
        stranger
    }

    /// Writes a text. Whether it arrives is another matter.
    pub async fn writes(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Writes bytes as a binary frame.
    pub async fn writes_binary(&mut self, bytes: &[u8]) {
        let _ = self.socket.send(Message::binary(bytes.to_vec())).await;
    }

    /// Writes bytes as a text frame, whatever they are.
    pub async fn writes_as_text(&mut self, bytes: &[u8]) {
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        let _ = self.socket.send(Message::Frame(frame)).await;
    }

    /// The next text; else the close code (0: none).
    pub async fn reads(&mut self) -> Result<String, u16> {
        let reading = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                    Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                    Some(Ok(_)) => {}
                    _ => return Err(0),
                }
            }
        };
        timeout(DEADLINE, reading).await.expect("the server says something")
    }

    /// Waits until the server closes; answers the code (0: none).
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.reads().await {
                return code;
            }
        }
    }
}
