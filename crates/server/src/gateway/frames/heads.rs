//! `{type:"heads", id, chats: {chatId: seq}}` → `{type:"heads", id, changed, gone}`: what to sync after an
//! absence. `changed` where the head differs; `gone` are chats that are not, or no longer, the user's, and
//! those that never were.
//!
//! Errors: `unavailable`.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{Heads, HeadsAnswer};

use super::super::session::Session;
use super::{Answer, Result};

pub(super) async fn handle(session: &Session, heads: Heads) -> Result {
    let (changed, gone) = session.services().reading.heads(session.user(), &heads.chats).await?;
    Ok(Answer::Frame(ServerFrame::Heads(HeadsAnswer { id: heads.id, changed, gone })))
}
