//! `POST /users/me/keys/chain`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::{AppendLinks, ChainVersion};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::KeysBody;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, StaleVersion);

/// Appends links to one's own device chain.
///
/// Where `after` is the version now; else `stale_version` says which one that is. The same call again answers
/// as the first time.
#[utoipa::path(
    post, path = "/users/me/keys/chain", operation_id = "appendDeviceChain", tag = "keys",
    request_body = AppendLinks,
    responses((status = 200, description = "They are durable.", body = ChainVersion)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    KeysBody(body): KeysBody<AppendLinks>,
) -> Result<Reply<ChainVersion>> {
    Ok(Reply::ok(api.services.chains.append_links(caller, body).await?))
}
