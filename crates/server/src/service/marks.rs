//! Read and delivered marks: raised by members, shown to those whom they concern.

use std::sync::Arc;

use chinwag_ports::{Channel, Cursors, Event, LiveBus, Mark};
use chinwag_proto::frame::CursorMark;
use chinwag_proto::{ChatId, Limits, Seq, UserId};

use super::reading::{Access, Reading};
use super::visibility::Visibility;
use super::{Failure, Ports};

/// Read and delivered marks.
pub struct Marks {
    cursors: Arc<dyn Cursors>,
    live_bus: Arc<dyn LiveBus>,
    reading: Reading,
    visibility: Arc<Visibility>,
    group_max: usize,
}

/// Which mark is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// `read`, which raises `delivered` with it.
    Read,
    /// `delivered` alone.
    Delivered,
}

impl Marks {
    pub(super) fn new(ports: &Ports, limits: Arc<Limits>, visibility: Arc<Visibility>) -> Self {
        Self {
            cursors: Arc::clone(&ports.cursors),
            live_bus: Arc::clone(&ports.live_bus),
            group_max: limits.intimate_group_members,
            reading: Reading::new(ports, limits),
            visibility,
        }
    }

    /// Raises a member's mark; above the head counts as the head, a lower one changes nothing.
    pub async fn raise(&self, user: UserId, chat: ChatId, raised: Raised, seq: Seq) -> Result<(), Failure> {
        let access = self.reading.access(user, chat).await?;
        let seq = seq.min(access.head.seq);
        let before = self.cursors.of_user(user, &[chat]).await?.first().copied().unwrap_or_default();
        let mark = match raised {
            Raised::Read => Mark { read: seq, delivered: seq },
            Raised::Delivered => Mark { read: Seq::ZERO, delivered: seq },
        };
        let after = self.cursors.raise(chat, user, mark).await?;
        if after != before {
            self.publish(user, chat, &access, before, after).await?;
        }
        Ok(())
    }

    /// To the user's own devices, to the other side of a direct chat, and (`read` alone) to groups of
    /// up to 100.
    async fn publish(
        &self,
        user: UserId,
        chat: ChatId,
        access: &Access,
        before: Mark,
        after: Mark,
    ) -> Result<(), Failure> {
        let shown = self.visibility.user(user).await?.is_some_and(|user| user.shows_receipts);
        let mark = CursorMark {
            user_id: user,
            read: (after.read > before.read).then_some(after.read),
            delivered: (after.delivered > before.delivered).then_some(after.delivered),
        };
        let event = Arc::new(Event::Cursor { chat, mark, shown });
        self.live_bus.publish(Channel::User(user), Arc::clone(&event));
        match chat {
            ChatId::Direct(..) if shown => {
                if let Some(peer) = chat.peer(user).filter(|&peer| peer != user) {
                    self.live_bus.publish(Channel::User(peer), event);
                }
            }
            ChatId::Group(_)
                if shown && after.read > before.read && access.state.members.len() <= self.group_max =>
            {
                self.live_bus.publish(Channel::Group(chat), event);
            }
            _ => {}
        }
        Ok(())
    }

    /// The marks of a chat's members, for whoever has it on screen: none in groups above 100. Marks of
    /// those who do not show them are left out; a direct chat shows `read` and `delivered`, a group
    /// `read`.
    pub async fn of_members(&self, viewer: UserId, chat: ChatId) -> Result<Option<Vec<CursorMark>>, Failure> {
        let access = self.reading.access(viewer, chat).await?;
        let members: Vec<UserId> = match chat {
            ChatId::Direct(low, high) if low == high => vec![low],
            ChatId::Direct(low, high) => vec![low, high],
            ChatId::Inbox(owner) => vec![owner],
            ChatId::Group(_) if access.state.members.len() > self.group_max => return Ok(None),
            ChatId::Group(_) => access.state.members.keys().copied().collect(),
        };
        let marks = self.cursors.of_chat(chat, &members).await?;
        let mut shown = Vec::with_capacity(members.len());
        for (user, mark) in members.into_iter().zip(marks) {
            if user == viewer || self.visibility.user(user).await?.is_some_and(|user| user.shows_receipts) {
                let whole = user == viewer || matches!(chat, ChatId::Direct(..));
                shown.push(CursorMark {
                    user_id: user,
                    read: Some(mark.read),
                    delivered: whole.then_some(mark.delivered),
                });
            }
        }
        Ok(Some(shown))
    }
}
