//! `{type:"typing", chatId, on}`: no answer. Told to connections that have the chat open, at most once a
//! second for each chat; what comes sooner is dropped, and what is told is never stored.
//!
//! Not told: in groups above 100; to the other side of a direct chat that blocks the user. Where the user
//! has switched it off, his own devices alone hear of it.
//!
//! Errors: `not_found`, `not_member`, `unavailable`, without an id.

use std::sync::Arc;

use chinwag_ports::{Channel, Event};
use chinwag_proto::ChatId;
use chinwag_proto::frame::Typing;

use super::super::session::Session;
use super::{Answer, Result};
use crate::service::Failure;

pub(super) async fn handle(session: &Session, typing: Typing) -> Result {
    let (user, chat) = (session.user(), typing.chat_id);
    let access = session.services().reading.access(user, chat).await?;
    let too_large = access.state.members.len() > session.limits().intimate_group_members;
    if too_large && matches!(chat, ChatId::Group(_)) {
        return Ok(Answer::Nothing);
    }
    let now_ms = session.gateway.now_ms();
    if session.connection.with_screen(|screen| screen.types(chat, typing.on, now_ms)) {
        let event = Arc::new(Event::Typing { chat, user, on: typing.on });
        for channel in audience(session, chat).await? {
            session.services().ports.live_bus.publish(channel, Arc::clone(&event));
        }
    }
    Ok(Answer::Nothing)
}

/// Where it is told: a group's channel reaches the user's own devices, too.
async fn audience(session: &Session, chat: ChatId) -> std::result::Result<Vec<Channel>, Failure> {
    let user = session.user();
    let visibility = &session.services().visibility;
    let own = Channel::User(user);
    if !visibility.user(user).await?.is_some_and(|user| user.shows_typing) {
        return Ok(vec![own]);
    }
    match (chat, chat.peer(user)) {
        (ChatId::Group(_), _) => Ok(vec![Channel::Group(chat)]),
        (_, Some(peer)) if peer != user && !visibility.blocks(peer, user).await? => {
            Ok(vec![own, Channel::User(peer)])
        }
        _ => Ok(vec![own]),
    }
}
