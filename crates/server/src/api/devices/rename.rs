//! `PATCH /users/{userId}/devices/{deviceId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::DeviceId;
use chinwag_proto::rest::{DeviceInfo, RenameDevice};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{JsonBody, OwnPath};
use crate::api::reply::{Reply, Result};

endpoint!(User, Forbidden, NotFound);

/// Renames a device.
#[utoipa::path(
    patch, path = "/users/{userId}/devices/{deviceId}", operation_id = "renameDevice", tag = "devices",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("deviceId" = String, Path, description = "One of one's own devices."),
    ),
    request_body = RenameDevice,
    responses((status = 200, description = "The device as it is now.", body = DeviceInfo)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (device,)): OwnPath<(DeviceId,)>,
    JsonBody(body): JsonBody<RenameDevice>,
) -> Result<Reply<DeviceInfo>> {
    Ok(Reply::ok(api.accounts.devices.rename(caller, device, &body.name).await?))
}
