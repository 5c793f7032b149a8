//! `PUT /users/{userId}/blocks/{otherId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::UserId;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::Result;

endpoint!(User, Forbidden, NotFound);

/// Blocks a user.
///
/// In the direct chat his sends, edits and reactions are refused within a second, and he cannot add one to a group. What was accepted before stands.
#[utoipa::path(
    put, path = "/users/{userId}/blocks/{otherId}", operation_id = "addBlock", tag = "contacts",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("otherId" = String, Path, description = "The other user."),
    ),
    responses((status = 204, description = "He is blocked.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (other,)): OwnPath<(UserId,)>,
) -> Result<StatusCode> {
    api.accounts.contacts.block(caller.user, other).await?;
    Ok(StatusCode::NO_CONTENT)
}
