//! The open chat: loaded from the store stretch by stretch, and below what is held, from the server.

use chinwag_proto::frame::{ErrorFrame, Page, Sync, Tag};
use chinwag_proto::{ChatId, ClientFrame, Entry, Seq};

use super::frames::is_passing;
use super::{Asked, Engine, Reading};
use crate::event::{Change, Now};
use crate::fold;
use crate::store::{self, Row};
use crate::timeline::{STRETCH, Timeline};

/// Seqs that one look covers.
const LOOK_MAX: u64 = 200;

/// A stretch of history that is being fetched: all of it is kept at once, so that what is held has no hole.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) chat: ChatId,
    /// Everything above this and below what is held is wanted.
    after: Seq,
    /// The pages so far.
    entries: Vec<Entry>,
    begins: bool,
}

impl Engine {
    pub(super) fn open(&mut self, chat: Option<ChatId>) {
        self.fill = None;
        self.timeline = chat.map(|id| {
            let last = self.chats.get(&id).map_or(Seq::ZERO, |chat| chat.last);
            Timeline::new(id, last)
        });
        self.load_older();
        if let Some(chat) = chat {
            self.changed(Change::Timeline(chat));
        }
    }

    /// Shows the open chat around a seq.
    pub(super) fn open_at(&mut self, seq: Seq) {
        let Some(chat) = self.timeline.as_ref().map(|timeline| timeline.chat) else { return };
        self.fill = None;
        let last = self.chats.get(&chat).map_or(Seq::ZERO, |chat| chat.last);
        self.timeline = Some(Timeline::around(chat, last, seq));
        self.load_older();
        self.changed(Change::Timeline(chat));
    }

    /// The next older stretch, out of the store if it is held.
    pub(super) fn load_older(&mut self) {
        let number = self.next_number();
        let Some(timeline) = &mut self.timeline else { return };
        let id = timeline.chat;
        let (first, last) = self.chats.get(&id).map_or((Seq::ZERO.next(), Seq::ZERO), |c| (c.first, c.last));
        if let Some(ranges) = timeline.older(number, first, last) {
            self.load(number, ranges, Reading::Timeline);
        } else if !timeline.is_loading() && timeline.low() <= first {
            self.fetch_older(id);
        }
    }

    pub(super) fn load_newer(&mut self) {
        let number = self.next_number();
        let Some(timeline) = &mut self.timeline else { return };
        let last = self.chats.get(&timeline.chat).map_or(Seq::ZERO, |chat| chat.last);
        if let Some(ranges) = timeline.newer(number, last) {
            self.load(number, ranges, Reading::Timeline);
        }
    }

    pub(super) fn on_timeline_loaded(&mut self, number: u64, rows: &[Row]) {
        let Some(timeline) = &mut self.timeline else { return };
        let chat = timeline.chat;
        if timeline.on_loaded(number, rows) {
            let few = timeline.lines.len() < 20 && timeline.at_end();
            self.changed(Change::Timeline(chat));
            if few {
                self.load_older();
            }
        }
    }

    /// Lines of a chat that need not be open.
    pub(super) fn look(&mut self, ticket: u64, id: ChatId, from: Seq, to: Seq) {
        let held = self.chats.get(&id).map(|chat| (chat.first.max(from), chat.last.min(to)));
        let Some((from, to)) = held.filter(|(from, to)| from <= to) else {
            return self.changed(Change::Looked { ticket, lines: Vec::new() });
        };
        let to = to.min(Seq::clamped(from.get() + LOOK_MAX - 1));
        let number = self.next_number();
        self.load(
            number,
            vec![store::entries(id, from, to), store::amends(id, from, to)],
            Reading::Look(ticket, id, from),
        );
    }

    pub(super) fn on_looked(&mut self, ticket: u64, id: ChatId, from: Seq, rows: &[Row]) {
        let (mut lines, amends) = fold::lines(rows.iter().map(|(_, value)| value.as_str()));
        for amend in &amends {
            if let Some(line) = fold::target(amend).and_then(|target| lines.get_mut(&target)) {
                line.fold(amend);
            }
        }
        // What was dropped during the load is not shown.
        let first = self.chats.get(&id).map_or(from, |chat| chat.first);
        let lines =
            lines.values().filter(|line| line.entry.seq >= first).map(|line| self.shown(line)).collect();
        self.changed(Change::Looked { ticket, lines });
    }

    fn fetch_older(&mut self, id: ChatId) {
        let Some(chat) = self.chats.get(&id).filter(|chat| chat.has_older()) else { return };
        if self.fill.is_some() || !self.link.is_online() {
            return;
        }
        let after = Seq::clamped(chat.first.get().saturating_sub(1 + STRETCH));
        self.fill = Some(Fill { chat: id, after, entries: Vec::new(), begins: after == Seq::ZERO });
        self.fetch(id, after);
    }

    fn fetch(&mut self, chat_id: ChatId, after: Seq) {
        let id = self.ask(Asked::Fill);
        let limit = u32::try_from(STRETCH).ok();
        self.send(ClientFrame::Sync(Sync { tag: Tag, id, chat_id, after, limit }));
    }

    pub(super) fn on_fill_page(&mut self, now: Now, page: Page) {
        let Some(mut fill) = self.fill.take_if(|fill| fill.chat == page.chat_id) else { return };
        let Some(first) = self.chats.get(&fill.chat).map(|chat| chat.first) else { return };
        let expected = fill.entries.last().map_or(fill.after, |entry| entry.seq).next();
        let Some(begins_at) = page.entries.first().map(|entry| entry.seq) else { return };
        let whole = page.entries.iter().zip(page.entries.iter().skip(1)).all(|(a, b)| b.seq == a.seq.next());
        if !whole || begins_at < expected || (begins_at > expected && !fill.entries.is_empty()) {
            return self.give_up(now);
        }
        fill.begins |= begins_at > expected;
        let reached = page.entries.last().is_some_and(|entry| entry.seq >= first.prev());
        fill.entries.extend(page.entries.into_iter().filter(|entry| entry.seq < first));
        if reached {
            return self.keep_fill(fill, first);
        }
        let after = fill.entries.last().map_or(fill.after, |entry| entry.seq);
        let chat = fill.chat;
        self.fill = Some(fill);
        self.fetch(chat, after);
    }

    fn keep_fill(&mut self, fill: Fill, first: Seq) {
        for entry in &fill.entries {
            self.keep(entry);
        }
        let Some(chat) = self.chats.get_mut(&fill.chat) else { return };
        chat.begins |= fill.begins;
        if let Some(entry) = fill.entries.first() {
            chat.first = entry.seq;
            self.add_job((fill.chat, entry.seq, first.prev()));
        }
        self.touch(fill.chat);
        if self.timeline.as_ref().is_some_and(|timeline| timeline.chat == fill.chat) {
            if fill.entries.is_empty() {
                return self.changed(Change::Timeline(fill.chat));
            }
            self.load_older();
        }
    }

    pub(super) fn on_fill_refused(&mut self, now: Now, error: &ErrorFrame) {
        self.fill = None;
        if is_passing(error.code) {
            // The screen asks again; meanwhile the server is left alone.
            self.pause(now, error.retry_after_ms);
        }
    }
}
