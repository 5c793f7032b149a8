//! `PATCH /users/me`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::{Me, UpdateMe};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::JsonBody;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User);

/// Changes one's own profile and privacy switches.
///
/// What is switched off goes to one's own devices only. Members that are left out stay as they are.
#[utoipa::path(
    patch, path = "/users/me", operation_id = "updateMe", tag = "users",
    request_body = UpdateMe,
    responses((status = 200, description = "The profile as it is now.", body = Me)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    JsonBody(body): JsonBody<UpdateMe>,
) -> Result<Reply<Me>> {
    Ok(Reply::ok(api.accounts.profile.update(caller.user, body).await?))
}
