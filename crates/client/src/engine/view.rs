//! What the screen asks: it holds no state of its own.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::frame::PresenceStatus;
use chinwag_proto::{ChatId, ClientMessageId, Content, Entry, ReactionKey, Seq, UserId, entry};

use super::Engine;
use crate::chat::{self, Chat};
use crate::event::{Connection, Failure, Record};
use crate::fold::Line;
use crate::outbox::Item;
use crate::seal::{Cause, Opened};

/// How far a message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Another's.
    Received,
    /// Stored here, not acknowledged.
    Sending,
    /// The server has it for good.
    Sent,
    /// A device of the other side has it (direct chats).
    Delivered,
    /// The other side has read it; in a group, at least one other member has.
    Read,
    /// Refused; it can be sent again or discarded.
    Failed(Failure),
}

/// What a line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A message.
    Content(Content),
    /// A message that cannot be opened yet.
    NotYet,
    /// A message that never will be.
    Unreadable(Cause),
    /// A deleted message.
    Deleted,
    /// No message: members, title, encryption.
    Event(entry::Body),
}

/// A change of a message that the server has not settled; it is shown as if it stood, until it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub id: ClientMessageId,
    /// Why it failed, where it has.
    pub failed: Option<Failure>,
}

/// A line of the open chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its place; `None` while the server has not given it one. Those stand last, in the order typed.
    pub seq: Option<Seq>,
    /// The client's own id, of own messages.
    pub id: Option<ClientMessageId>,
    /// Who.
    pub sender: UserId,
    /// When: the server's time, or that of the wish.
    pub at_ms: i64,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// What.
    pub body: Body,
    /// Whether it was edited.
    pub edited: bool,
    /// Who reacts how.
    pub reactions: BTreeMap<ReactionKey, BTreeSet<UserId>>,
    /// How far it has come.
    pub status: Status,
    /// Own changes of it that are on their way.
    pub pending: Vec<Pending>,
}

/// How far the lines of the open chat reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The chat.
    pub chat: ChatId,
    /// Whether more may be had above: see [`crate::Wish::Older`].
    pub above: bool,
    /// Whether there is more below: see [`crate::Wish::Newer`].
    pub below: bool,
}

impl Engine {
    /// The open chat, and how far its lines reach.
    pub fn window(&self) -> Option<Window> {
        let timeline = self.timeline.as_ref()?;
        let chat = self.chats.get(&timeline.chat);
        let above = chat.is_some_and(|chat| timeline.low() > chat.first || chat.has_older());
        Some(Window { chat: timeline.chat, above, below: !timeline.at_end() })
    }

    /// How the connection stands.
    pub const fn connection(&self) -> Connection {
        self.link.connection
    }

    /// Whether the whole list of chats has been seen once.
    pub const fn is_listed(&self) -> bool {
        self.listed
    }

    /// The chats in the order of the list.
    pub fn chats(&self) -> Vec<(ChatId, &Chat)> {
        chat::list(&self.chats).into_iter().filter_map(|id| Some((id, self.chats.get(&id)?))).collect()
    }

    /// One chat.
    pub fn chat(&self, id: ChatId) -> Option<&Chat> {
        self.chats.get(&id)
    }

    /// Who types in a chat.
    pub fn typing(&self, chat: ChatId) -> Vec<UserId> {
        self.live.typing.keys().filter(|(typed, _)| *typed == chat).map(|(_, user)| *user).collect()
    }

    /// The presence of a watched user, where the server shows it.
    pub fn presence(&self, user: UserId) -> Option<&PresenceStatus> {
        self.live.presence.get(&user)
    }

    /// Own records of any chat that the server has not settled, or has refused.
    pub fn unsettled(&self) -> usize {
        self.outbox.items.len()
    }

    /// Whether an own record waits, and whether it has failed: `None` when it is settled or unknown.
    pub fn record(&self, chat: ChatId, id: &ClientMessageId) -> Option<Status> {
        let order = self.outbox.find(chat, id)?;
        self.outbox.items.get(&order).map(item_status)
    }

