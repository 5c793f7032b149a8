//! The connection as the driver has it: none, being made, or standing. Whether and when there is one is the
//! engine's decision.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use chinwag_client::Event;
use chinwag_proto::frame::Ready;
use chinwag_proto::{ClientFrame, Code};

use crate::{ClientError, ServerAddress, Socket};

/// How long a close in good order may take.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// Where a device connects, and as whom.
#[derive(Clone)]
pub(crate) struct Address {
    /// WebSocket addresses of one deployment, tried in turn; at least one.
    pub(crate) urls: Vec<ServerAddress>,
    /// The device's secret.
    pub(crate) token: String,
}

type Attempt = Pin<Box<dyn Future<Output = Result<(Socket, Ready), ClientError>> + Send>>;

enum State {
    Down,
    Connecting(Attempt),
    Open(Box<Socket>),
}

pub(crate) struct Link {
    address: Address,
    state: State,
    /// Frames that the network has not taken yet; bounded by what the engine has on its way.
    unwritten: VecDeque<String>,
    failures: usize,
    trouble: Option<String>,
}

impl Link {
    pub(crate) const fn new(address: Address) -> Self {
        Self { address, state: State::Down, unwritten: VecDeque::new(), failures: 0, trouble: None }
    }

    /// Why the last connection ended or was not made; none while one stands.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Begins to connect: there where the server said, else to the next known address.
    pub(crate) fn connect(&mut self, url: Option<&str>) {
        self.drop_it();
        let count = self.address.urls.len().max(1);
        let known = self.address.urls.get(self.failures % count);
        let named = url.and_then(|url| url.parse::<ServerAddress>().ok());
        // A token that went over TLS so far never goes without it.
        let named = named.filter(|named| named.is_tls() || known.is_none_or(|known| !known.is_tls()));
        let Some(address) = named.or_else(|| known.cloned()) else { return };
        let token = self.address.token.clone();
        self.state = State::Connecting(Box::pin(async move { Socket::connect(&address, &token).await }));
    }

    /// Drops the connection or the attempt; nothing of it comes any more.
    pub(crate) fn drop_it(&mut self) {
        self.state = State::Down;
        self.unwritten.clear();
    }

    pub(crate) fn send(&mut self, frame: &ClientFrame) {
        if matches!(self.state, State::Open(_)) {
            self.unwritten.push_back(frame.to_json());
        }
    }

    /// The next thing that the connection brings; writes what waits meanwhile. While `reading` is off no
    /// frame is taken. Cancel-safe.
    pub(crate) async fn next(&mut self, reading: bool) -> Option<Event> {
        let outcome = match &mut self.state {
            State::Down => std::future::pending().await,
            State::Connecting(attempt) => match attempt.await {
                Ok((socket, ready)) => {
                    self.state = State::Open(Box::new(socket));
                    self.failures = 0;
                    self.trouble = None;
                    return Some(Event::Connected(ready));
                }
                Err(error) => Err(error),
            },
            State::Open(socket) => socket.exchange(&mut self.unwritten, reading).await,
        };
        match outcome {
            Ok(frame) => frame.map(|frame| Event::Frame(Box::new(frame))),
            Err(error) => {
                self.drop_it();
                self.failures += 1;
                self.trouble = Some(error.to_string());
                Some(Event::Disconnected { code: code_of(&error) })
            }
        }
    }

    /// Closes in good order.
    pub(crate) async fn close(&mut self) {
        if let State::Open(socket) = std::mem::replace(&mut self.state, State::Down) {
            // A server that does not answer is left.
            let _ = tokio::time::timeout(CLOSE_MAX, socket.close()).await;
        }
    }
}

/// The close code that an error stands for.
const fn code_of(error: &ClientError) -> Option<u16> {
    match error {
        ClientError::Closed { code, .. } => Some(*code),
        ClientError::Refused { code: Code::Unauthenticated, .. } => Some(4401),
        _ => None,
    }
}
