//! `{type:"mls", id, chatId, after, clientMessageId, data, changes?, resend?}` → `ack`: an MLS record of
//! an encrypted chat, with the changes of membership bound to it. Nothing of MLS is parsed.
//!
//! Errors: those of every record (see `record`); `stale_epoch` with `after` where another commit came
//! first; those of the membership changes.

use chinwag_chat::Ask;
use chinwag_proto::frame::Mls;

use crate::service::sending::Request;

/// What the frame asks of which chat.
pub(super) fn request(mls: Mls) -> Request {
    Request {
        chat: mls.chat_id,
        id: Some(mls.client_message_id),
        resend: mls.resend,
        after: Some(mls.after),
        ask: Ask::Mls { changes: mls.changes, data: mls.data },
    }
}
