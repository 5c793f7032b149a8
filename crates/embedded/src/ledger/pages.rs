//! What readers get: heads, states and pages of entries ([`super::messages`] of messages), put together from the tail and the chunks.
//!
//! While entries move from the tail to the chunks they are in both. A page first takes what the tail has,
//! then the chunks, then looks whether entries have left the tail meanwhile: if so it begins
//! again, and so it never misses an entry, a deletion or a reaction that was there when it began.

use std::sync::Arc;

use chinwag_chat::Head;
use chinwag_chat::stored::chat_key;
use chinwag_ports::ledger::{Entries, Snapshot};
use chinwag_proto::{Body, ChatId, Entry, Seq};
use rusqlite::Connection;

use super::error::{InFile, StoreError};
use super::history::{ChatRow, History, decode, gap};
use super::schema::CHUNKS;
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
pub(super) struct Room {
    left: usize,
    bytes_left: usize,
    first: bool,
}

impl Room {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { left: bounds.limit, bytes_left: bounds.bytes_max, first: true }
    }

    /// Whether there is room for so many bytes more, and takes it; the first always has.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        if self.left == 0 || (!self.first && bytes > self.bytes_left) {
            self.left = 0;
            return false;
        }
        self.first = false;
        self.left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        true
    }

    pub(super) fn is_full(&self) -> bool {
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
pub(super) struct Draft<T> {
    pub(super) items: Vec<T>,
    pub(super) head: Seq,
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

    /// One entry, as it stands after the deletions in the tail.
    pub(super) fn entry(self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, StoreError> {
        self.steadily(|| {
            if let Some(found) = entry_of_tail(&self.tail.read(), chat, seq) {
                return Ok(Some(found));
            }
            let Some(found) = History(self.chunks).accepted(chat, seq)? else { return Ok(None) };
            let hidden = self.tail.read().chat(chat).is_some_and(|tail| tail.hides(&found.entry));
            Ok(Some(shown(&Arc::new(found.entry), hidden)))
        })
    }

    /// Reads until no entry has left the tail meanwhile.
    pub(super) fn steadily<T>(
        self,
        mut read: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
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
    pub(super) fn edges(self, chat: ChatId) -> (Option<Seq>, Option<Seq>) {
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

pub(super) fn bytes(entry: &Entry) -> usize {
    let content = match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref(),
        Body::Mls { data, .. } | Body::Notice { data, .. } => Some(data),
        _ => None,
    };
    ENTRY_BYTES + content.map_or(0, |content| content.json().len())
}
