//! `GET /users/{userId}/contacts`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Contacts;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::{Reply, Result};

endpoint!(User, Forbidden);

/// One's own contacts, with the presence of those who show it.
#[utoipa::path(
    get, path = "/users/{userId}/contacts", operation_id = "listContacts", tag = "contacts",
    params(("userId" = String, Path, description = "Oneself.")),
    responses((status = 200, description = "The contacts, in the order of user names.", body = Contacts)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, ()): OwnPath<()>,
) -> Result<Reply<Contacts>> {
    Ok(Reply::ok(api.accounts.contacts.contacts(caller.user).await?))
}
