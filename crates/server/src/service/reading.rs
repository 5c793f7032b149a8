//! Entries and messages on their way out, and who may read them. Read rights come from the chat's own
//! state, never from the directory's projection.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_chat::{Head, State, View};
use chinwag_ports::Ledger;
use chinwag_ports::ledger::{Viewed, Window};
use chinwag_proto::frame::ChangedHead;
use chinwag_proto::rest::{EntryPage, Message, MessagePage, ReactionCount};
use chinwag_proto::{Body, ChatId, Limits, Role, Seq, UserId};

use super::{Failure, Ports};

/// What a page may hold beside its entries' contents, so that the frame stays below its cap.
const PAGE_SLACK_BYTES: usize = 64 * 1024;

/// A chat as one of its members may see it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The chat's head.
    pub head: Head,
    /// Members, roles and settings.
    pub state: Arc<State>,
    /// The member's role; both users of a direct chat are members.
    pub role: Role,
    /// First seq that he may see.
    pub since: Seq,
}

/// Entries and messages on their way out.
pub struct Reading {
    ledger: Arc<dyn Ledger>,
    limits: Arc<Limits>,
}

impl Reading {
    pub(super) fn new(ports: &Ports, limits: Arc<Limits>) -> Self {
        Self { ledger: Arc::clone(&ports.ledger), limits }
    }

    /// The chat as `user` may see it: a stranger gets `not_found` as for a chat that is not there, an
    /// ex-member `not_member`.
    pub async fn access(&self, user: UserId, chat: ChatId) -> Result<Access, Failure> {
        const NOT_THERE: Failure = Failure::NotFound("there is no such chat");
        if !chat.names(user) && !matches!(chat, ChatId::Group(_)) {
            return Err(NOT_THERE);
        }
        let snapshot = self.ledger.snapshot(chat).await?.ok_or(NOT_THERE)?;
        access_of(user, chat, snapshot.head, snapshot.state).ok_or(NOT_THERE)?
    }

    /// The entries after a seq, oldest first; `limit` is held against the largest page.
    pub async fn entries(
        &self,
        user: UserId,
        chat: ChatId,
        after: Seq,
        limit: usize,
    ) -> Result<EntryPage, Failure> {
        let access = self.access(user, chat).await?;
        if after > access.head.seq {
            return Err(Failure::AboveHead { head: access.head.seq });
        }
        let first = access.since.max(access.head.floor);
        let start = after.max(first.prev());
        let bytes_max = self.limits.server_frame_bytes.saturating_sub(PAGE_SLACK_BYTES) / 2;
        let page = self.ledger.entries(chat, start, limit.clamp(1, self.limits.page), bytes_max).await?;
        let to = page.entries.last().map_or(after, |entry| entry.seq);
        Ok(EntryPage {
            from: page.entries.first().map_or(after, |entry| entry.seq),
            to,
            head: page.head,
            complete: to >= page.head || page.entries.is_empty(),
            entries: page.entries.iter().map(|entry| entry.seen_by(user)).collect(),
        })
    }

    /// A page of messages as they stand now, newest first.
    pub async fn messages(
        &self,
        user: UserId,
        chat: ChatId,
        window: Window,
        limit: usize,
    ) -> Result<MessagePage, Failure> {
        let access = self.access(user, chat).await?;
        let first = access.since.max(access.head.floor);
        let bytes_max = self.limits.server_frame_bytes;
        let page =
            self.ledger.messages(chat, window, first, limit.clamp(1, self.limits.page), bytes_max).await?;
        let messages = page.messages.iter().map(|viewed| message_of(user, viewed)).collect();
        Ok(MessagePage { messages, head: page.head })
    }

    /// Which of the client's chats have moved on, and which are not (or no longer) his.
    pub async fn heads(
        &self,
        user: UserId,
        known: &BTreeMap<ChatId, Seq>,
    ) -> Result<(Vec<ChangedHead>, Vec<ChatId>), Failure> {
        let chats: Vec<_> = known.keys().copied().collect();
        let heads = self.ledger.heads(&chats).await?;
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for ((&chat, &seq), head) in known.iter().zip(heads) {
            let Some(head) = head else {
                gone.push(chat);
                continue;
            };
            // The state is looked up for groups alone: the other kinds name their members.
            let member = match chat {
                ChatId::Group(_) => match self.access(user, chat).await {
                    Ok(_) => true,
                    Err(Failure::Unavailable(why)) => return Err(why.into()),
                    Err(_) => false,
                },
                _ => chat.names(user),
            };
            if !member {
                gone.push(chat);
            } else if head.seq != seq {
                changed.push(ChangedHead { chat_id: chat, head: head.seq });
            }
        }
        Ok((changed, gone))
    }
}

/// `None`: a stranger. `Some(Err)`: an ex-member.
pub(super) fn access_of(
    user: UserId,
    chat: ChatId,
    head: Head,
    state: Arc<State>,
) -> Option<Result<Access, Failure>> {
    let first = Seq::ZERO.next();
    if !matches!(chat, ChatId::Group(_)) {
        return chat.names(user).then_some(Ok(Access { head, state, role: Role::Member, since: first }));
    }
    if let Some(member) = state.members.get(&user) {
        let (role, since) = (member.role, member.since);
        return Some(Ok(Access { head, state, role, since }));
    }
    state.former.contains_key(&user).then_some(Err(Failure::NotMember))
}

fn message_of(viewer: UserId, viewed: &Viewed) -> Message {
    let (entry, view) = (&viewed.entry, &viewed.view);
    let (content, reply_to) = match &entry.body {
        Body::Message { content, reply_to } => (content.clone(), *reply_to),
        _ => (None, None),
    };
    let deleted_at = view.deleted.map(|(_, _, at)| at);
    let edited = view.last_edit.as_ref().filter(|_| deleted_at.is_none());
    Message {
        message_id: entry.message_id,
        chat_id: entry.chat_id,
        seq: entry.seq,
        sender_id: entry.sender_id,
        created_at: entry.created_at,
        content: match (&deleted_at, edited) {
            (Some(_), _) => None,
            (None, Some((_, content))) => content.clone(),
            (None, None) => content,
        },
        reply_to,
        edited_at: edited.map(|(at, _)| *at),
        deleted_at,
        reactions: if deleted_at.is_some() { Vec::new() } else { reactions_of(viewer, view) },
    }
}

fn reactions_of(viewer: UserId, view: &View) -> Vec<ReactionCount> {
    let mut counts: Vec<ReactionCount> = Vec::new();
    for cell in view.cells.iter().filter(|cell| cell.on) {
        let mine = cell.user == viewer;
        match counts.iter_mut().find(|count| count.key == cell.key) {
            Some(count) => {
                count.count += 1;
                count.mine |= mine;
            }
            None => counts.push(ReactionCount { key: cell.key.clone(), count: 1, mine }),
        }
    }
    counts
}
