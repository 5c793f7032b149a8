//! `GET /chats/{chatId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::ChatId;
use chinwag_proto::rest::Summary;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::PathIds;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotMember, NotFound);

/// One chat in short.
#[utoipa::path(
    get, path = "/chats/{chatId}", operation_id = "getChat", tag = "chats",
    params(("chatId" = String, Path, description = "The chat.")),
    responses((status = 200, description = "The chat.", body = Summary)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
) -> Result<Reply<Summary>> {
    Ok(Reply::ok(api.services.chat_list.summary(caller.user, chat).await?))
}
