//! Chats, without anything that was said in them.

use axum::extract::{Path, Query, State};
use chinwag_ports::ledger::Snapshot;
use chinwag_proto::{ChatId, Role, UserId};
use serde::Deserialize;

use super::bodies::{ChatInfo, ChatPage, ChatShown, MemberRow};
use super::{Admin, Answer, Json, Operator, named};
use crate::service::Failure;

/// Chats of one page.
const PAGE_MAX: usize = 200;
/// Members that are shown.
const MEMBERS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<ChatId>,
    limit: Option<usize>,
}

pub(super) async fn of_user(
    State(admin): Operator,
    Path(user): Path<String>,
    Query(page): Query<Page>,
) -> Answer<ChatPage> {
    let user = named(&admin, &user).await?;
    let limit = page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let ports = &admin.services.ports;
    let mut ids = ports.memberships.chats_of(user, page.after, limit + 1).await.map_err(Failure::from)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let mut chats = Vec::with_capacity(ids.len());
    for &chat in &ids {
        if let Some(snapshot) = ports.ledger.snapshot(chat).await.map_err(Failure::from)? {
            chats.push(info(chat, &snapshot));
        }
    }
    Ok(Json(ChatPage { chats, after: ids.last().copied().filter(|_| more) }))
}

pub(super) async fn show(State(admin): Operator, Path(chat): Path<ChatId>) -> Answer<ChatShown> {
    const NOT_THERE: Failure = Failure::NotFound("there is no such chat");
    let snapshot =
        admin.services.ports.ledger.snapshot(chat).await.map_err(Failure::from)?.ok_or(NOT_THERE)?;
    let members = members(&admin, &snapshot).await?;
    let settings = &snapshot.state.settings;
    let (history, who_may_add) = (settings.history, settings.who_may_add);
    Ok(Json(ChatShown { chat: info(chat, &snapshot), history, who_may_add, members }))
}

fn info(chat: ChatId, snapshot: &Snapshot) -> ChatInfo {
    ChatInfo {
        chat_id: chat,
        title: snapshot.state.settings.title.clone(),
        head: snapshot.head.seq,
        messages: snapshot.head.n,
        members: snapshot.state.members.len(),
        encryption: snapshot.state.settings.encryption,
        last_at: snapshot.head.last_at,
    }
}

async fn members(admin: &Admin, snapshot: &Snapshot) -> Result<Vec<MemberRow>, Failure> {
    let members: Vec<_> = snapshot.state.members.iter().take(MEMBERS_MAX).collect();
    let ids: Vec<UserId> = members.iter().map(|&(&user, _)| user).collect();
    let users = admin.services.ports.profiles.users(&ids).await?;
    let row = |((&user_id, member), user): (
        (&UserId, &chinwag_chat::MemberState),
        Option<chinwag_ports::directory::User>,
    )| {
        let role: Role = member.role;
        MemberRow { user_id, username: user.and_then(|user| user.username), role, since: member.joined_at }
    };
    Ok(members.into_iter().zip(users).map(row).collect())
}
