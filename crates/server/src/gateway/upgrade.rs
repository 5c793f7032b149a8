//! `GET /ws`: from an HTTP request to a WebSocket (RFC 6455 §4.2), and the life of its task.
//!
//! - `Sec-WebSocket-Protocol`: `chinwag.v1` (JSON, also where the client names none) or
//!   `chinwag.v1.cbor`; the client's order decides. Only others: 400 `invalid_request`.
//! - `Origin`: none (no browser), this host's own, or one of the allow-list; else 403 `forbidden`.
//! - No upgrade asked, or another version: 400 `invalid_request`. A node that drains: 503 `unavailable`.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chinwag_proto::frame::{SUBPROTOCOL, SUBPROTOCOL_CBOR};
use chinwag_proto::{Code, Problem};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Gateway;
use super::actor::{Actor, Ending};
use super::frames;
use super::outgoing::Encoding;
use super::websocket::{Socket, close_frame};

/// How long a client may take to be given the close frame.
const GIVE: Duration = Duration::from_secs(5);
/// How long it may take to close its side after that.
const GOODBYE: Duration = Duration::from_secs(1);
/// RFC 6455 §7.4.1: a rule of the protocol is broken.
const PROTOCOL_ERROR: u16 = 1002;

/// `GET /ws`.
pub(super) fn routes(gateway: &Arc<Gateway>) -> Router {
    Router::new().route("/ws", get(upgrade).fallback(other_method)).with_state(Arc::clone(gateway))
}

