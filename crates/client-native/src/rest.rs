//! REST calls, each over a connection of its own.

mod keys;

use std::time::Duration;

use bytes::Bytes;
use chinwag_proto::Problem;
use chinwag_proto::ids::{ChatId, DeviceId, Seq};
use chinwag_proto::rest::{
    ChatList, CreateChat, EntryPage, HeadDone, Login, LoginDevice, LoginDone, MessagePage, Profile, Register,
    Registered, SendMessage, Sent, Summary,
};
use chinwag_proto::text::{Name, Username};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use keys::Appended;

use crate::{ClientError, ServerAddress, net};

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a call may take: a log-in may wait for others' passwords to be computed.
const ANSWER_MAX: Duration = Duration::from_secs(45);

/// What a call sends.
enum Sends {
    Nothing,
    Json(Vec<u8>),
    Octets(Bytes),
}

impl Sends {
    fn json<B: Serialize>(body: &B) -> Result<Self, ClientError> {
        serde_json::to_vec(body).map(Self::Json).map_err(|error| ClientError::Broken(error.to_string()))
    }

    /// The media type and the bytes.
    fn parts(self) -> (Option<&'static str>, Bytes) {
        match self {
            Self::Nothing => (None, Bytes::new()),
            Self::Json(json) => (Some("application/json"), json.into()),
            Self::Octets(bytes) => (Some("application/octet-stream"), bytes),
        }
    }
}

/// A server, and the token of one device if it has logged in.
#[derive(Clone, Debug)]
pub struct Rest {
    address: ServerAddress,
    token: Option<String>,
}

impl Rest {
    /// A server before log-in.
    pub const fn new(address: ServerAddress) -> Self {
        Self { address, token: None }
    }

    /// The same server with a device's token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The device's token, if it has logged in.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The server.
    pub const fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Makes an account.
    pub async fn register(&self, username: &Username, password: &str) -> Result<Registered, ClientError> {
        self.register_with(username, password, None).await
    }

    /// Makes an account with an invitation, where the server asks for one.
    pub async fn register_with(
        &self,
        username: &Username,
        password: &str,
        invite: Option<String>,
    ) -> Result<Registered, ClientError> {
        let body = Register {
            username: username.clone(),
            password: password.to_owned(),
            email: None,
            display_name: None,
            invite,
        };
        self.call(Method::POST, "/users/register", Some(&body)).await
    }

    /// Logs a new device in.
    pub async fn login(
        &self,
        username: &str,
        password: &str,
        device: Name,
    ) -> Result<LoginDone, ClientError> {
        self.login_again(username, password, device, None).await
    }

    /// Logs one of the user's own devices in again, or a new one: the old token of the device dies.
    pub async fn login_again(
        &self,
        username: &str,
        password: &str,
        device: Name,
        id: Option<DeviceId>,
    ) -> Result<LoginDone, ClientError> {
        let body = Login {
            username: Some(username.to_owned()),
            email: None,
            password: password.to_owned(),
            device: LoginDevice { name: device, id },
        };
        self.call(Method::POST, "/users/login", Some(&body)).await
    }

    /// Ends this device's token.
    pub async fn logout(&self) -> Result<(), ClientError> {
        self.request::<()>(Method::POST, "/users/logout", None).await.map(drop)
    }

    /// The user with exactly this name.
    pub async fn find_user(&self, username: &str) -> Result<Profile, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/users?username={}", query(username)), None).await
    }

    /// Sends a message.
    pub async fn send(&self, message: &SendMessage) -> Result<Sent, ClientError> {
        self.call(Method::POST, "/messages", Some(message)).await
    }

    /// Makes a group.
    pub async fn create_chat(&self, body: &CreateChat) -> Result<HeadDone, ClientError> {
        self.call(Method::POST, "/chats", Some(body)).await
    }

    /// A page of the chat list.
    pub async fn chats(&self, cursor: Option<ChatId>) -> Result<ChatList, ClientError> {
        let path = cursor.map_or_else(|| "/chats".to_owned(), |cursor| format!("/chats?cursor={cursor}"));
        self.call::<(), _>(Method::GET, &path, None).await
    }

    /// One chat.
    pub async fn chat(&self, chat: ChatId) -> Result<Summary, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/chats/{chat}"), None).await
    }

    /// The newest messages.
    pub async fn messages(&self, chat: ChatId, limit: usize) -> Result<MessagePage, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/messages/{chat}?limit={limit}"), None).await
    }

    /// The raw entries after a seq.
    pub async fn entries(&self, chat: ChatId, after: Seq, limit: usize) -> Result<EntryPage, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/chats/{chat}/entries?after={after}&limit={limit}"), None)
            .await
    }

    /// Any call that answers JSON.
    pub async fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<A, ClientError> {
        let answer = self.request(method, path, body).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| ClientError::Broken(format!("unexpected answer: {error}")))
    }

    /// Any call; answers the raw body.
    pub async fn request<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Bytes, ClientError> {
        let body = body.map_or(Ok(Sends::Nothing), Sends::json)?;
        self.send_bytes(method, path, body).await
    }

    async fn send_bytes(&self, method: Method, path: &str, body: Sends) -> Result<Bytes, ClientError> {
        let (status, answer) = self.answered(method, path, body).await?;
        if status.is_success() { Ok(answer) } else { Err(self.refusal(status, &answer)) }
    }

    /// The answer, whatever its status.
    async fn answered(
        &self,
        method: Method,
        path: &str,
        body: Sends,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let late = || ClientError::Broken(format!("no answer within {} s", ANSWER_MAX.as_secs()));
        tokio::time::timeout(ANSWER_MAX, self.exchange(method, path, body)).await.map_err(|_| late())?
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Sends,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let broken = |error: &dyn std::fmt::Display| ClientError::Broken(error.to_string());
        let stream = net::connect(&self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        let mut request = Request::builder()
            .method(method)
            .uri(self.address.path(path))
            .header(header::HOST, self.address.authority());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (media_type, bytes) = body.parts();
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let request = request.body(Full::new(bytes)).map_err(|e| broken(&e))?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(|e| broken(&e))?;
            let status = answer.status();
            let body =
                Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(|e| broken(&e))?;
            Ok((status, body.to_bytes()))
        };
        tokio::pin!(exchange, connection);
        tokio::select! {
            done = &mut exchange => done,
            ended = &mut connection => match ended {
                Ok(()) => exchange.await,
                Err(error) => Err(broken(&error)),
            },
        }
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> ClientError {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => ClientError::Refused {
                code: problem.code,
                detail: problem.detail,
                retry_after_ms: problem.retry_after_ms,
            },
            Err(_) => ClientError::NotChinwag { address: self.address.to_string(), status: status.as_u16() },
        }
    }
}

/// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
fn query(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
