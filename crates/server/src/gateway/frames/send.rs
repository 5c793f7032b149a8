//! `{type:"send", id, chatId | to, clientMessageId, content, replyTo?, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` for an unknown receiver, chat or `replyTo`;
//! `forbidden` where the other side of a direct chat blocks the sender.

use chinwag_chat::Ask;
use chinwag_proto::UserId;
use chinwag_proto::frame::Send;

use super::super::session::Session;
use super::{Result, record};
use crate::service::Failure;
use crate::service::sending::Request;

pub(super) async fn handle(session: &Session, send: Send) -> Result {
    let id = send.id.clone();
    record::submit(session, id, request(session.user(), send)?).await
}

fn request(sender: UserId, send: Send) -> std::result::Result<Request, Failure> {
    // The parser lets through exactly one of the two.
    let chat = send.chat_id.or(send.to.map(|to| to.chat(sender)));
    Ok(Request {
        chat: chat.ok_or_else(|| Failure::Invalid("give either `chatId` or `to`".to_owned()))?,
        id: Some(send.client_message_id),
        resend: send.resend,
        after: send.after,
        ask: Ask::Message { content: send.content, reply_to: send.reply_to },
    })
}
