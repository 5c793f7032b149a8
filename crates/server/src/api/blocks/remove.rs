//! `DELETE /users/{userId}/blocks/{otherId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::UserId;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::Result;

endpoint!(User, Forbidden);

/// Ends a block.
///
/// Ending one that is not there changes nothing.
#[utoipa::path(
    delete, path = "/users/{userId}/blocks/{otherId}", operation_id = "removeBlock", tag = "contacts",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("otherId" = String, Path, description = "The other user."),
    ),
    responses((status = 204, description = "He is not blocked.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (other,)): OwnPath<(UserId,)>,
) -> Result<StatusCode> {
    api.accounts.contacts.unblock(caller.user, other).await?;
    Ok(StatusCode::NO_CONTENT)
}
