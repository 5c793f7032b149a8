//! `GET /users/{userId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::UserId;
use chinwag_proto::rest::Profile;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::PathIds;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotFound);

/// The public profile of a user.
///
/// That of an erased user has `deleted` and no name.
#[utoipa::path(
    get, path = "/users/{userId}", operation_id = "getUser", tag = "users",
    params(("userId" = String, Path, description = "The user.")),
    responses((status = 200, description = "The profile.", body = Profile)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    PathIds((user,)): PathIds<(UserId,)>,
) -> Result<Reply<Profile>> {
    Ok(Reply::ok(api.accounts.profile.of(user).await?))
}
