//! `POST /users/login`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::{Login, LoginDone};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{ClientAddr, JsonBody};
use crate::api::reply::{Reply, Result};

endpoint!(Anyone, Unauthenticated, Forbidden, NotFound, RateLimited);

/// Logs a device in.
///
/// Gives either `username` or `email`. Without `device.id` a new device is added; with the id of one of
/// the user's own devices that one gets a new token and its old token dies. `chatServer.url` is the
/// WebSocket address of the chat server that the client is to connect to. An unknown user and a wrong
/// password are answered alike.
#[utoipa::path(
    post, path = "/users/login", operation_id = "login", tag = "users",
    request_body = Login,
    responses((status = 200, description = "The device is logged in.", body = LoginDone)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    ClientAddr(from): ClientAddr,
    JsonBody(body): JsonBody<Login>,
) -> Result<Reply<LoginDone>> {
    Ok(Reply::ok(api.accounts.login.log_in(body, from).await?))
}
