//! `PUT /messages/{chatId}/{seq}/reactions/{key}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_chat::Ask;
use chinwag_proto::{ChatId, ReactionKey, Seq};

use super::{OwnId, append};
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf};
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, IdempotencyConflict, RateLimited);

/// Reacts to a message.
#[utoipa::path(
    put, path = "/messages/{chatId}/{seq}/reactions/{key}", operation_id = "react", tag = "messages",
    params(
        ("chatId" = String, Path, description = "The chat."),
        ("seq" = u64, Path, description = "The message's place in it."),
        ("key" = String, Path, description = "An emoji or a short text, up to 64 bytes."),
        OwnId,
    ),
    responses((status = 204, description = "The reaction stands.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, target, key)): PathIds<(ChatId, Seq, ReactionKey)>,
    QueryOf(query): QueryOf<OwnId>,
) -> Result<StatusCode> {
    let ask = Ask::React { target, key, on: true };
    append(&api, caller, chat, query.client_message_id, None, ask).await?;
    Ok(StatusCode::NO_CONTENT)
}
