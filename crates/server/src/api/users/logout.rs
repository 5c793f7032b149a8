//! `POST /users/logout`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User);

/// Logs this device out.
///
/// Its token dies and its socket closes within a second. The device stays listed and may log in again
/// with its id.
#[utoipa::path(
    post, path = "/users/logout", operation_id = "logout", tag = "users",
    responses((status = 204, description = "The token is dead.")),
)]
pub(in crate::api) async fn handle(State(api): State<Arc<Api>>, caller: Caller) -> Result<StatusCode> {
    api.accounts.devices.log_out(caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
