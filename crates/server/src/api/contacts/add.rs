//! `PUT /users/{userId}/contacts/{otherId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::UserId;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::Result;

endpoint!(User, Forbidden, NotFound);

/// Adds a contact.
///
/// He sees one's presence from now on. Adding one who is a contact already changes nothing.
#[utoipa::path(
    put, path = "/users/{userId}/contacts/{otherId}", operation_id = "addContact", tag = "contacts",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("otherId" = String, Path, description = "The other user."),
    ),
    responses((status = 204, description = "He is a contact.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (other,)): OwnPath<(UserId,)>,
) -> Result<StatusCode> {
    api.accounts.contacts.add(caller.user, other).await?;
    Ok(StatusCode::NO_CONTENT)
}
