//! `GET /chats`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::ChatId;
use chinwag_proto::rest::ChatList;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{QueryOf, page_size};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User);

const PAGE_DEFAULT: usize = 50;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Page {
    /// The `cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<ChatId>,
    /// How many, 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// One's own chats, in a stable order by id.
#[utoipa::path(
    get, path = "/chats", operation_id = "listChats", tag = "chats",
    params(Page),
    responses((status = 200, description = "A page of the chat list.", body = ChatList)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    QueryOf(page): QueryOf<Page>,
) -> Result<Reply<ChatList>> {
    let limit = page_size(page.limit, PAGE_DEFAULT, api.services.limits.page)?;
    Ok(Reply::ok(api.services.chat_list.page(caller.user, page.cursor, limit).await?))
}
