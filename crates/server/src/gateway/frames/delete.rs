//! `{type:"delete", id, chatId, target, clientMessageId, resend?}` → `ack`; for what is deleted already
//! the first result, `duplicate: true`.
//!
//! Errors: those of every record (see `record`); `not_found` where the target is no message; `forbidden`
//! for a message of somebody else, unless one is an admin of the group.

use chinwag_chat::Ask;
use chinwag_proto::frame::Delete;

use crate::service::sending::Request;

/// What the frame asks of which chat.
pub(super) fn request(delete: Delete) -> Request {
    Request {
        chat: delete.chat_id,
        id: Some(delete.client_message_id),
        resend: delete.resend,
        after: None,
        ask: Ask::Delete { target: delete.target },
    }
}
