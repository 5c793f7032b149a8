//! `GET /users/{userId}/blocks`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Blocks;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::{Reply, Result};

endpoint!(User, Forbidden);

/// Whom one blocks.
#[utoipa::path(
    get, path = "/users/{userId}/blocks", operation_id = "listBlocks", tag = "contacts",
    params(("userId" = String, Path, description = "Oneself.")),
    responses((status = 200, description = "The blocks, the newest first.", body = Blocks)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, ()): OwnPath<()>,
) -> Result<Reply<Blocks>> {
    Ok(Reply::ok(api.accounts.contacts.blocks(caller.user).await?))
}
