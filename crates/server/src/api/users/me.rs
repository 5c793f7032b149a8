//! `GET /users/me`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Me;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User);

/// One's own profile.
#[utoipa::path(
    get, path = "/users/me", operation_id = "getMe", tag = "users",
    responses((status = 200, description = "The profile.", body = Me)),
)]
pub(in crate::api) async fn handle(State(api): State<Arc<Api>>, caller: Caller) -> Result<Reply<Me>> {
    Ok(Reply::ok(api.accounts.profile.me(caller.user).await?))
}
