//! `GET /messages/{chatId}`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_ports::ledger::Window;
use chinwag_proto::rest::MessagePage;
use chinwag_proto::{ChatId, Seq};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf, page_size};
use crate::api::reply::{ApiError, Reply, Result};
use crate::service::Caller;

endpoint!(User, NotMember, NotFound);

const PAGE_DEFAULT: usize = 50;

/// Which messages: at most one of `offset`, `before` and `after`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Which {
    /// How many, 1 to 200; 50 by default.
    limit: Option<u32>,
    /// The newest but so many messages, up to 10,000.
    offset: Option<u64>,
    /// The next below this seq.
    #[param(value_type = Option<u64>)]
    before: Option<Seq>,
    /// The next above this seq, still newest first.
    #[param(value_type = Option<u64>)]
    after: Option<Seq>,
}

/// The messages of a chat, newest first.
///
/// Edits are applied, reactions are summed up, the content of what was deleted is null. The raw entries
/// are under `/chats/{chatId}/entries`.
#[utoipa::path(
    get, path = "/messages/{chatId}", operation_id = "listMessages", tag = "messages",
    params(("chatId" = String, Path, description = "The chat."), Which),
    responses((status = 200, description = "A page of messages.", body = MessagePage)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    QueryOf(which): QueryOf<Which>,
) -> Result<Reply<MessagePage>> {
    let limits = &api.services.limits;
    let limit = page_size(which.limit, PAGE_DEFAULT, limits.page)?;
    let window = window_of(&which, limits.offset_max)?;
    Ok(Reply::ok(api.services.reading.messages(caller.user, chat, window, limit).await?))
}

fn window_of(which: &Which, offset_max: u64) -> Result<Window> {
    match (which.offset, which.before, which.after) {
        (None, None, None) => Ok(Window::Offset(0)),
        (Some(offset), None, None) if offset <= offset_max => Ok(Window::Offset(offset)),
        (Some(_), None, None) => {
            Err(ApiError::invalid(format!("`offset` is at most {offset_max}; go on with `before`")))
        }
        (None, Some(before), None) => Ok(Window::Before(before)),
        (None, None, Some(after)) => Ok(Window::After(after)),
        _ => Err(ApiError::invalid("give at most one of `offset`, `before` and `after`")),
    }
}