async fn other_method() -> Response {
    let mut response = refusal(Refused(Code::MethodNotAllowed, "a WebSocket is opened with GET"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    response
}

async fn upgrade(State(gateway): State<Arc<Gateway>>, mut request: Request) -> Response {
    let accepted = match accept(&gateway, request.version(), request.headers()) {
        Ok(accepted) => accepted,
        Err(refused) => {
            let mut response = refusal(refused);
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            return response;
        }
    };
    let upgrade = hyper::upgrade::on(&mut request);
    drop(request);
    let task = Box::pin(serve(Arc::clone(&gateway), upgrade, accepted.encoding));
    if gateway.tasks.spawn(task).is_err() {
        return refusal(GOING_AWAY);
    }
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted.key);
    if let Some(protocol) = accepted.protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    response
}

/// A request that becomes a WebSocket.
struct Accepted {
    key: HeaderValue,
    encoding: Encoding,
    /// The subprotocol, where the client named any.
    protocol: Option<&'static str>,
}

/// Why a request does not become one.
#[derive(Clone, Copy, Debug)]
struct Refused(Code, &'static str);

const GOING_AWAY: Refused =
    Refused(Code::Unavailable, "this server is going away; connect again in a moment");
const NO_KEY: Refused = Refused(Code::InvalidRequest, "`Sec-WebSocket-Key` must be 16 bytes in base64");

fn accept(gateway: &Gateway, version: Version, headers: &HeaderMap) -> Result<Accepted, Refused> {
    let invalid = |detail| Refused(Code::InvalidRequest, detail);
    if gateway.is_ending() {
        return Err(GOING_AWAY);
    }
    let upgrades = has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket");
    if version != Version::HTTP_11 || !upgrades {
        return Err(invalid("this is a WebSocket: connect with a WebSocket client (`Upgrade: websocket`)"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(invalid("`Sec-WebSocket-Version` must be 13"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
    let key = derive_accept_key(key.ok_or(NO_KEY)?.as_bytes());
    let key = HeaderValue::try_from(key).map_err(|_| NO_KEY)?;
    if !may_connect(gateway, headers) {
        const DETAIL: &str =
            "pages of this origin may not connect here; an operator allows it under [cors] origins";
        return Err(Refused(Code::Forbidden, DETAIL));
    }
    let (encoding, protocol) = subprotocol(headers).ok_or_else(|| {
        invalid("none of the subprotocols offered is known; known are chinwag.v1 and chinwag.v1.cbor")
    })?;
    Ok(Accepted { key, encoding, protocol })
}

fn refusal(Refused(code, detail): Refused) -> Response {
    let problem = Problem::new(code, detail);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = serde_json::to_vec(&problem).unwrap_or_default();
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], json).into_response()
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|other| other.eq_ignore_ascii_case(token))
}

/// 16 bytes in base64: 22 characters and two that fill up.
fn is_key(key: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(plain)
}

fn may_connect(gateway: &Gateway, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, another) = (origins.next(), origins.next());
    let Some(origin) = origin else {
        return true;
    };
    let Some(origin) = origin.to_str().ok().and_then(|origin| origin.parse::<super::Origin>().ok()) else {
        return false;
    };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| {
        let port = if origin.is_secure() { ":443" } else { ":80" };
        let host = host.to_ascii_lowercase();
        host.strip_suffix(port).unwrap_or(&host) == origin.authority()
    });
    another.is_none() && (own || gateway.settings().origins.contains(&origin))
}

/// The first offer that is known; JSON where nothing is offered.
fn subprotocol(headers: &HeaderMap) -> Option<(Encoding, Option<&'static str>)> {
    let mut offers = tokens(headers, &SEC_WEBSOCKET_PROTOCOL).peekable();
    if offers.peek().is_none() {
        return Some((Encoding::Json, None));
    }
    offers.find_map(|offer| match offer {
        SUBPROTOCOL => Some((Encoding::Json, Some(SUBPROTOCOL))),
        SUBPROTOCOL_CBOR => Some((Encoding::Cbor, Some(SUBPROTOCOL_CBOR))),
        _ => None,
    })
}

/// Counts an open WebSocket.
struct Open<'a>(&'a Gateway);

impl<'a> Open<'a> {
    fn begin(gateway: &'a Gateway) -> Self {
        gateway.open.fetch_add(1, Ordering::Relaxed);
        gateway.meters.connections.increment(1.0);
        Self(gateway)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.meters.connections.decrement(1.0);
    }
}

/// The life of a WebSocket.
async fn serve(gateway: Arc<Gateway>, upgrade: OnUpgrade, encoding: Encoding) {
    let _open = Open::begin(&gateway);
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let mut socket = Socket::new(TokioIo::new(upgraded), gateway.services().limits.client_frame_bytes);
    let ending = match Box::pin(frames::authenticate(&gateway, &mut socket, encoding)).await {
        Ok(session) => {
            let ending = Actor::new(&session, &mut socket).run().await;
            gateway.hub.detach(&session.connection);
            // Both take no time, unless an engine or the client does.
            tokio::join!(Box::pin(frames::sign_off(&session)), Box::pin(close(&mut socket, ending)));
            ending
        }
        Err(ending) => {
            Box::pin(close(&mut socket, ending)).await;
            ending
        }
    };
    gateway.meters.closed(code_of(ending).map(|(code, _)| code));
}

fn code_of(ending: Ending) -> Option<(u16, &'static str)> {
    match ending {
        Ending::Close(close) => Some((close.code(), close.reason())),
        Ending::Protocol => Some((PROTOCOL_ERROR, "protocol error")),
        Ending::Closed(_) | Ending::Gone => None,
    }
}

/// Gives the client the close frame, and waits a moment for it to close its side, so that what it still
/// sends does not make the network drop the frame.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, ending: Ending) {
    let (code, reason) = match ending {
        Ending::Gone => return,
        Ending::Closed(code) => (code, ""),
        ending => code_of(ending).unwrap_or((PROTOCOL_ERROR, "")),
    };
    socket.push(close_frame(code, reason));
    let given = timeout(GIVE, async {
        poll_fn(|cx| socket.poll_flush(cx)).await?;
        poll_fn(|cx| socket.poll_shutdown(cx)).await
    });
    if matches!(given.await, Ok(Ok(()))) && !matches!(ending, Ending::Closed(_)) {
        // A client that does not close its side is cut off.
        drop(timeout(GOODBYE, poll_fn(|cx| socket.poll_discard(cx))).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a function's future takes, without calling it.
    fn size_of_future<T>(_: impl FnOnce(Arc<Gateway>, OnUpgrade, Encoding) -> T) -> usize {
        size_of::<T>()
    }

    #[test]
    fn an_idle_connection_pays_for_no_branch_that_is_rare() {
        let size = size_of_future(serve);
        assert!(size <= 448, "the task's future has {size} bytes");
        assert!(size_of::<super::super::connection::Connection>() <= 256);
    }
}
