//! `DELETE /users/me`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::rest::EraseAccount;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{ClientAddr, JsonBody};
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, Forbidden, RateLimited);

/// Erases one's own account.
///
/// All groups are left, all devices logged out, all personal data goes. The messages stay, as from a
/// deleted user; the user name is never given to anybody again. A wrong password is `forbidden`.
#[utoipa::path(
    delete, path = "/users/me", operation_id = "eraseMe", tag = "users",
    request_body = EraseAccount,
    responses((status = 204, description = "The account is erased.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    ClientAddr(from): ClientAddr,
    JsonBody(body): JsonBody<EraseAccount>,
) -> Result<StatusCode> {
    api.accounts.erasure.erase_own(caller, body.password, from).await?;
    Ok(StatusCode::NO_CONTENT)
}
