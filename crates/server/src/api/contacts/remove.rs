//! `DELETE /users/{userId}/contacts/{otherId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::UserId;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::Result;

endpoint!(User, Forbidden);

/// Removes a contact.
///
/// Removing one who is none changes nothing.
#[utoipa::path(
    delete, path = "/users/{userId}/contacts/{otherId}", operation_id = "removeContact", tag = "contacts",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("otherId" = String, Path, description = "The other user."),
    ),
    responses((status = 204, description = "He is no contact.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (other,)): OwnPath<(UserId,)>,
) -> Result<StatusCode> {
    api.accounts.contacts.remove(caller.user, other).await?;
    Ok(StatusCode::NO_CONTENT)
}
