//! `GET /users?username=NAME`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::Profile;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::QueryOf;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotFound, RateLimited);

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Find {
    /// The whole user name.
    username: String,
}

/// Looks a user up by his whole name.
///
/// There is no search by a part of it. So many look-ups a minute are allowed.
#[utoipa::path(
    get, path = "/users", operation_id = "findUser", tag = "users",
    params(Find),
    responses((status = 200, description = "The profile.", body = Profile)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    QueryOf(query): QueryOf<Find>,
) -> Result<Reply<Profile>> {
    Ok(Reply::ok(api.accounts.profile.find(caller.user, &query.username).await?))
}
