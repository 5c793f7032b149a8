//! `{type:"edit", id, chatId, target, content, clientMessageId, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` where the target is no message, or deleted;
//! `forbidden` for a message of somebody else.

use chinwag_chat::Ask;
use chinwag_proto::frame::Edit;

use super::super::session::Session;
use super::{Result, record};
use crate::service::sending::Request;

pub(super) async fn handle(session: &Session, edit: Edit) -> Result {
    let request = Request {
        chat: edit.chat_id,
        id: Some(edit.client_message_id),
        resend: edit.resend,
        after: edit.after,
        ask: Ask::Edit { target: edit.target, content: edit.content },
    };
    record::submit(session, edit.id, request).await
}
