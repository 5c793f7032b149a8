//! `PATCH /messages/{chatId}/{seq}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_chat::Ask;
use chinwag_proto::rest::{EditDone, EditMessage};
use chinwag_proto::{ChatId, Seq};

use super::{append, check};
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

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

/// Edits one's own message.
#[utoipa::path(
    patch, path = "/messages/{chatId}/{seq}", operation_id = "editMessage", tag = "messages",
    params(
        ("chatId" = String, Path, description = "The chat."),
        ("seq" = u64, Path, description = "The message's place in it."),
    ),
    request_body = EditMessage,
    responses((status = 200, description = "The edit and its own place in the chat.", body = EditDone)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, target)): PathIds<(ChatId, Seq)>,
    JsonBody(body): JsonBody<EditMessage>,
) -> Result<Reply<EditDone>> {
    let ask = Ask::Edit { target, content: check(&api, &body.content)? };
    let placed = append(&api, caller, chat, body.client_message_id, body.after, ask).await?;
    Ok(Reply::ok(EditDone { message_id: placed.message_id, seq: placed.seq, created_at: placed.created_at }))
}
