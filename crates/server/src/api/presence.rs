//! `GET /presence`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::UserId;
use chinwag_proto::rest::PresenceList;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::endpoint::endpoint;
use super::extract::QueryOf;
use super::reply::{ApiError, Reply, Result};
use crate::service::Caller;

endpoint!(User);

/// Whose presence.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Whose {
    /// Up to 100 user ids, with commas between them.
    users: String,
}

/// The presence of users.
///
/// Those whose presence the caller may not see are left out.
#[utoipa::path(
    get, path = "/presence", operation_id = "getPresence", tag = "contacts",
    params(Whose),
    responses((status = 200, description = "Those whom the caller may see.", body = PresenceList)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    QueryOf(query): QueryOf<Whose>,
) -> Result<Reply<PresenceList>> {
    let users = parse(&query.users, api.services.limits.presence_users)?;
    let users = api.services.presences.status(caller.user, &users).await?;
    Ok(Reply::ok(PresenceList { users }))
}

fn parse(users: &str, max: usize) -> Result<Vec<UserId>> {
    let parsed: std::result::Result<Vec<UserId>, _> =
        users.split(',').filter(|user| !user.is_empty()).take(max + 1).map(str::parse).collect();
    let parsed = parsed.map_err(|why| ApiError::invalid(format!("in the query: users: {why}")))?;
    if parsed.len() > max {
        return Err(ApiError::invalid(format!("`users` has at most {max} ids")));
    }
    Ok(parsed)
}
