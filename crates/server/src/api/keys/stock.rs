//! `GET /devices/{deviceId}/keys`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::DeviceId;
use chinwag_proto::rest::KeyStock;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::PathIds;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotFound);

/// How many key packages wait.
///
/// A device asks for itself alone.
#[utoipa::path(
    get, path = "/devices/{deviceId}/keys", operation_id = "keyStock", tag = "keys",
    params(("deviceId" = String, Path, description = "The calling device.")),
    responses((status = 200, description = "What waits.", body = KeyStock)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((device,)): PathIds<(DeviceId,)>,
) -> Result<Reply<KeyStock>> {
    Ok(Reply::ok(api.services.keys.stock(caller, device).await?))
}
