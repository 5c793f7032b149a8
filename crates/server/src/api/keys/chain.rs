//! `GET /users/{userId}/keys/chain`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::UserId;
use chinwag_proto::rest::DeviceChain;

use super::From;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotFound);

/// The links of a user's device chain, in their order.
///
/// Any user may read any chain, that of an erased user too. Only `complete` says that nothing follows.
#[utoipa::path(
    get, path = "/users/{userId}/keys/chain", operation_id = "readDeviceChain", tag = "keys",
    params(("userId" = String, Path, description = "Whose."), From),
    responses((status = 200, description = "A page of links.", body = DeviceChain)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    _: Caller,
    PathIds((user,)): PathIds<(UserId,)>,
    QueryOf(from): QueryOf<From>,
) -> Result<Reply<DeviceChain>> {
    let limit = from.limit(&api)?;
    Ok(Reply::ok(api.services.chains.links(user, from.after, limit).await?))
}
