//! `DELETE /users/{userId}/devices/{deviceId}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::DeviceId;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::OwnPath;
use crate::api::reply::Result;

endpoint!(User, Forbidden, NotFound);

/// Revokes a device.
///
/// Its token dies, its socket closes within a second, and it is listed no longer.
#[utoipa::path(
    delete, path = "/users/{userId}/devices/{deviceId}", operation_id = "revokeDevice", tag = "devices",
    params(
        ("userId" = String, Path, description = "Oneself."),
        ("deviceId" = String, Path, description = "One of one's own devices."),
    ),
    responses((status = 204, description = "The device is gone.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    OwnPath(caller, (device,)): OwnPath<(DeviceId,)>,
) -> Result<StatusCode> {
    api.accounts.devices.revoke(caller, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
