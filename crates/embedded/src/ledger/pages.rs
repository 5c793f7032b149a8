//! What readers get: pages of entries and of messages, put together from the tail and the chunks.
//!
//! While entries move from the tail to the chunks they are in both. A page first takes what the tail has,
//! then the chunks, then looks whether entries have begun to leave the tail meanwhile: if so it begins
//! again, and so it never misses an entry, a deletion or a reaction that was there when it began.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_chat::stored::{ChatKey, chat_key};
use chinwag_chat::{Head, View};
use chinwag_ports::ledger::{Entries, Messages, Snapshot, Viewed, Window};
use chinwag_proto::{Body, ChatId, Entry, Seq};
use rusqlite::Connection;

use super::error::{InFile, StoreError};
use super::history::{ChatRow, History, decode, gap};
use super::schema::CHUNKS;
use super::spine::ChunkRef;
use super::tail::{ChatTail, SharedTail, Tail, shown};

/// What an entry costs a page beside its content.
const ENTRY_BYTES: usize = 256;
/// So often a page is begun again before it holds the tail still for as long as it reads.
const TRIES: usize = 3;

/// What a page may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) limit: usize,
    pub(super) bytes_max: usize,
}

/// Counts what a page has taken.
struct Room {
    left: usize,
    bytes_left: usize,
    first: bool,
}

impl Room {
    fn new(bounds: Bounds) -> Self {
        Self { left: bounds.limit, bytes_left: bounds.bytes_max, first: true }
    }

    /// Whether there is room for so many bytes more, and takes it; the first always has.
    fn take(&mut self, bytes: usize) -> bool {
        if self.left == 0 || (!self.first && bytes > self.bytes_left) {
            self.left = 0;
            return false;
        }
        self.first = false;
        self.left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        true
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }
}

/// Reads through one connection.
#[derive(Clone, Copy)]
pub(super) struct Pages<'a> {
    pub(super) chunks: &'a Connection,
    pub(super) tail: &'a SharedTail,
}

/// A page in the making, with what was found of the tail.
struct Draft<T> {
    items: Vec<T>,
    head: Seq,
}

