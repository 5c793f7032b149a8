//! `{type:"react", id, chatId, target, key, on, clientMessageId, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` where the target is no message, or deleted;
//! `invalid_request` for a key more than a message may have.

use chinwag_chat::Ask;
use chinwag_proto::frame::React;

use crate::service::sending::Request;

/// What the frame asks of which chat.
pub(super) fn request(react: React) -> Request {
    Request {
        chat: react.chat_id,
        id: Some(react.client_message_id),
        resend: react.resend,
        after: react.after,
        ask: Ask::React { target: react.target, key: react.key, on: react.on },
    }
}
