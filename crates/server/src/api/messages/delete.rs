//! `DELETE /messages/{chatId}/{seq}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_chat::Ask;
use chinwag_proto::{ChatId, Seq};

use super::{OwnId, append};
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf};
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, IdempotencyConflict, RateLimited);

/// Deletes a message.
///
/// One's own; in groups owners and admins delete others' too. Its content and that of its edits is
/// overwritten. Deleting what is deleted changes nothing.
#[utoipa::path(
    delete, path = "/messages/{chatId}/{seq}", operation_id = "deleteMessage", tag = "messages",
    params(
        ("chatId" = String, Path, description = "The chat."),
        ("seq" = u64, Path, description = "The message's place in it."),
        OwnId,
    ),
    responses((status = 204, description = "The message is deleted.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, target)): PathIds<(ChatId, Seq)>,
    QueryOf(query): QueryOf<OwnId>,
) -> Result<StatusCode> {
    append(&api, caller, chat, query.client_message_id, None, Ask::Delete { target }).await?;
    Ok(StatusCode::NO_CONTENT)
}
