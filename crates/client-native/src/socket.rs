//! One WebSocket connection: frames out, frames in, no coming back.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use chinwag_proto::frame::{Auth, Ready, SUBPROTOCOL, Tag};
use chinwag_proto::{ClientFrame, ServerFrame};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::net::{self, Stream};
use crate::{ClientError, ServerAddress};

/// The largest frame that is read: a page of entries.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long a server may take to greet, and again to answer `auth`.
const GREETING_MAX: Duration = Duration::from_secs(20);

/// An open connection.
pub struct Socket {
    inner: WebSocketStream<Box<dyn Stream>>,
}

impl Socket {
    /// Connects to the WebSocket address and authenticates.
    pub async fn connect(address: &ServerAddress, token: &str) -> Result<(Self, Ready), ClientError> {
        let mut socket = Self::open(address).await?;
        let greeting = async {
            socket.send(&ClientFrame::Auth(Auth { tag: Tag, token: token.to_owned() })).await?;
            socket.next().await
        };
        match in_time(greeting).await? {
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
        let upgrade = async {
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.map_err(
                |error| match error {
                    Error::Http(answer) => ClientError::NotChinwag {
                        address: address.to_string(),
                        status: answer.status().as_u16(),
                    },
                    error => broken(error),
                },
            )
        };
        Ok(Self { inner: in_time(upgrade).await?.0 })
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
        parse(&self.next_text().await?)
    }

    /// The next frame's text. Cancel-safe.
    pub async fn next_text(&mut self) -> Result<Utf8Bytes, ClientError> {
        loop {
            if let Some(text) = text_of(self.inner.next().await)? {
                return Ok(text);
            }
        }
    }

    /// Writes what is queued and reads at the same time, so that a peer who waits for the one cannot hold
    /// up the other. Resolves with the next frame, or with `None` once all is written that was queued and
    /// nothing is to be read. Cancel-safe: what is taken off the queue is on its way.
    pub async fn exchange(
        &mut self,
        queue: &mut VecDeque<String>,
        reading: bool,
    ) -> Result<Option<ServerFrame>, ClientError> {
        let text = self.exchange_text(queue, reading).await?;
        text.map(|text| parse(&text)).transpose()
    }

    /// The same with the frame's text.
    pub async fn exchange_text(
        &mut self,
        queue: &mut VecDeque<String>,
        reading: bool,
    ) -> Result<Option<Utf8Bytes>, ClientError> {
        let mut announced = queue.is_empty();
        poll_fn(|cx| {
            // Reading first: the reason for a close says more than the failure of the write after it.
            if reading && let Poll::Ready(text) = self.poll_text(cx) {
                return Poll::Ready(text.map(Some));
            }
            match self.poll_write(queue, cx) {
                Poll::Ready(Ok(())) if !reading && !announced => {
                    announced = true;
                    Poll::Ready(Ok(None))
                }
                Poll::Ready(Err(error)) => match self.poll_text(cx) {
                    Poll::Ready(text) if reading => Poll::Ready(text.map(Some)),
                    _ => Poll::Ready(Err(error)),
                },
                _ => Poll::Pending,
            }
        })
        .await
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<Utf8Bytes, ClientError>> {
        loop {
            match self.inner.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(message) => match text_of(message) {
                    Ok(None) => {}
                    Ok(Some(text)) => return Poll::Ready(Ok(text)),
                    Err(error) => return Poll::Ready(Err(error)),
                },
            }
        }
    }

    /// Ready when all is written and flushed.
    fn poll_write(
        &mut self,
        queue: &mut VecDeque<String>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ClientError>> {
        loop {
            std::task::ready!(self.inner.poll_ready_unpin(cx)).map_err(broken)?;
            let Some(text) = queue.pop_front() else { break };
            self.inner.start_send_unpin(Message::text(text)).map_err(broken)?;
        }
        self.inner.poll_flush_unpin(cx).map_err(broken)
    }

    /// Closes in good order; errors are of no interest any more.
    pub async fn close(mut self) {
        let _ = self.inner.close(None).await;
    }
}

async fn in_time<T>(step: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    let late =
        || ClientError::Broken(format!("the server did not greet within {} s", GREETING_MAX.as_secs()));
    tokio::time::timeout(GREETING_MAX, step).await.map_err(|_| late())?
}

/// The text of a message; `None` for what needs no attention.
fn text_of(message: Option<Result<Message, Error>>) -> Result<Option<Utf8Bytes>, ClientError> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Close(Some(frame)))) => {
            let (code, reason) = (u16::from(frame.code), frame.reason.as_str().to_owned());
            Err(ClientError::Closed { code, reason })
        }
        Some(Ok(Message::Close(None))) | None => Err(ClientError::Broken("closed without a code".to_owned())),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(broken(error)),
    }
}

fn parse(text: &str) -> Result<ServerFrame, ClientError> {
    ServerFrame::parse(text).map_err(|error| ClientError::Broken(format!("unexpected frame: {error}")))
}

fn broken(error: Error) -> ClientError {
    ClientError::Broken(error.to_string())
}
