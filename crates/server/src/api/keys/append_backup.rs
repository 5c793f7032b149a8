//! `POST /users/me/keys/backups`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::{AppendBackup, BackupHead};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::KeysBody;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, StaleVersion);

/// Appends records to the calling device's own backup chain.
///
/// Where `after` is the head now; else `stale_version` says which one that is. The same call again answers as
/// the first time.
#[utoipa::path(
    post, path = "/users/me/keys/backups", operation_id = "appendBackup", tag = "keys",
    request_body = AppendBackup,
    responses((status = 200, description = "They are durable.", body = BackupHead)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    KeysBody(body): KeysBody<AppendBackup>,
) -> Result<Reply<BackupHead>> {
    Ok(Reply::ok(api.services.chains.append_records(caller, body).await?))
}
