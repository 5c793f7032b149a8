//! `POST /chats/{chatId}/members`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_chat::Ask;
use chinwag_ports::Appended;
use chinwag_proto::ChatId;
use chinwag_proto::rest::{AddMembers, HeadDone};

use super::change;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::{ApiError, Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, EncryptionRequired, TooManyMembers);

/// Adds members to a group.
///
/// Up to 100 at once. Who is a member already is passed over; one who may not be added refuses the whole
/// call. Whether members may add is the group's `whoMayAdd`.
#[utoipa::path(
    post, path = "/chats/{chatId}/members", operation_id = "addMembers", tag = "members",
    params(("chatId" = String, Path, description = "The group.")),
    request_body = AddMembers,
    responses((status = 200, description = "All of them are members; the chat's head.", body = HeadDone)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    JsonBody(body): JsonBody<AddMembers>,
) -> Result<Reply<HeadDone>> {
    let max = api.services.limits.members_per_call;
    if body.users.is_empty() || body.users.len() > max {
        return Err(ApiError::invalid(format!("`users` has 1 to {max} members")));
    }
    let head = match change(&api, caller, chat, Ask::Add { users: body.users }).await? {
        Appended::Committed(entry) => entry.seq,
        _ => api.services.reading.access(caller.user, chat).await?.head.seq,
    };
    Ok(Reply::ok(HeadDone { chat_id: None, head }))
}
