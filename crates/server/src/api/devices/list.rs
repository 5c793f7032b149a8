//! `GET /users/{userId}/devices`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Devices;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::{Reply, Result};

endpoint!(User, Forbidden);

/// One's own devices, the oldest first.
#[utoipa::path(
    get, path = "/users/{userId}/devices", operation_id = "listDevices", tag = "devices",
    params(("userId" = String, Path, description = "Oneself.")),
    responses((status = 200, description = "The devices.", body = Devices)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, ()): OwnPath<()>,
) -> Result<Reply<Devices>> {
    Ok(Reply::ok(api.accounts.devices.list(caller).await?))
}
