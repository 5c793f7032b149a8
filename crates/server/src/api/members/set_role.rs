//! `PUT /chats/{chatId}/members/{userId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_chat::Ask;
use chinwag_proto::rest::SetRole;
use chinwag_proto::{ChatId, UserId};

use super::change;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, EncryptionRequired);

/// Gives a member a role.
///
/// Owners alone. When the last owner demotes himself, the oldest admin, else the oldest member, becomes
/// owner.
#[utoipa::path(
    put, path = "/chats/{chatId}/members/{userId}", operation_id = "setRole", tag = "members",
    params(
        ("chatId" = String, Path, description = "The group."),
        ("userId" = String, Path, description = "The member."),
    ),
    request_body = SetRole,
    responses((status = 204, description = "He has the role.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, user)): PathIds<(ChatId, UserId)>,
    JsonBody(body): JsonBody<SetRole>,
) -> Result<StatusCode> {
    change(&api, caller, chat, Ask::SetRole { user, role: body.role }).await?;
    Ok(StatusCode::NO_CONTENT)
}
