//! `{type:"delivered", chatId, seq}`: the client has everything up to there. No answer; the mark only
//! grows, and above the head it counts as the head.
//!
//! Errors: `not_found`, `not_member`, `unavailable`, without an id.

use chinwag_ports::Mark;
use chinwag_proto::{Seq, frame};

use super::super::session::Session;
use super::{Answer, Result};
use crate::service::marks::Raised;

pub(super) async fn handle(session: &Session, mark: frame::Mark) -> Result {
    let own = Mark { read: Seq::ZERO, delivered: mark.seq };
    session.connection.with_screen(|screen| screen.raise(mark.chat_id, own));
    session.services().marks.raise(session.user(), mark.chat_id, Raised::Delivered, mark.seq).await?;
    Ok(Answer::Nothing)
}
