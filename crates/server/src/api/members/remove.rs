//! `DELETE /chats/{chatId}/members/{userId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_chat::Ask;
use chinwag_proto::{ChatId, UserId};

use super::change;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::PathIds;
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, EncryptionRequired);

/// Removes a member, or leaves.
///
/// Owners remove anybody, admins members; whoever names himself leaves. When the last owner leaves, the
/// oldest admin, else the oldest member, becomes owner.
#[utoipa::path(
    delete, path = "/chats/{chatId}/members/{userId}", operation_id = "removeMember", tag = "members",
    params(
        ("chatId" = String, Path, description = "The group."),
        ("userId" = String, Path, description = "The member, or oneself."),
    ),
    responses((status = 204, description = "He is a member no longer.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, user)): PathIds<(ChatId, UserId)>,
) -> Result<StatusCode> {
    change(&api, caller, chat, Ask::Remove { user }).await?;
    Ok(StatusCode::NO_CONTENT)
}
