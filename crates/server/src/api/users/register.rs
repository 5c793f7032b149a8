//! `POST /users/register`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chinwag_proto::rest::{Register, Registered};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{ClientAddr, JsonBody};
use crate::api::reply::{Reply, Result};

endpoint!(Anyone, Forbidden, UsernameTaken, EmailTaken, RateLimited);

/// Makes an account.
///
/// The server may ask for an invitation, or take no registrations at all; both are `forbidden`.
#[utoipa::path(
    post, path = "/users/register", operation_id = "register", tag = "users",
    request_body = Register,
    responses((status = 201, description = "The account is made.", body = Registered)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    ClientAddr(from): ClientAddr,
    JsonBody(body): JsonBody<Register>,
) -> Result<Reply<Registered>> {
    Ok(Reply(StatusCode::CREATED, api.accounts.registration.register(body, from).await?))
}
