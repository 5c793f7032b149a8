//! `{type:"react", id, chatId, target, key, on, clientMessageId, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` where the target is no message, or deleted;
//! `invalid_request` for a key more than a message may have.

use chinwag_chat::Ask;
use chinwag_proto::frame::React;

use super::super::session::Session;
use super::{Result, record};
use crate::service::sending::Request;

pub(super) async fn handle(session: &Session, react: React) -> Result {
    let request = Request {
        chat: react.chat_id,
        id: Some(react.client_message_id),
        resend: react.resend,
        after: react.after,
        ask: Ask::React { target: react.target, key: react.key, on: react.on },
    };
    record::submit(session, react.id, request).await
}
