//! `GET /users/me/keys/backups`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Backups;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User);

/// The chains of one's own backup.
///
/// One for each device that has ever written one; they stay when the device goes.
#[utoipa::path(
    get, path = "/users/me/keys/backups", operation_id = "listBackups", tag = "keys",
    responses((status = 200, description = "All of them.", body = Backups)),
)]
pub(in crate::api) async fn handle(State(api): State<Arc<Api>>, caller: Caller) -> Result<Reply<Backups>> {
    Ok(Reply::ok(api.services.chains.backups(caller).await?))
}
