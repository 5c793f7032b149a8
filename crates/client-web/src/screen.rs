//! One screen: what it looks at, and what it has not been told yet.

use std::collections::BTreeSet;

use chinwag_client::{Change, Engine, Shown};
use chinwag_proto::frame::PresenceStatus;
use chinwag_proto::{ChatId, ClientMessageId, Seq, UserId};
use serde::Serialize;

use crate::patch::{Part, patch};
use crate::shown::{ChatShown, ConnectionShown, FailureShown, LineShown};

/// News that wait for a screen that does not ask for them; the oldest are dropped then.
const NEWS_MAX: usize = 10_000;

/// What happens once and is no state.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum News {
    Notify { chat_id: ChatId, seq: Seq },
    Settled { chat_id: ChatId, id: ClientMessageId, seq: Seq },
    Failed { chat_id: ChatId, id: ClientMessageId, failure: FailureShown<'static> },
    Refused { id: ClientMessageId, why: &'static str },
    Found { ticket: u64, hits: Vec<Hit> },
    Looked { ticket: u64, lines: Box<serde_json::value::RawValue> },
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hit {
    pub(crate) chat_id: ChatId,
    pub(crate) seq: Seq,
}

/// Lines as JSON, for a screen.
pub(crate) fn raw(lines: &[Shown]) -> Option<Box<serde_json::value::RawValue>> {
    let lines: Vec<LineShown<'_>> = lines.iter().map(LineShown::of).collect();
    serde_json::value::to_raw_value(&lines).ok()
}

#[derive(Default)]
pub(crate) struct Screen {
    pub(crate) open: Option<ChatId>,
    pub(crate) active: bool,
    pub(crate) watched: Vec<UserId>,
    lines: Vec<Shown>,
    order: Vec<ChatId>,
    unsettled: usize,
    connection: bool,
    list: bool,
    presence: bool,
    chats: BTreeSet<ChatId>,
    timeline: bool,
    typing: BTreeSet<ChatId>,
    news: Vec<News>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<bool>,
    unsettled: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chats: Vec<ChatShown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<&'a [ChatId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<TimelineShown<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    typing: Vec<TypingShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<Vec<&'a PresenceStatus>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    news: Vec<News>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimelineShown<'a> {
    chat_id: Option<ChatId>,
    above: bool,
    below: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Part<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypingShown {
    chat_id: ChatId,
    users: Vec<UserId>,
}

impl Screen {
    /// One that has to be told everything.
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            connection: true,
            list: true,
            presence: true,
            chats: engine.chats().into_iter().map(|(id, _)| id).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn open(&mut self, chat: Option<ChatId>) {
        if self.open != chat {
            self.open = chat;
            self.lines.clear();
        }
        self.timeline = true;
    }

    /// Something that it may show is different.
    pub(crate) fn note(&mut self, change: &Change) {
        match change {
            Change::Connection => self.connection = true,
            Change::Listed => self.list = true,
            Change::Presence => self.presence = true,
            Change::Typing(chat) => {
                self.typing.insert(*chat);
            }
            Change::Chat(chat) => {
                self.chats.insert(*chat);
            }
            Change::Timeline(chat) => self.timeline |= self.open == Some(*chat),
            // The core makes news of these, for the screens that they concern.
            _ => {}
        }
    }

    pub(crate) fn tell(&mut self, news: News) {
        if self.news.len() >= NEWS_MAX {
            self.news.remove(0);
        }
        self.news.push(news);
    }

    fn is_current(&self, engine: &Engine) -> bool {
        let still = self.unsettled == engine.unsettled()
            && !(self.connection || self.list || self.presence || self.timeline);
        still && self.chats.is_empty() && self.typing.is_empty() && self.news.is_empty()
    }

    /// What it has not been told. `at`: the chat that the engine shows.
    pub(crate) fn update(
        &mut self,
        me: UserId,
        engine: &mut Engine,
        at: Option<ChatId>,
    ) -> Result<Option<String>, serde_json::Error> {
        if self.is_current(engine) {
            return Ok(None);
        }
        let mine = std::mem::take(&mut self.timeline) && at == self.open;
        let lines = if mine { engine.timeline() } else { Vec::new() };
        let parts = if mine { patch(&self.lines, &lines) } else { None };
        let touched = std::mem::take(&mut self.chats);
        let listed: Vec<_> =
            engine.chats().into_iter().filter(|(id, _)| !matches!(id, ChatId::Inbox(_))).collect();
        let order: Vec<ChatId> = listed.iter().map(|(id, _)| *id).collect();
        let moved = order != self.order;
        let update = Update {
            connection: std::mem::take(&mut self.connection).then(|| engine.connection().into()),
            listed: std::mem::take(&mut self.list).then(|| engine.is_listed()),
            unsettled: engine.unsettled(),
            chats: listed
                .iter()
                .filter(|(id, _)| touched.contains(id))
                .map(|(id, chat)| ChatShown::of(me, *id, chat))
                .collect(),
            order: moved.then_some(&*order),
            timeline: mine.then_some(TimelineShown {
                chat_id: self.open,
                above: engine.window().is_some_and(|window| window.above),
                below: engine.window().is_some_and(|window| window.below),
                lines: parts,
            }),
            typing: std::mem::take(&mut self.typing)
                .into_iter()
                .map(|chat_id| TypingShown { chat_id, users: engine.typing(chat_id) })
                .collect(),
            presence: std::mem::take(&mut self.presence)
                .then(|| self.watched.iter().filter_map(|user| engine.presence(*user)).collect()),
            news: std::mem::take(&mut self.news),
        };
        let text = serde_json::to_string(&update)?;
        if mine {
            self.lines = lines;
        }
        self.order = order;
        self.unsettled = engine.unsettled();
        Ok(Some(text))
    }
}