    /// The lines of the open chat that are in memory, oldest first, what is on its way last.
    pub fn timeline(&mut self) -> Vec<Shown> {
        let Some(timeline) = self.timeline.take() else { return Vec::new() };
        let chat = timeline.chat;
        let mut shown: Vec<Shown> = timeline.lines.values().map(|line| self.shown(line)).collect();
        let at_end = timeline.at_end();
        self.timeline = Some(timeline);
        for item in self.outbox.items.values().filter(|item| item.chat == chat) {
            match &item.record {
                Record::Message { content, reply_to } if at_end => {
                    shown.push(pending_message(self.me, item, content, *reply_to));
                }
                Record::Message { .. } => {}
                Record::Edit { target, .. } | Record::Delete { target } | Record::React { target, .. } => {
                    if let Ok(place) = shown.binary_search_by_key(&Some(*target), |line| line.seq)
                        && let Some(line) = shown.get_mut(place)
                    {
                        overlay(self.me, line, item);
                    }
                }
            }
        }
        shown
    }

    pub(super) fn shown(&mut self, line: &Line) -> Shown {
        let entry = &line.entry;
        let (body, reply_to) = match &entry.body {
            entry::Body::Message { reply_to, .. } => {
                let body = match line.content().map(|(entry, content)| self.seal.open(entry, content)) {
                    Some(Opened::Content(content)) => Body::Content(content),
                    Some(Opened::NotYet) => Body::NotYet,
                    Some(Opened::Unreadable(cause)) => Body::Unreadable(cause),
                    None => Body::Deleted,
                };
                (body, *reply_to)
            }
            other => (Body::Event(other.clone()), None),
        };
        Shown {
            seq: Some(entry.seq),
            id: entry.client_message_id.clone().filter(|_| entry.sender_id == self.me),
            sender: entry.sender_id,
            at_ms: entry.created_at.as_ms(),
            reply_to,
            body,
            edited: line.edited_at().is_some(),
            reactions: line.reactions(),
            status: self.status(entry),
            pending: Vec::new(),
        }
    }

    fn status(&self, entry: &Entry) -> Status {
        if entry.sender_id != self.me {
            return Status::Received;
        }
        let others = self.chats.get(&entry.chat_id).map(|chat| &chat.others);
        let marks =
            || others.into_iter().flat_map(|others| others.iter().filter(|(user, _)| **user != self.me));
        if marks().any(|(_, marks)| marks.read >= entry.seq) {
            Status::Read
        } else if marks().any(|(_, marks)| marks.delivered >= entry.seq) {
            Status::Delivered
        } else {
            Status::Sent
        }
    }
}

fn item_status(item: &Item) -> Status {
    match (&item.failed, item.acked) {
        (Some(failure), _) => Status::Failed(failure.clone()),
        (None, Some(_)) => Status::Sent,
        (None, None) => Status::Sending,
    }
}

fn pending_message(me: UserId, item: &Item, content: &Content, reply_to: Option<Seq>) -> Shown {
    Shown {
        seq: None,
        id: Some(item.id.clone()),
        sender: me,
        at_ms: item.at_ms,
        reply_to,
        body: Body::Content(content.clone()),
        edited: false,
        reactions: BTreeMap::new(),
        status: item_status(item),
        pending: Vec::new(),
    }
}

fn overlay(me: UserId, line: &mut Shown, item: &Item) {
    line.pending.push(Pending { id: item.id.clone(), failed: item.failed.clone() });
    if item.failed.is_some() {
        return;
    }
    match &item.record {
        Record::Edit { content, .. } if line.body != Body::Deleted => {
            line.body = Body::Content(content.clone());
            line.edited = true;
        }
        Record::Delete { .. } => {
            line.body = Body::Deleted;
            line.reactions.clear();
        }
        Record::React { key, on: true, .. } => {
            line.reactions.entry(key.clone()).or_default().insert(me);
        }
        Record::React { key, on: false, .. } => {
            if let Some(users) = line.reactions.get_mut(key) {
                users.remove(&me);
            }
            line.reactions.retain(|_, users| !users.is_empty());
        }
        Record::Edit { .. } | Record::Message { .. } => {}
    }
}
