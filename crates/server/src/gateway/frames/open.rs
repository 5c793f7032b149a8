//! `{type:"open", chatId | null}`: the chat on screen. With a chat it is answered by one `cursors` frame
//! with the marks of the members (in groups above 100 by none), and from now on the connection is told of
//! typing and of read marks in it.
//!
//! Errors: `not_found`, `not_member`, `unavailable`, without an id; the chat opened before stays open.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{Cursors, Open};

use super::super::session::Session;
use super::{Answer, Result};

pub(super) async fn handle(session: &Session, open: Open) -> Result {
    let hub = session.gateway.hub();
    let Some(chat) = open.chat_id else {
        hub.show(&session.connection, None);
        return Ok(Answer::Nothing);
    };
    let services = session.services();
    services.reading.access(session.user(), chat).await?;
    // Before the marks are read, so that one that moves meanwhile is told. Whoever is removed meanwhile
    // is refused the marks, and closes it again.
    hub.show(&session.connection, Some(chat));
    match services.marks.of_members(session.user(), chat).await {
        Ok(Some(users)) => Ok(Answer::Frame(ServerFrame::Cursors(Cursors { chat_id: chat, users }))),
        Ok(None) => Ok(Answer::Nothing),
        Err(failure) => {
            hub.show(&session.connection, None);
            Err(failure)
        }
    }
}
