//! `POST /users/{userId}/inbox`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::UserId;
use chinwag_proto::rest::{NoticeDone, PutNotice};

use super::Api;
use super::endpoint::endpoint;
use super::extract::{JsonBody, PathIds};
use super::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, NotMember, NotFound, IdempotencyConflict, RateLimited);

/// Puts a notice into a user's inbox.
///
/// `device`: into one's own alone. `welcome` and `invite` name a chat of the caller's in `data.chatId`; to be
/// welcomed, the user has to be a member of it. With a `clientMessageId` it may be sent again without
/// becoming a second notice.
#[utoipa::path(
    post, path = "/users/{userId}/inbox", operation_id = "putNotice", tag = "keys",
    params(("userId" = String, Path, description = "Whose inbox.")),
    request_body = PutNotice,
    responses(
        (status = 201, description = "The notice is durable and has its place in the inbox.", body = NoticeDone),
        (status = 200, description = "It was put before: the first result.", body = NoticeDone),
    ),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((user,)): PathIds<(UserId,)>,
    JsonBody(body): JsonBody<PutNotice>,
) -> Result<Reply<NoticeDone>> {
    let (seq, duplicate) = api.services.notices.put(caller, user, body).await?;
    Ok(Reply::made(NoticeDone { seq }, duplicate))
}
