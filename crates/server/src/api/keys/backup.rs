//! `GET /users/me/keys/backups/{deviceId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::DeviceId;
use chinwag_proto::rest::BackupPage;

use super::From;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User);

/// The records of one chain of one's own backup, in their order.
///
/// Only `complete` says that nothing follows. A chain that is not there is empty.
#[utoipa::path(
    get, path = "/users/me/keys/backups/{deviceId}", operation_id = "readBackup", tag = "keys",
    params(("deviceId" = String, Path, description = "The device that writes it, or wrote it."), From),
    responses((status = 200, description = "A page of records.", body = BackupPage)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((device,)): PathIds<(DeviceId,)>,
    QueryOf(from): QueryOf<From>,
) -> Result<Reply<BackupPage>> {
    let limit = from.limit(&api)?;
    Ok(Reply::ok(api.services.chains.records(caller, device, from.after, limit).await?))
}
