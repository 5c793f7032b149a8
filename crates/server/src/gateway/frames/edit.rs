//! `{type:"edit", id, chatId, target, content, clientMessageId, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` where the target is no message, or deleted;
//! `forbidden` for a message of somebody else.

use chinwag_chat::Ask;
use chinwag_proto::frame::Edit;

use crate::service::sending::Request;

/// What the frame asks of which chat.
pub(super) fn request(edit: Edit) -> Request {
    Request {
        chat: edit.chat_id,
        id: Some(edit.client_message_id),
        resend: edit.resend,
        after: edit.after,
        ask: Ask::Edit { target: edit.target, content: edit.content },
    }
}
