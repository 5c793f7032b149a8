//! A copy of the engine's state for the screen, made under its lock.

use std::collections::BTreeMap;

use chinwag_client::{Chat, Connection, Engine, Stop};
use chinwag_client_native::{Client, View, clock};
use chinwag_proto::{Body, ChatId, Seq, UserId};
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::data::{Conversation, Data, Link, Names, Preview, Row};

/// What a copy needs beside the engine.
pub(super) struct Snapshots {
    pub(super) client: Client,
    pub(super) zone: TimeZone,
    /// When the engine's own clock began.
    pub(super) begin: Instant,
}

impl Snapshots {
    /// The state as it is now. `names` is handed on.
    pub(super) fn take(&self, names: Names) -> Data {
        let now_ms = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let me = self.client.me();
        self.client.read(|engine| Data {
            me,
            now_ms: clock::wall_ms(),
            zone: self.zone.clone(),
            link: link(engine.connection(), now_ms),
            trouble: self.client.trouble(),
            listed: engine.is_listed(),
            unsettled: engine.unsettled(),
            chats: rows(engine),
            open: conversation(engine),
            presence: presence(engine, me),
            names,
        })
    }
}

fn link(connection: Connection, now_ms: u64) -> Link {
    match connection {
        Connection::Connecting => Link::Connecting,
        Connection::Online => Link::Online,
        Connection::Waiting { until_ms } => Link::Waiting(until_ms.saturating_sub(now_ms).div_ceil(1_000)),
        Connection::Stopped(Stop::NotStarted) => Link::Stopped(Stop::NotStarted),
        Connection::Stopped(why) => Link::Stopped(why),
    }
}

fn rows(engine: &Engine) -> Vec<Row> {
    let shown = |(id, _): &(ChatId, &Chat)| !matches!(id, ChatId::Inbox(_));
    engine.chats().into_iter().filter(shown).map(|(id, chat)| row(engine, id, chat)).collect()
}

fn row(engine: &Engine, id: ChatId, chat: &Chat) -> Row {
    let preview = chat.preview.as_ref().and_then(|entry| match &entry.body {
        Body::Message { content, .. } => Some(Preview {
            sender: entry.sender_id,
            text: content.as_ref().map(chinwag_proto::Content::fallback),
        }),
        _ => None,
    });
    Row {
        id,
        title: chat.title.as_ref().map(ToString::to_string),
        role: chat.role,
        members: chat.members,
        unread: chat.unread(),
        read: chat.read,
        first: chat.first.max(Seq::ZERO.next()),
        last: chat.last,
        pinned: chat.pinned,
        muted: chat.muted,
        gone: chat.gone,
        last_at_ms: chat.last_at.as_ms(),
        preview,
        draft: chat.draft.clone(),
        typing: engine.typing(id),
    }
}

fn conversation(engine: &mut View<'_>) -> Option<Conversation> {
    let window = engine.window()?;
    let lines = engine.timeline();
    Some(Conversation { chat: window.chat, lines, above: window.above, below: window.below })
}

fn presence(engine: &Engine, me: UserId) -> BTreeMap<UserId, chinwag_proto::frame::PresenceStatus> {
    let peers = engine.chats().into_iter().filter_map(|(id, _)| id.peer(me));
    peers.filter_map(|peer| Some((peer, engine.presence(peer)?.clone()))).collect()
}
