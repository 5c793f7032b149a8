//! Cursors, typing and presence: what does not last.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::entry::{Body, Entry};
use chinwag_proto::frame::{Cursors, Mark, PresenceFrame, PresenceStatus, Tag, Typing, TypingNotice};
use chinwag_proto::{ChatId, ClientFrame, Seq, UserId};

use super::{Engine, Reading};
use crate::event::{Change, Now, Timer};
use crate::store::{self, Row};

/// Own cursors are collected for this long.
const MARKS_MS: u64 = 300;
/// Cursors sent at once; the rest follows after another pause.
const MARKS_MAX: usize = 100;
/// Somebody who has said no more has stopped typing.
const TYPING_MS: u64 = 6_000;
/// The own typing is told again after this time.
const TYPING_AGAIN_MS: u64 = 3_000;
/// Users that may be seen typing at once.
const TYPING_MAX: usize = 1_000;

#[derive(Debug)]
pub(super) struct Live {
    /// Chats whose own cursors have moved.
    marks: BTreeSet<ChatId>,
    armed: bool,
    /// What was told on this connection: read, delivered.
    told: BTreeMap<ChatId, (Seq, Seq)>,
    pub(super) typing: BTreeMap<(ChatId, UserId), u64>,
    typed: Option<(ChatId, u64)>,
    pub(super) watched: Vec<UserId>,
    pub(super) presence: BTreeMap<UserId, PresenceStatus>,
    pub(super) active: bool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            marks: BTreeSet::new(),
            armed: false,
            told: BTreeMap::new(),
            typing: BTreeMap::new(),
            typed: None,
            watched: Vec::new(),
            presence: BTreeMap::new(),
            active: true,
        }
    }
}

impl Live {
    /// What was told on the connection may not have arrived.
    pub(super) fn broke(&mut self) {
        self.marks.extend(std::mem::take(&mut self.told).into_keys());
        self.armed = false;
        self.typing.clear();
        self.typed = None;
        self.presence.clear();
    }

    pub(super) fn stops_typing(&mut self, chat: ChatId, user: UserId) {
        self.typing.remove(&(chat, user));
    }
}

impl Engine {
    /// An own cursor has moved.
    pub(super) fn mark(&mut self, now: Now, chat: ChatId) {
        self.live.marks.insert(chat);
        self.arm_marks(now);
    }

    pub(super) fn arm_marks(&mut self, now: Now) {
        if self.link.is_online() && !self.live.armed && !self.live.marks.is_empty() {
            self.live.armed = true;
            self.set_timer(Timer::Marks, now.ms + MARKS_MS);
        }
    }

    /// Tells the server: `delivered` only of what is on disk here.
    pub(super) fn on_marks_due(&mut self, now: Now) {
        self.live.armed = false;
        if !self.link.is_online() {
            return;
        }
        let due: Vec<ChatId> = self.live.marks.iter().copied().take(MARKS_MAX).collect();
        for id in due {
            let Some(chat) = self.chats.get(&id) else { continue };
            if chat.raised_in > self.stored && !chat.gone {
                continue;
            }
            self.live.marks.remove(&id);
            if chat.gone {
                continue;
            }
            let (read, delivered) = (chat.read, chat.last);
            let told = self.live.told.entry(id).or_default();
            let before = *told;
            *told = (read.max(before.0), delivered.max(before.1).max(read));
            let after = *told;
            if read > before.0 {
                self.send(ClientFrame::Read(Mark { tag: Tag, chat_id: id, seq: read }));
            }
            if after.1 > before.1 && delivered > read {
                self.send(ClientFrame::Delivered(Mark { tag: Tag, chat_id: id, seq: delivered }));
            }
        }
        self.arm_marks(now);
    }

    /// The user has read this far, here or on another device.
    pub(super) fn read(&mut self, id: ChatId, seq: Seq) -> bool {
        let n = self.count_at(id, seq);
        let Some(chat) = self.chats.get_mut(&id) else { return false };
        if !chat.raise_read(seq, n) {
            return false;
        }
        if n.is_none() && seq < chat.last {
            let mut below = store::entries(id, Seq::ZERO, seq);
            (below.backwards, below.limit) = (true, 1);
            let mut above = store::entries(id, seq.next(), chat.last);
            above.limit = 1;
            let number = self.next_number();
            self.load(number, vec![below, above], Reading::Count(id, seq));
        }
        self.touch(id);
        true
    }

    pub(super) fn on_counted(&mut self, id: ChatId, seq: Seq, rows: &[Row]) {
        let nearest = rows.first().and_then(|(_, row)| serde_json::from_str::<Entry>(row).ok());
        let n = nearest.map(|entry| {
            let own = entry.seq > seq && matches!(entry.body, Body::Message { .. });
            entry.n.saturating_sub(u64::from(own))
        });
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.read == seq
            && n.is_some()
        {
            chat.n_read = n;
            self.touch(id);
        }
    }

    pub(super) fn on_cursors(&mut self, cursors: &Cursors) {
        let id = cursors.chat_id;
        for mark in &cursors.users {
            if mark.user_id == self.me {
                if let Some(read) = mark.read {
                    // Above head counts as head; what is not held yet is counted when it comes.
                    self.read(id, read);
                }
            } else if let Some(chat) = self.chats.get_mut(&id)
                && chat.on_mark(mark.user_id, mark.read, mark.delivered)
            {
                self.touch(id);
                self.changed(Change::Timeline(id));
            }
        }
    }

    pub(super) fn types(&mut self, now: Now, chat: ChatId, on: bool) {
        let told = self.live.typed.filter(|(typed, _)| *typed == chat);
        let fresh = told.is_none_or(|(_, at)| now.ms >= at + TYPING_AGAIN_MS);
        if !self.link.is_online() || (on && !fresh) || (!on && told.is_none()) {
            return;
        }
        self.live.typed = on.then_some((chat, now.ms));
        self.send(ClientFrame::Typing(Typing { tag: Tag, chat_id: chat, on }));
    }

    pub(super) fn on_typing(&mut self, now: Now, notice: &TypingNotice) {
        let place = (notice.chat_id, notice.user_id);
        if notice.on && self.live.typing.len() < TYPING_MAX {
            let until = now.ms + TYPING_MS;
            self.live.typing.insert(place, until);
            self.arm_typing();
        } else {
            self.live.typing.remove(&place);
        }
        self.changed(Change::Typing(notice.chat_id));
    }

    fn arm_typing(&mut self) {
        if let Some(until) = self.live.typing.values().min().copied() {
            self.set_timer(Timer::Typing, until);
        }
    }

    pub(super) fn on_typing_due(&mut self, now: Now) {
        let over = |until: &u64| *until <= now.ms;
        let places: Vec<_> =
            self.live.typing.iter().filter(|(_, until)| over(until)).map(|(p, _)| *p).collect();
        for place in places {
            self.live.typing.remove(&place);
            self.changed(Change::Typing(place.0));
        }
        self.arm_typing();
    }

    pub(super) fn on_presence(&mut self, frame: PresenceFrame) {
        for status in frame.users {
            if self.live.watched.contains(&status.user_id) {
                self.live.presence.insert(status.user_id, status);
            }
        }
        self.changed(Change::Presence);
    }
}
