//! Pages of messages, with what later entries made of each.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use chinwag_chat::View;
use chinwag_chat::stored::{ChatKey, chat_key};
use chinwag_ports::ledger::{Messages, Viewed, Window};
use chinwag_proto::{Body, ChatId, Entry, Seq};

use super::error::StoreError;
use super::history::{ChatRow, History, decode, gap};
use super::pages::{Bounds, Draft, Pages, Room, bytes};
use super::spine::ChunkRef;
use super::tail::{ChatTail, shown};

impl Pages<'_> {
    /// A page of messages.
    pub(super) fn messages(
        self,
        chat: ChatId,
        window: Window,
        since: Seq,
        bounds: Bounds,
    ) -> Result<Messages, StoreError> {
        let draft = self.steadily(|| match window {
            Window::Offset(offset) => self.newest(chat, offset, since, bounds),
            Window::Before(seq) => self.before(chat, seq, since, bounds),
            Window::After(seq) => self.after(chat, seq, since, bounds),
        })?;
        let mut messages = draft.items;
        messages.sort_by_key(|viewed| Reverse(viewed.entry.seq));
        Ok(Messages { messages, head: draft.head })
    }

    /// The newest messages, less `offset` of them.
    fn newest(
        self,
        chat: ChatId,
        offset: u64,
        since: Seq,
        bounds: Bounds,
    ) -> Result<Draft<Viewed>, StoreError> {
        let row = History(self.chunks).chat(chat)?;
        let last = self.tail.read().chat(chat).and_then(|tail| tail.last().map(|last| last.head));
        let Some(head) = last.or(row.as_ref().map(|row| row.head)) else {
            return Ok(Draft { items: Vec::new(), head: Seq::ZERO });
        };
        let Some(number) = head.n.checked_sub(offset).filter(|number| *number > 0) else {
            return Ok(Draft { items: Vec::new(), head: head.seq });
        };
        self.downwards(
            chat,
            row.as_ref(),
            From { head: head.seq, below: head.seq.next(), number },
            since,
            bounds,
        )
    }

    fn before(self, chat: ChatId, seq: Seq, since: Seq, bounds: Bounds) -> Result<Draft<Viewed>, StoreError> {
        let row = History(self.chunks).chat(chat)?;
        let (_, head) = self.edges(chat);
        let head = head.or(row.as_ref().map(|row| row.head.seq)).unwrap_or_default();
        let below = seq.min(head.next());
        self.downwards(chat, row.as_ref(), From { head, below, number: u64::MAX }, since, bounds)
    }

    /// Messages from a place down to `since`, newest first.
    fn downwards(
        self,
        chat: ChatId,
        row: Option<&ChatRow>,
        from: From,
        since: Seq,
        bounds: Bounds,
    ) -> Result<Draft<Viewed>, StoreError> {
        let mut page = Page { pages: self, chat, room: Room::new(bounds), items: Vec::new() };
        let mut below = from.below;
        {
            let tail = self.tail.read();
            if let Some(tail) = tail.chat(chat) {
                let messages = tail.below(from.below).filter(|entry| is_message(&entry.entry));
                for entry in messages.filter(|entry| entry.entry.n <= from.number) {
                    if entry.entry.seq < since || !page.unfolded(tail, &entry.entry) {
                        return Ok(page.done(from.head));
                    }
                }
                below = below.min(tail.first());
            }
        }
        if let Some(row) = row {
            page.folded_downwards(row, below, from.number, since)?;
        }
        Ok(page.done(from.head))
    }

    /// The messages next above a seq.
    fn after(self, chat: ChatId, seq: Seq, since: Seq, bounds: Bounds) -> Result<Draft<Viewed>, StoreError> {
        let row = History(self.chunks).chat(chat)?;
        let (first, head) = self.edges(chat);
        let head = head.or(row.as_ref().map(|row| row.head.seq)).unwrap_or_default();
        let after = seq.max(since.prev());
        let mut page = Page { pages: self, chat, room: Room::new(bounds), items: Vec::new() };
        if let Some(row) = &row {
            let folded_end = row.head.seq.get() + 1;
            page.folded_upwards(row, after, first.map_or(folded_end, |first| first.get().min(folded_end)))?;
        }
        let tail = self.tail.read();
        if let Some(tail) = tail.chat(chat) {
            let above = tail.above(after).take_while(|entry| entry.entry.seq <= head);
            for entry in above.filter(|entry| is_message(&entry.entry)) {
                if page.room.is_full() || !page.unfolded(tail, &entry.entry) {
                    break;
                }
            }
        }
        Ok(page.done(head))
    }
}

/// Where a page of messages begins.
#[derive(Clone, Copy)]
struct From {
    head: Seq,
    /// Below this seq.
    below: Seq,
    /// Up to this message number of the chat.
    number: u64,
}

/// A page of messages in the making.
struct Page<'a> {
    pages: Pages<'a>,
    chat: ChatId,
    room: Room,
    items: Vec<Viewed>,
}

