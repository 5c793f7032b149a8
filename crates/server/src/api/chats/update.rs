//! `PATCH /chats/{chatId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_chat::Ask;
use chinwag_proto::ChatId;
use chinwag_proto::rest::{Summary, UpdateChat};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;
use crate::service::sending::Request;

endpoint!(User, Forbidden, NotMember, NotFound, EncryptionRequired);

/// Changes a group's title or settings.
///
/// Owners and admins set the title, owners the rest. Members that are left out stay as they are.
#[utoipa::path(
    patch, path = "/chats/{chatId}", operation_id = "updateChat", tag = "chats",
    params(("chatId" = String, Path, description = "The group.")),
    request_body = UpdateChat,
    responses((status = 200, description = "The chat as it is now.", body = Summary)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    JsonBody(body): JsonBody<UpdateChat>,
) -> Result<Reply<Summary>> {
    let UpdateChat { title, history, who_may_add } = body;
    if title.is_some() || history.is_some() || who_may_add.is_some() {
        let ask = Ask::Update { title, history, who_may_add };
        api.services
            .sending
            .send(caller, Request { chat, id: None, resend: false, after: None, ask })
            .await?;
    }
    Ok(Reply::ok(api.services.chat_list.summary(caller.user, chat).await?))
}
