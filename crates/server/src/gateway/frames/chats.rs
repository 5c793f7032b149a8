//! `{type:"chats", id, cursor?, limit?}` → `{type:"chats", id, chats, cursor?}`: a page of the chat list,
//! in a stable order by id; without `limit` 50.
//!
//! Errors: `unavailable`.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{Chats, ChatsPage};

use super::super::session::Session;
use super::{Answer, Result};

const LIMIT: usize = 50;

pub(super) async fn handle(session: &Session, chats: Chats) -> Result {
    let limit = chats.limit.map_or(LIMIT, |limit| limit as usize);
    let page = session.services().chat_list.page(session.user(), chats.cursor, limit).await?;
    Ok(Answer::Frame(ServerFrame::Chats(ChatsPage { id: chats.id, chats: page.chats, cursor: page.cursor })))
}
