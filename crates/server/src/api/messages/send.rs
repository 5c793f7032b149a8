//! `POST /messages`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_chat::Ask;
use chinwag_proto::ChatId;
use chinwag_proto::rest::{SendMessage, Sent};

use super::{append, check};
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::JsonBody;
use crate::api::reply::{ApiError, Reply, Result};
use crate::service::{Caller, Failure};

endpoint!(
    User,
    Forbidden,
    NotMember,
    NotFound,
    IdempotencyConflict,
    EncryptionRequired,
    StaleEpoch,
    RateLimited
);

/// Sends a message.
///
/// To a user (`receiverId` is his id; the direct chat is made on first use), or to a chat (`chatId`, or
/// its whole id as `receiverId`). With a `clientMessageId` it may be sent again without becoming a
/// second message: the first result is answered, for ever.
#[utoipa::path(
    post, path = "/messages", operation_id = "sendMessage", tag = "messages",
    request_body = SendMessage,
    responses(
        (status = 201, description = "The message is durable and has its place in the chat.", body = Sent),
        (status = 200, description = "It was sent before: the first result.", body = Sent),
    ),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    JsonBody(body): JsonBody<SendMessage>,
) -> Result<Reply<Sent>> {
    let chat_id = chat_of(caller, &body)?;
    if body.sender_id.is_some_and(|sender| sender != caller.user) {
        return Err(Failure::Forbidden("`senderId` is not you; leave it out").into());
    }
    let content = check(&api, &body.content)?;
    let ask = Ask::Message { content, reply_to: body.reply_to };
    let placed = append(&api, caller, chat_id, body.client_message_id, body.after, ask).await?;
    let sent =
        Sent { message_id: placed.message_id, chat_id, seq: placed.seq, created_at: placed.created_at };
    Ok(Reply::made(sent, placed.duplicate))
}

fn chat_of(caller: Caller, body: &SendMessage) -> Result<ChatId> {
    match (body.receiver_id, body.chat_id) {
        (Some(receiver), None) => Ok(receiver.chat(caller.user)),
        (None, Some(chat)) => Ok(chat),
        _ => Err(ApiError::invalid("give either `receiverId` or `chatId`")),
    }
}
