//! What the user wants.

use chinwag_proto::frame::{Active, Open, Tag, Watch};
use chinwag_proto::{ChatId, ClientFrame, ClientMessageId, Content, Limits, Seq};

use super::Engine;
use crate::chat::Chat;
use crate::event::{Change, Connection, Now, Record, Refusal, Stop, Wish};
use crate::outbox::{Item, State};
use crate::seal::News;

/// Users of one `watch` frame (protocol §2).
const WATCHED_MAX: usize = 200;
/// Bytes of a draft; what is longer keeps its beginning.
const DRAFT_MAX: usize = 64 * 1024;

impl Engine {
    pub(super) fn on_wish(&mut self, now: Now, wish: Wish) {
        match wish {
            Wish::Record { chat, id, at_ms, record } => self.put(chat, id, at_ms, record),
            Wish::Retry { chat, id, fresh } => self.retry(chat, &id, fresh),
            Wish::Discard { chat, id } => self.discard(chat, &id),
            Wish::Draft { chat, text } => self.draft(chat, text),
            Wish::Pin { chat, on } => self.set(chat, |chat| chat.pinned = on),
            Wish::Mute { chat, on } => self.set(chat, |chat| chat.muted = on),
            Wish::Open(chat) => {
                if self.link.is_online() {
                    self.send(ClientFrame::Open(Open { tag: Tag, chat_id: chat }));
                }
                self.open(chat);
            }
            Wish::Older => self.load_older(),
            Wish::Newer => self.load_newer(),
            Wish::Newest => {
                let chat = self.timeline.as_ref().map(|timeline| timeline.chat);
                self.open(chat);
            }
            Wish::At(seq) => self.open_at(seq),
            Wish::Read { chat, seq } => {
                let last = self.chats.get(&chat).map_or(Seq::ZERO, |chat| chat.last);
                if self.read(chat, seq.min(last)) {
                    self.mark(now, chat);
                }
            }
            Wish::Typing { chat, on } => self.types(now, chat, on),
            Wish::Active(on) => {
                self.live.active = on;
                if self.link.is_online() {
                    self.send(ClientFrame::Active(Active { tag: Tag, on }));
                }
            }
            Wish::Watch(mut users) => {
                users.truncate(WATCHED_MAX);
                self.live.presence.retain(|user, _| users.contains(user));
                self.live.watched.clone_from(&users);
                if self.link.is_online() {
                    self.send(ClientFrame::Watch(Watch { tag: Tag, users }));
                }
            }
            Wish::Search { ticket, query } => self.search(ticket, &query),
            Wish::Look { ticket, chat, from, to } => self.look(ticket, chat, from, to),
            Wish::Seal(wish) => self.seal.on(now, News::Wish(&wish)),
            Wish::Connect => {
                if self.link.connection != Connection::Stopped(Stop::Store) {
                    self.connect();
                }
            }
            Wish::Disconnect => {
                self.disconnect();
                self.stop(Stop::NotStarted);
            }
        }
    }

    fn put(&mut self, chat: ChatId, id: ClientMessageId, at_ms: i64, record: Record) {
        let refusal = if self.link.connection == Connection::Stopped(Stop::Store) {
            Some(Refusal::NoStore)
        } else if self.outbox.is_full() {
            Some(Refusal::Full)
        } else if self.outbox.find(chat, &id).is_some() {
            Some(Refusal::Used)
        } else if !fits(&record) {
            Some(Refusal::Content)
        } else {
            None
        };
        if let Some(why) = refusal {
            return self.changed(Change::Refused { id, why });
        }
        let batch = self.next_batch();
        let plain = matches!(record, Record::Delete { .. });
        let state = if plain { State::Storing(batch) } else { State::Unsealed };
        let message = matches!(record, Record::Message { .. });
        let item =
            Item { chat, id, at_ms, record, sealed: None, acked: None, failed: None, sent: false, state };
        let order = self.outbox.push(item);
        self.keep_item(order);
        if message && self.chats.get(&chat).is_some_and(|chat| !chat.draft.is_empty()) {
            self.draft(chat, String::new());
        }
    }

    fn draft(&mut self, chat: ChatId, mut text: String) {
        let mut end = text.len().min(DRAFT_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        self.set(chat, |chat| chat.draft = text);
    }

    /// Changes something of a chat; a direct one may not exist yet.
    fn set(&mut self, id: ChatId, change: impl FnOnce(&mut Chat)) {
        if matches!(id, ChatId::Direct(..)) && id.names(self.me) {
            self.chats.entry(id).or_insert_with(|| Chat::after(Seq::ZERO));
        }
        if let Some(chat) = self.chats.get_mut(&id) {
            change(chat);
            self.touch(id);
        }
    }
}

/// Whether the server would take the content by its default limits.
fn fits(record: &Record) -> bool {
    let check = |content: &Content| Content::check(content.raw(), &Limits::default()).is_ok();
    match record {
        Record::Message { content, .. } | Record::Edit { content, .. } => check(content),
        Record::Delete { .. } | Record::React { .. } => true,
    }
}
