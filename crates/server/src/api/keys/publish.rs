//! `POST /devices/{deviceId}/keys`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::DeviceId;
use chinwag_proto::rest::{KeyStock, PublishKeys};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{KeysBody, PathIds};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotFound);

/// Publishes key packages.
///
/// A device publishes its own alone. One that is there already, or was given out lately, is passed over, so
/// that the call may be repeated; a last-resort one replaces the one before.
#[utoipa::path(
    post, path = "/devices/{deviceId}/keys", operation_id = "publishKeys", tag = "keys",
    params(("deviceId" = String, Path, description = "The calling device.")),
    request_body = PublishKeys,
    responses((status = 200, description = "What waits now.", body = KeyStock)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((device,)): PathIds<(DeviceId,)>,
    KeysBody(body): KeysBody<PublishKeys>,
) -> Result<Reply<KeyStock>> {
    Ok(Reply::ok(api.services.keys.publish(caller, device, body).await?))
}
