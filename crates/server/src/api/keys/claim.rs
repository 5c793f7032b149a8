//! `POST /users/{userId}/keys/claim`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::UserId;
use chinwag_proto::rest::{ClaimKeys, ClaimedKeys};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, PathIds};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, NotFound, RateLimited);

/// Takes a key package of each of a user's devices.
///
/// A one-time key package is given out once, ever, the oldest first; when none is left, the last-resort one,
/// again and again. A device that has none is left out.
#[utoipa::path(
    post, path = "/users/{userId}/keys/claim", operation_id = "claimKeys", tag = "keys",
    params(("userId" = String, Path, description = "Whose.")),
    request_body = ClaimKeys,
    responses((status = 200, description = "The key packages.", body = ClaimedKeys)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((user,)): PathIds<(UserId,)>,
    JsonBody(body): JsonBody<ClaimKeys>,
) -> Result<Reply<ClaimedKeys>> {
    Ok(Reply::ok(api.services.keys.claim(caller, user, body.devices).await?))
}
