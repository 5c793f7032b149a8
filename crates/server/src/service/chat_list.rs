//! Summaries: a user's chats, one line each.

use std::sync::Arc;

use chinwag_ports::{Cursors, Ledger, Mark, Memberships};
use chinwag_proto::rest::{ChatList as Page, Other, Summary, SummaryKind};
use chinwag_proto::{Body, ChatId, Limits, Seq, UserId};

use super::reading::{Access, Reading};
use super::visibility::Visibility;
use super::{Failure, Ports};

/// `unread` stops counting here.
const UNREAD_MAX: u64 = 999;

/// Summaries of chats.
pub struct ChatList {
    ledger: Arc<dyn Ledger>,
    cursors: Arc<dyn Cursors>,
    memberships: Arc<dyn Memberships>,
    visibility: Arc<Visibility>,
    reading: Reading,
    page: usize,
}

impl ChatList {
    pub(super) fn new(ports: &Ports, limits: Arc<Limits>, visibility: Arc<Visibility>) -> Self {
        Self {
            ledger: Arc::clone(&ports.ledger),
            cursors: Arc::clone(&ports.cursors),
            memberships: Arc::clone(&ports.memberships),
            page: limits.page,
            reading: Reading::new(ports, limits),
            visibility,
        }
    }

    /// A page of the user's chats, in the order of their ids.
    pub async fn page(&self, user: UserId, after: Option<ChatId>, limit: usize) -> Result<Page, Failure> {
        let limit = limit.clamp(1, self.page);
        let chats = self.memberships.chats_of(user, after, limit + 1).await?;
        let more = chats.len() > limit;
        let mut summaries = Vec::with_capacity(limit);
        for &chat in chats.iter().take(limit) {
            match self.summary(user, chat).await {
                Ok(summary) => summaries.push(summary),
                Err(Failure::Unavailable(why)) => return Err(why.into()),
                // The projection may be a moment behind the chat's own state.
                Err(_) => {}
            }
        }
        let cursor = if more { chats.get(limit - 1).copied() } else { None };
        Ok(Page { chats: summaries, cursor })
    }

    /// One chat as its member sees it.
    pub async fn summary(&self, user: UserId, chat: ChatId) -> Result<Summary, Failure> {
        let access = self.reading.access(user, chat).await?;
        let mark = self.cursors.of_user(user, &[chat]).await?.first().copied().unwrap_or_default();
        let last = self.ledger.entry(chat, access.head.seq).await?;
        let mut read = mark.read.min(access.head.seq);
        // Whoever writes has read what stands above, also in the moment before his mark is raised.
        if let Some(entry) = &last
            && entry.sender_id == user
            && matches!(entry.body, Body::Message { .. })
        {
            read = access.head.seq;
        }
        let unread = self.unread(chat, &access, read).await?;
        let first = Seq::ZERO.next();
        let is_group = matches!(chat, ChatId::Group(_));
        Ok(Summary {
            chat_id: chat,
            kind: SummaryKind::from(chat),
            title: access.state.settings.title.clone(),
            head: access.head.seq,
            since: (access.since > first).then_some(access.since),
            floor: (access.head.floor > first).then_some(access.head.floor),
            read,
            unread,
            encryption: access.state.settings.encryption,
            role: access.role,
            muted: false,
            members: is_group.then(|| u32::try_from(access.state.members.len()).unwrap_or(u32::MAX)),
            others: self.others(user, chat).await?,
            last: last.filter(|entry| entry.seq >= access.since).map(|entry| entry.seen_by(user)),
            last_at: access.head.last_at,
            history: is_group.then_some(access.state.settings.history),
            who_may_add: is_group.then_some(access.state.settings.who_may_add),
        })
    }

    /// Messages above the read mark, and not before what the member may see.
    async fn unread(&self, chat: ChatId, access: &Access, read: Seq) -> Result<u32, Failure> {
        let above = read.max(access.since.prev());
        if above >= access.head.seq {
            return Ok(0);
        }
        let counted = match above {
            Seq::ZERO => 0,
            above => self.ledger.entry(chat, above).await?.map_or(0, |entry| entry.n),
        };
        Ok(u32::try_from(access.head.n.saturating_sub(counted).min(UNREAD_MAX)).unwrap_or(0))
    }

    async fn others(&self, user: UserId, chat: ChatId) -> Result<Option<Vec<Other>>, Failure> {
        let Some(peer) = chat.peer(user) else {
            return Ok(None);
        };
        if peer == user {
            return Ok(Some(Vec::new()));
        }
        let shown = self.visibility.user(peer).await?.is_some_and(|peer| peer.shows_receipts);
        let mark = self.cursors.of_user(peer, &[chat]).await?.first().copied().unwrap_or_default();
        let Mark { read, delivered } = mark;
        Ok(Some(vec![Other {
            user_id: peer,
            read: shown.then_some(read),
            delivered: shown.then_some(delivered),
        }]))
    }
}
