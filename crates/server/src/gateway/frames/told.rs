//! What a client is told of without asking and what has to be looked up when its turn comes: the summary
//! of a chat (`{type:"chat", …}`), and presence that has changed.

use chinwag_proto::frame::PresenceFrame;
use chinwag_proto::{ChatId, ServerFrame};

use super::super::inbox::Waiting;
use super::super::session::Session;
use super::{Answer, Handling};
use crate::service::Failure;

/// Looks up what waits. Nothing is answered where there is nothing to tell (any more).
pub(crate) fn look_up(session: &Session, waiting: Waiting) -> Handling<'_, Answer> {
    match waiting {
        Waiting::Summary(chat) => Box::pin(async move { answer(summary(session, chat).await) }),
        Waiting::Presence => Box::pin(async move { answer(presence(session).await) }),
        _ => Box::pin(async { Answer::Nothing }),
    }
}

fn answer(frame: Option<ServerFrame>) -> Answer {
    frame.map_or(Answer::Nothing, Answer::Frame)
}

/// The chat as it stands now. One that is not the user's any more is not told.
async fn summary(session: &Session, chat: ChatId) -> Option<ServerFrame> {
    match session.services().chat_list.summary(session.user(), chat).await {
        Ok(summary) => Some(ServerFrame::Chat(Box::new(summary))),
        Err(Failure::Unavailable(why)) => {
            tracing::debug!(reason = %why, "a chat's summary could not be told");
            None
        }
        Err(_) => None,
    }
}

async fn presence(session: &Session) -> Option<ServerFrame> {
    let (users, rights) = session.connection.inbox().screen.as_mut()?.take_stirred();
    let presences = &session.services().presences;
    let shown =
        if rights { presences.status(session.user(), &users).await } else { presences.of(&users).await };
    let shown = match shown {
        Ok(shown) => shown,
        Err(why) => {
            tracing::debug!(reason = %why, "presence could not be told; it is looked at again");
            session.connection.with_screen(|screen| screen.stir_again(&users, rights));
            session.gateway.hub().pulse().add(&session.connection);
            return None;
        }
    };
    let now_ms = session.gateway.now_ms();
    let users = session.connection.with_screen(|screen| {
        if rights {
            screen.has_rights(now_ms);
        }
        screen.tell(&users, &shown)
    });
    (!users.is_empty()).then_some(ServerFrame::Presence(PresenceFrame { users }))
}