impl Page<'_> {
    fn done(self, head: Seq) -> Draft<Viewed> {
        Draft { items: self.items, head }
    }

    /// Adds a message of the tail: all that touches it is in the tail too.
    fn unfolded(&mut self, tail: &ChatTail, entry: &Arc<Entry>) -> bool {
        let mut view = View::default();
        tail.overlay(entry.seq, &mut view);
        self.push(shown(entry, view.deleted.is_some()), view)
    }

    fn push(&mut self, entry: Arc<Entry>, view: View) -> bool {
        let edit = view.last_edit.as_ref().and_then(|(_, content)| content.as_ref());
        let fits = self.room.take(bytes(&entry) + edit.map_or(0, |content| content.json().len()));
        if fits {
            self.items.push(Viewed { entry, view: Arc::new(view) });
        }
        fits
    }

    /// Adds messages below a seq and up to a message number, newest first. Chunks without messages are
    /// passed over unread.
    fn folded_downwards(
        &mut self,
        row: &ChatRow,
        below: Seq,
        number: u64,
        since: Seq,
    ) -> Result<(), StoreError> {
        let history = History(self.pages.chunks);
        let mut below = below.min(row.head.seq.next());
        if number < row.spine.messages_up_to_end() {
            match history.chunk_of_message(self.chat, row, number)? {
                Some(at) => below = below.min(Seq::clamped(at.end())),
                None => return Ok(()),
            }
        }
        while below > since.max(Seq::ZERO.next()) {
            let block = history.block(self.chat, row, below.prev())?;
            for at in block.chunks.iter().rev().filter(|at| at.first < below && at.messages > 0) {
                if at.end() <= since.get() {
                    return Ok(());
                }
                let range = since.max(at.first)..Seq::clamped(below.get().min(at.end()));
                let mut found = self.messages_of(at, range, number)?;
                while let Some((entry, view)) = found.pop() {
                    if !self.push(entry, view) {
                        return Ok(());
                    }
                }
            }
            if block.first >= below {
                return Err(gap(self.chat, below.prev()));
            }
            below = block.first;
        }
        Ok(())
    }

    /// Adds messages above a seq and below `end`, oldest first.
    fn folded_upwards(&mut self, row: &ChatRow, after: Seq, end: u64) -> Result<(), StoreError> {
        let history = History(self.pages.chunks);
        let mut next = after.get() + 1;
        while next < end {
            let block = history.block(self.chat, row, Seq::clamped(next))?;
            for at in block.chunks.iter().filter(|at| at.end() > next && at.messages > 0) {
                let range = Seq::clamped(next).max(at.first)..Seq::clamped(end.min(at.end()));
                for (entry, view) in self.messages_of(at, range, u64::MAX)? {
                    if !self.push(entry, view) {
                        return Ok(());
                    }
                }
            }
            if block.end() <= next {
                return Err(gap(self.chat, Seq::clamped(next)));
            }
            next = block.end();
        }
        Ok(())
    }

    /// The messages of a chunk within a range and up to a number, oldest first, as they stand now.
    fn messages_of(
        &self,
        at: &ChunkRef,
        range: Range<Seq>,
        number: u64,
    ) -> Result<Vec<(Arc<Entry>, View)>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let history = History(self.pages.chunks);
        let key: ChatKey = chat_key(self.chat);
        let chunk = history.chunk(&key, at)?;
        let views = history.views(self.chat, range.start..=range.end.prev())?;
        let mut views: BTreeMap<Seq, View> = views.into_iter().collect();
        let mut found = Vec::new();
        for seq in (range.start.get()..range.end.get()).map(Seq::clamped) {
            let accepted = decode(&key, at, &chunk, seq)?;
            if is_message(&accepted.entry) && accepted.entry.n <= number {
                let mut view = views.remove(&seq).unwrap_or_default();
                self.complete(seq, &mut view)?;
                let entry = Arc::new(accepted.entry);
                found.push((shown(&entry, view.deleted.is_some()), view));
            }
        }
        Ok(found)
    }

    /// Adds to a folded view row what the tail knows, and the content of the last edit.
    fn complete(&self, seq: Seq, view: &mut View) -> Result<(), StoreError> {
        if let Some(tail) = self.pages.tail.read().chat(self.chat) {
            tail.overlay(seq, view);
        }
        let missing = matches!(view.last_edit, Some((_, None))) && view.deleted.is_none();
        let last = view.edits.last().copied().filter(|_| missing);
        if let Some(last) = last
            && let Some(edit) = History(self.pages.chunks).accepted(self.chat, last)?
            && let (Body::Edit { content, .. }, Some((_, missing))) = (edit.entry.body, &mut view.last_edit)
        {
            *missing = content;
        }
        Ok(())
    }
}

fn is_message(entry: &Entry) -> bool {
    matches!(entry.body, Body::Message { .. })
}
