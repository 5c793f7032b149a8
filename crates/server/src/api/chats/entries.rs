//! `GET /chats/{chatId}/entries`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::EntryPage;
use chinwag_proto::{ChatId, Seq};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf, page_size};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, NotMember, NotFound);

const PAGE_DEFAULT: usize = 50;

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct From {
    /// Those above this seq; 0 by default.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    after: Seq,
    /// How many, 1 to 200; 50 by default. A page may be shorter.
    limit: Option<u32>,
}

/// The raw entries of a chat, oldest first.
///
/// Only `complete` says that nothing follows. An `after` above the chat's head is `invalid_request` with
/// the `head`.
#[utoipa::path(
    get, path = "/chats/{chatId}/entries", operation_id = "listEntries", tag = "chats",
    params(("chatId" = String, Path, description = "The chat."), From),
    responses((status = 200, description = "A page of entries.", body = EntryPage)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    QueryOf(from): QueryOf<From>,
) -> Result<Reply<EntryPage>> {
    let limit = page_size(from.limit, PAGE_DEFAULT, api.services.limits.page)?;
    Ok(Reply::ok(api.services.reading.entries(caller.user, chat, from.after, limit).await?))
}
