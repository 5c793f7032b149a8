//! `PUT /users/me/password`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::rest::ChangePassword;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{ClientAddr, JsonBody};
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, RateLimited);

/// Changes one's own password.
///
/// With `logoutOthers` all other devices are logged out and their sockets close within a second. A wrong
/// `current` is `forbidden`.
#[utoipa::path(
    put, path = "/users/me/password", operation_id = "changePassword", tag = "users",
    request_body = ChangePassword,
    responses((status = 204, description = "The password is changed.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    ClientAddr(from): ClientAddr,
    JsonBody(body): JsonBody<ChangePassword>,
) -> Result<StatusCode> {
    api.accounts.password.change(caller, body, from).await?;
    Ok(StatusCode::NO_CONTENT)
}
