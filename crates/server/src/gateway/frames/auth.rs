//! `{type:"auth", token}` → `{type:"ready", userId, deviceId, serverTime, heartbeatMs, features}`: the
//! first frame, within 10 s (4408). Anything else, or a token that is none: 4401.
//!
//! Order matters. Live delivery begins with the user's channel, before anything is read: what happens from
//! then on is heard. Then the device's claim is raised, which ends older connections of it; then the token
//! is looked up once more, in case it died between the first look and the channel; then the user's groups
//! are joined. `ready` is written first, what came meanwhile follows.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::presence::Session as Seat;
use chinwag_ports::{Channel, Event, Unavailable};
use chinwag_proto::error::Close;
use chinwag_proto::frame::Ready;
use chinwag_proto::{ChatId, ClientFrame, ServerFrame, UserId, cbor};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::super::Gateway;
use super::super::actor::{Ending, ending_of};
use super::super::connection::Connection;
use super::super::outgoing::Encoding;
use super::super::session::Session;
use super::super::sweep;
use super::super::websocket::{Message, Socket};
use super::Result;
use crate::service::Failure;
use crate::service::auth::Auth;

/// Chats looked up at once.
const CHATS_PAGE: usize = 1_000;

/// Waits for the first frame and authenticates the connection.
pub(crate) async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    gateway: &Arc<Gateway>,
    socket: &mut Socket<S>,
    encoding: Encoding,
) -> std::result::Result<Session, Ending> {
    let time = Duration::from_millis(gateway.services().limits.auth_ms);
    let token = tokio::select! {
        () = gateway.ends() => return Err(Ending::Close(Close::GoingAway)),
        first = timeout(time, first_frame(gateway, socket, encoding)) => {
            first.map_err(|_| Ending::Close(Close::AuthTimeout))??
        }
    };
    match timeout(time, begin(gateway, &token, encoding)).await {
        Ok(Ok(Some(session))) => {
            socket.push(encoding.frame(&ready(&session)));
            Ok(session)
        }
        Ok(Ok(None)) => Err(Ending::Close(Close::Unauthenticated)),
        Ok(Err(why)) => {
            socket.push(encoding.frame(&super::refused(None, &why.into())));
            Err(Ending::Close(Close::GoingAway))
        }
        Err(_) => Err(Ending::Close(Close::GoingAway)),
    }
}

/// The token of the first frame.
async fn first_frame<S: AsyncRead + AsyncWrite + Unpin>(
    gateway: &Gateway,
    socket: &mut Socket<S>,
    encoding: Encoding,
) -> std::result::Result<String, Ending> {
    const NO_AUTH: Ending = Ending::Close(Close::Unauthenticated);
    loop {
        let message =
            poll_fn(|cx| socket.poll_message(cx)).await.map_err(|error| match ending_of(&error) {
                ending @ (Ending::Gone | Ending::Close(Close::FrameTooLarge)) => ending,
                _ => NO_AUTH,
            })?;
        let json = match (message, encoding) {
            (Message::Text(text), Encoding::Json) => text,
            (Message::Binary(bytes), Encoding::Cbor) => cbor::to_json(&bytes).map_err(|_| NO_AUTH)?,
            (Message::Ping(_), _) => {
                poll_fn(|cx| socket.poll_flush(cx)).await.map_err(|_| Ending::Gone)?;
                continue;
            }
            (Message::Pong, _) => continue,
            (Message::Close(code), _) => return Err(Ending::Closed(code)),
            _ => return Err(NO_AUTH),
        };
        return match ClientFrame::parse(&json, &gateway.services().limits) {
            Ok(ClientFrame::Auth(auth)) => Ok(auth.token),
            _ => Err(NO_AUTH),
        };
    }
}

/// `None`: the token is nobody's.
async fn begin(
    gateway: &Arc<Gateway>,
    token: &str,
    encoding: Encoding,
) -> std::result::Result<Option<Session>, Unavailable> {
    let services = gateway.services();
    let ports = &services.ports;
    let Some(owner) = services.auth.owner(token).await? else {
        return Ok(None);
    };
    let seat = Seat {
        user: owner.user,
        device: owner.device,
        node: gateway.settings().node,
        incarnation: gateway.settings().incarnation,
    };
    let connection = Connection::new(gateway.next_number(), seat, encoding, Auth::hash(token));
    connection.heard(gateway.now_ms());
    let session = Session::begin(gateway, connection);

    let claim = ports.presence.claim(seat, ports.clock.now()).await?;
    session.connection.has_claimed(claim);
    gateway.hub().claimed(owner.user, owner.device, claim.0);
    let event = Event::Claimed { device: owner.device, claim: claim.0 };
    ports.live_bus.publish(Channel::User(owner.user), Arc::new(event));

    let prepared = prepare(&session).await;
    if !matches!(prepared, Ok(true)) {
        sign_off(&session).await;
        return prepared.map(|_| None);
    }
    services.presences.announce(owner.user);
    Ok(Some(session))
}

/// `false`: the token died since it was first looked up.
async fn prepare(session: &Session) -> std::result::Result<bool, Unavailable> {
    let devices = &session.services().ports.devices;
    if devices.token_owner(&session.connection.token()).await?.is_none() {
        return Ok(false);
    }
    join_groups(&session.gateway, session.user()).await?;
    if session.gateway.is_ending() {
        // It came between the telling of all connections to go and the refusal of new ones.
        session.connection.drain();
    }
    Ok(true)
}

/// Hears all groups of a user; answers those that were not heard before.
pub(crate) async fn join_groups(
    gateway: &Gateway,
    user: UserId,
) -> std::result::Result<Vec<ChatId>, Unavailable> {
    let mut joined = Vec::new();
    // Direct chats and the inbox need no channel of their own; in the order of ids, groups stand between.
    let Some(last) = UserId::new(i64::MAX.unsigned_abs()) else {
        return Ok(joined);
    };
    let mut after = ChatId::Direct(last, last);
    loop {
        let memberships = &gateway.services().ports.memberships;
        let chats = memberships.chats_of(user, Some(after), CHATS_PAGE).await?;
        let groups = chats.iter().filter(|chat| matches!(chat, ChatId::Group(_)));
        joined.extend(groups.filter(|&&group| gateway.hub().groups().join(group)));
        match chats.last() {
            Some(&last @ ChatId::Group(_)) if chats.len() == CHATS_PAGE => after = last,
            _ => return Ok(joined),
        }
    }
}

/// Ends the connection's session in presence, so that it counts as gone, and notes when it was heard.
pub(crate) async fn sign_off(session: &Session) {
    let Some(claim) = session.connection.claim() else {
        return;
    };
    let services = session.services();
    let now = services.ports.clock.now();
    if let Err(why) = services.ports.presence.release(session.connection.session, claim, now).await {
        tracing::debug!(reason = %why, "a session was not released; it ends when it is no longer refreshed");
    }
    services.presences.left(session.user());
    sweep::note_last(&session.gateway, &session.connection).await;
}

fn ready(session: &Session) -> ServerFrame {
    let services = session.services();
    ServerFrame::Ready(Ready {
        user_id: session.user(),
        device_id: session.connection.device(),
        server_time: services.ports.clock.now(),
        heartbeat_ms: services.limits.heartbeat_ms,
        features: session.gateway.settings().features.clone(),
    })
}

/// A second `auth` changes nothing.
pub(super) fn again() -> Result {
    Err(Failure::Invalid("this connection is authenticated already".to_owned()))
}
