//! `/chats/{chatId}/members`: who belongs to a chat.

pub(super) mod add;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod set_role;

use chinwag_chat::Ask;
use chinwag_ports::Appended;
use chinwag_proto::ChatId;

use super::Api;
use super::reply::Result;
use crate::service::Caller;
use crate::service::sending::Request;

async fn change(api: &Api, caller: Caller, chat: ChatId, ask: Ask) -> Result<Appended> {
    let request = Request { chat, id: None, resend: false, after: None, ask };
    Ok(api.services.sending.send(caller, request).await?)
}
