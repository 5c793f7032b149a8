//! One WebSocket connection: frames out, frames in, no coming back.

use chinwag_proto::frame::{Auth, Ready, SUBPROTOCOL, Tag};
use chinwag_proto::{ClientFrame, ServerFrame};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::net::{self, Stream};
use crate::{ClientError, ServerAddress};

/// The largest frame that is read: a page of entries.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

/// An open connection.
pub struct Socket {
    inner: WebSocketStream<Box<dyn Stream>>,
}

impl Socket {
    /// Connects to the WebSocket address and authenticates.
    pub async fn connect(address: &ServerAddress, token: &str) -> Result<(Self, Ready), ClientError> {
        let mut socket = Self::open(address).await?;
        socket.send(&ClientFrame::Auth(Auth { tag: Tag, token: token.to_owned() })).await?;
        match socket.next().await? {
            ServerFrame::Ready(ready) => Ok((socket, ready)),
            ServerFrame::Error(error) => Err(ClientError::Refused {
                code: error.code,
                detail: error.detail,
                retry_after_ms: error.retry_after_ms,
            }),
            _ => Err(ClientError::Broken("the first frame was not `ready`".to_owned())),
        }
    }

    /// Connects without authenticating.
    pub async fn open(address: &ServerAddress) -> Result<Self, ClientError> {
        let stream = net::connect(address).await?;
        let scheme = if address.is_tls() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{}", address.authority(), address.path(""));
        let mut request = url.into_client_request().map_err(broken)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(0)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let (inner, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.map_err(broken)?;
        Ok(Self { inner })
    }

    /// Sends a frame and flushes.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), ClientError> {
        self.send_text(frame.to_json()).await
    }

    /// Sends any text as a frame.
    pub async fn send_text(&mut self, text: String) -> Result<(), ClientError> {
        self.inner.send(Message::text(text)).await.map_err(broken)
    }

    /// The next frame. Cancel-safe: nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<ServerFrame, ClientError> {
        let text = self.next_text().await?;
        ServerFrame::parse(&text).map_err(|error| ClientError::Broken(format!("unexpected frame: {error}")))
    }

    /// The next frame's text. Cancel-safe.
    pub async fn next_text(&mut self) -> Result<String, ClientError> {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let (code, reason) = (u16::from(frame.code), frame.reason.as_str().to_owned());
                    return Err(ClientError::Closed { code, reason });
                }
                Some(Ok(Message::Close(None))) | None => {
                    return Err(ClientError::Broken("closed without a code".to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(error)),
            }
        }
    }

    /// Closes in good order; errors are of no interest any more.
    pub async fn close(mut self) {
        let _ = self.inner.close(None).await;
    }
}

fn broken(error: Error) -> ClientError {
    ClientError::Broken(error.to_string())
}
