//! `PUT /chats/{chatId}/read`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::ChatId;
use chinwag_proto::rest::MarkRead;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::Result;
use crate::service::Caller;
use crate::service::marks::Raised;

endpoint!(User, NotMember, NotFound);

/// Raises one's own read mark.
///
/// It only grows; above the chat's head counts as the head. It raises the delivered mark with it.
#[utoipa::path(
    put, path = "/chats/{chatId}/read", operation_id = "markRead", tag = "chats",
    params(("chatId" = String, Path, description = "The chat.")),
    request_body = MarkRead,
    responses((status = 204, description = "The mark stands there, or further on.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    JsonBody(body): JsonBody<MarkRead>,
) -> Result<StatusCode> {
    api.services.marks.raise(caller.user, chat, Raised::Read, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