impl Pages<'_> {
    /// Head and state of a chat.
    pub(super) fn snapshot(self, chat: ChatId) -> Result<Option<Snapshot>, StoreError> {
        if let Some(snapshot) = snapshot_of_tail(&self.tail.read(), chat) {
            return Ok(Some(snapshot));
        }
        let history = History(self.chunks);
        let Some(row) = history.chat(chat)? else { return Ok(None) };
        let state = Arc::new(history.state(chat, &row.head)?);
        Ok(Some(Snapshot { head: row.head, state }))
    }

    /// The heads of chats, in the order asked.
    pub(super) fn heads(self, chats: &[ChatId]) -> Result<Vec<Option<Head>>, StoreError> {
        let history = History(self.chunks);
        let head = |chat: &ChatId| {
            let near = self.tail.read().chat(*chat).and_then(|tail| tail.last().map(|last| last.head));
            match near {
                Some(head) => Ok(Some(head)),
                None => Ok(history.chat(*chat)?.map(|row| row.head)),
            }
        };
        chats.iter().map(head).collect()
    }

    /// One entry.
    pub(super) fn entry(self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, StoreError> {
        self.steadily(|| {
            if let Some(found) = entry_of_tail(&self.tail.read(), chat, seq) {
                return Ok(Some(found));
            }
            Ok(History(self.chunks).accepted(chat, seq)?.map(|found| Arc::new(found.entry)))
        })
        .map(|found| found.map(|entry| self.veiled(chat, entry)))
    }

    /// The entry as it stands after the deletions in the tail.
    fn veiled(self, chat: ChatId, entry: Arc<Entry>) -> Arc<Entry> {
        let hidden = self.tail.read().chat(chat).is_some_and(|tail| tail.hides(&entry));
        shown(&entry, hidden)
    }

    /// Reads until no entry has begun to leave the tail meanwhile.
    fn steadily<T>(self, mut read: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
        for _ in 0..TRIES {
            let generation = self.tail.read().generation();
            let transaction = self.chunks.unchecked_transaction().file(CHUNKS)?;
            let found = read();
            drop(transaction);
            if self.tail.read().generation() == generation {
                return found;
            }
        }
        let _still = self.tail.hold();
        read()
    }

    /// Entries after a seq, oldest first.
    pub(super) fn entries(self, chat: ChatId, after: Seq, bounds: Bounds) -> Result<Entries, StoreError> {
        let draft = self.steadily(|| {
            let (first, head) = self.edges(chat);
            let history = History(self.chunks);
            let row = history.chat(chat)?;
            let head = head.or(row.as_ref().map(|row| row.head.seq)).unwrap_or_default();
            let mut draft = Draft { items: Vec::new(), head };
            let mut room = Room::new(bounds);
            if let Some(row) = &row {
                let end =
                    first.map_or(row.head.seq.get() + 1, |first| first.get().min(row.head.seq.get() + 1));
                self.forwards(chat, row, after, end, |entry| {
                    let fits = room.take(bytes(&entry));
                    if fits {
                        draft.items.push(Arc::new(entry));
                    }
                    fits
                })?;
            }
            let tail = self.tail.read();
            let Some(tail) = tail.chat(chat) else { return Ok(draft) };
            for item in &mut draft.items {
                *item = shown(item, tail.hides(item));
            }
            let reached = draft.items.last().map_or(after, |last| last.seq);
            let next = tail.above(reached).take_while(|entry| entry.entry.seq <= draft.head);
            for entry in next {
                let item = shown(&entry.entry, tail.hides(&entry.entry));
                if room.is_full() || !room.take(bytes(&item)) {
                    break;
                }
                draft.items.push(item);
            }
            Ok(draft)
        })?;
        Ok(Entries { entries: draft.items, head: draft.head })
    }

    /// The first seq of a chat in the tail and the head there.
    fn edges(self, chat: ChatId) -> (Option<Seq>, Option<Seq>) {
        let tail = self.tail.read();
        let tail = tail.chat(chat);
        (tail.map(ChatTail::first), tail.and_then(ChatTail::last).map(|last| last.entry.seq))
    }

    /// Gives the folded entries above `after` and below `end`, until `take` has enough.
    fn forwards(
        self,
        chat: ChatId,
        row: &ChatRow,
        after: Seq,
        end: u64,
        mut take: impl FnMut(Entry) -> bool,
    ) -> Result<(), StoreError> {
        let history = History(self.chunks);
        let key = chat_key(chat);
        let mut next = after.get() + 1;
        while next < end {
            let from = next;
            let block = history.block(chat, row, Seq::clamped(from))?;
            for at in block.chunks.iter().filter(|at| at.end() > from) {
                let chunk = history.chunk(&key, at)?;
                while next < at.end() {
                    let found = decode(&key, at, &chunk, Seq::clamped(next))?;
                    if next >= end || !take(found.entry) {
                        return Ok(());
                    }
                    next += 1;
                }
            }
            if next == from {
                return Err(gap(chat, Seq::clamped(next)));
            }
        }
        Ok(())
    }

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
        range: std::ops::Range<Seq>,
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

/// Head and state of a chat that has entries in the tail.
pub(super) fn snapshot_of_tail(tail: &Tail, chat: ChatId) -> Option<Snapshot> {
    let last = tail.chat(chat)?.last()?;
    Some(Snapshot { head: last.head, state: Arc::clone(&last.state) })
}

/// An entry that is in the tail, wiped if it was deleted.
pub(super) fn entry_of_tail(tail: &Tail, chat: ChatId, seq: Seq) -> Option<Arc<Entry>> {
    let tail = tail.chat(chat)?;
    let found = &tail.get(seq)?.entry;
    Some(shown(found, tail.hides(found)))
}

/// A page of entries that the tail alone can give.
pub(super) fn entries_of_tail(tail: &Tail, chat: ChatId, after: Seq, bounds: Bounds) -> Option<Entries> {
    let tail = tail.chat(chat).filter(|tail| tail.first() <= after.next())?;
    let head = tail.last()?.entry.seq;
    let mut room = Room::new(bounds);
    let shown = tail.above(after).map(|entry| shown(&entry.entry, tail.hides(&entry.entry)));
    let entries = shown.take_while(|entry| room.take(bytes(entry))).collect();
    Some(Entries { entries, head })
}

fn is_message(entry: &Entry) -> bool {
    matches!(entry.body, Body::Message { .. })
}

fn bytes(entry: &Entry) -> usize {
    let content = match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref(),
        Body::Mls { data, .. } | Body::Notice { data, .. } => Some(data),
        _ => None,
    };
    ENTRY_BYTES + content.map_or(0, |content| content.json().len())
}
