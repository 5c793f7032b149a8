//! `GET /chats/{chatId}/members`.

use std::ops::Bound;
use std::sync::Arc;

use axum::extract::State;
use chinwag_proto::rest::{Member, Members};
use chinwag_proto::{ChatId, Role, Seq, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, QueryOf, page_size};
use crate::api::reply::{Reply, Result};
use crate::service::Caller;
use crate::service::reading::Access;

endpoint!(User, NotMember, NotFound);

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Page {
    /// The `cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<UserId>,
    /// How many, 1 to 200; 200 by default.
    limit: Option<u32>,
}

/// The members of a chat, in the order of their ids.
#[utoipa::path(
    get, path = "/chats/{chatId}/members", operation_id = "listMembers", tag = "members",
    params(("chatId" = String, Path, description = "The chat."), Page),
    responses((status = 200, description = "A page of members.", body = Members)),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat,)): PathIds<(ChatId,)>,
    QueryOf(page): QueryOf<Page>,
) -> Result<Reply<Members>> {
    let max = api.services.limits.page;
    let limit = page_size(page.limit, max, max)?;
    let access = api.services.reading.access(caller.user, chat).await?;
    let all = match chat {
        ChatId::Group(_) => of_group(&access, page.cursor, limit + 1),
        _ => of_id(&api, chat, page.cursor).await?,
    };
    let more = all.len() > limit;
    let members: Vec<_> = all.into_iter().take(limit).collect();
    let cursor = if more { members.last().map(|member| member.user_id) } else { None };
    Ok(Reply::ok(Members { members, cursor }))
}

fn of_group(access: &Access, after: Option<UserId>, limit: usize) -> Vec<Member> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let members = access.state.members.range((from, Bound::Unbounded)).take(limit);
    members.map(|(&user_id, state)| Member { user_id, role: state.role, since: state.joined_at }).collect()
}

/// The members that the id of a direct chat or an inbox names; they are there since its first entry.
async fn of_id(api: &Api, chat: ChatId, after: Option<UserId>) -> Result<Vec<Member>> {
    let mut users = match chat {
        ChatId::Direct(low, high) => vec![low, high],
        ChatId::Inbox(owner) => vec![owner],
        ChatId::Group(_) => Vec::new(),
    };
    users.dedup();
    users.retain(|&user| after.is_none_or(|after| user > after));
    let first = api.services.ports.ledger.entry(chat, Seq::ZERO.next()).await?;
    let since = first.map(|entry| entry.created_at).unwrap_or_default();
    Ok(users.into_iter().map(|user_id| Member { user_id, role: Role::Member, since }).collect())
}
