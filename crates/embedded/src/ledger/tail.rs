//! The tail: entries that are durable in the log and not yet folded, in memory. Readers take the tail,
//! then the chunks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chinwag_chat::stored::{ChatKey, chat_key};
use chinwag_chat::{Chat, Head, IdKey, Known, State, View};
use chinwag_proto::{Body, ChatId, Entry, Seq};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::hash::IdHash;
use super::record::Id;

/// Entries that leave under one lock, about 0.2 µs each.
const REMOVED_AT_ONCE: usize = 1_000;
/// So many entries of a chat are looked through for an id; more have a map.
const LOOKED_THROUGH: usize = 64;
/// What an entry costs beside its bytes: its own fields, the head, shares in the maps.
const ENTRY_BYTES: usize = 640;

/// An accepted entry with what a commit knows about it.
#[derive(Debug)]
pub(super) struct TailEntry {
    /// Its chat's key.
    pub(super) key: ChatKey,
    pub(super) offset: u64,
    pub(super) id: Option<Id>,
    pub(super) entry: Arc<Entry>,
    /// Whether it is a message.
    pub(super) is_message: bool,
    /// Whether it changes members, roles or settings.
    pub(super) changes_state: bool,
    /// The message that it touches.
    pub(super) target: Option<Seq>,
    /// The chat's head after it.
    pub(super) head: Head,
    /// Members, roles and settings after it.
    pub(super) state: Arc<State>,
    /// The transaction that holds it, and where.
    records: Arc<Records>,
    place: Range<usize>,
}

/// The bytes of a transaction's entries, as they stand in the log: in one piece, and there once the transaction is
/// durable.
#[derive(Debug, Default)]
pub(super) struct Records(OnceLock<Vec<u8>>);

impl Records {
    /// The bytes are durable.
    pub(super) fn set(&self, bytes: Vec<u8>) {
        // Set once: every transaction has its own.
        let _ = self.0.set(bytes);
    }
}

impl TailEntry {
    /// What an entry is that took its chat to a head and a state.
    pub(super) fn new(
        offset: u64,
        id: Option<Id>,
        entry: Entry,
        chat: &Chat,
        (records, place): (Arc<Records>, Range<usize>),
    ) -> Self {
        Self {
            key: chat_key(entry.chat_id),
            offset,
            id,
            is_message: matches!(entry.body, Body::Message { .. }),
            changes_state: State::is_changed_by(&entry),
            target: View::target(&entry),
            head: *chat.head(),
            state: Arc::clone(chat.state()),
            entry: Arc::new(entry),
            records,
            place,
        }
    }

    /// As it stands in the log.
    pub(super) fn bytes(&self) -> &[u8] {
        self.records.0.get().and_then(|bytes| bytes.get(self.place.clone())).unwrap_or_default()
    }

    /// Its place in its chat.
    pub(super) fn seq(&self) -> Seq {
        self.head.seq
    }

    pub(super) fn weight(&self) -> usize {
        ENTRY_BYTES + 2 * self.place.len()
    }
}

/// The tail, shared between threads.
#[derive(Default)]
pub(super) struct SharedTail {
    tail: RwLock<Tail>,
    /// Held for writing while entries leave.
    leaving: RwLock<()>,
}

impl SharedTail {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read()
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Tail> {
        self.tail.write()
    }

    /// No entry leaves while this is held.
    pub(super) fn hold(&self) -> RwLockReadGuard<'_, ()> {
        self.leaving.read()
    }

    /// Lets entries up to an offset go, because their fold was committed; some at a time, so that nobody
    /// waits long for the lock.
    pub(super) fn let_go(&self, folded: u64) {
        let _leaving = self.leaving.write();
        while self.tail.write().pop(folded, REMOVED_AT_ONCE) {}
    }
}

/// Entries by chat, by id and by the message that they touch.
#[derive(Default)]
pub(super) struct Tail {
    order: VecDeque<Arc<TailEntry>>,
    chats: HashMap<ChatId, ChatTail, IdHash>,
    bytes: usize,
    generation: u64,
}

/// The unfolded entries of one chat.
#[derive(Default)]
pub(super) struct ChatTail {
    entries: VecDeque<Arc<TailEntry>>,
    touches: BTreeMap<Seq, VecDeque<Arc<TailEntry>>>,
    /// The ids, once there are so many entries that looking through them takes long.
    ids: Option<HashMap<IdKey, Known, IdHash>>,
}

impl Tail {
    /// Adds the next entry.
    pub(super) fn push(&mut self, entry: Arc<TailEntry>) {
        self.bytes += entry.weight();
        let chat = self.chats.entry(entry.entry.chat_id).or_default();
        if let Some(target) = entry.target {
            chat.touches.entry(target).or_default().push_back(Arc::clone(&entry));
        }
        chat.entries.push_back(Arc::clone(&entry));
        chat.note_id(&entry);
        self.order.push_back(entry);
    }

    /// Changes with every entry that leaves, which is after its fold's commit. Whoever read the chunks or the tail
    /// before that has to read both again.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Removes up to `count` entries with offsets up to `folded`, oldest first; returns whether more are
    /// left to remove.
    fn pop(&mut self, folded: u64, count: usize) -> bool {
        for _ in 0..count {
            match self.order.front() {
                Some(entry) if entry.offset <= folded => {}
                _ => return false,
            }
            let Some(entry) = self.order.pop_front() else { return false };
            // With each, under one lock: a reader may come between two parts of what leaves.
            self.generation += 1;
            self.forget(&entry);
        }
        self.order.front().is_some_and(|entry| entry.offset <= folded)
    }

    fn forget(&mut self, entry: &TailEntry) {
        self.bytes -= entry.weight();
        let Some(chat) = self.chats.get_mut(&entry.entry.chat_id) else { return };
        chat.entries.pop_front();
        if let (Some(ids), Some((key, _))) = (&mut chat.ids, entry.id)
            && ids.get(&key).is_some_and(|known| known.offset == entry.offset)
        {
            ids.remove(&key);
        }
        if let Some(target) = entry.target
            && let Some(touches) = chat.touches.get_mut(&target)
        {
            touches.pop_front();
            if touches.is_empty() {
                chat.touches.remove(&target);
            }
        }
        if chat.entries.is_empty() {
            self.chats.remove(&entry.entry.chat_id);
        }
    }

    /// The first entries in the order of their offsets, as far as `up_to` and at most `count`.
    pub(super) fn up_to(&self, up_to: u64, count: usize) -> Vec<Arc<TailEntry>> {
        self.order.iter().take(count).take_while(|entry| entry.offset <= up_to).cloned().collect()
    }

    /// The entries of one chat, if it has any.
    pub(super) fn chat(&self, chat: ChatId) -> Option<&ChatTail> {
        self.chats.get(&chat)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The memory that it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl ChatTail {
    /// The first seq that is here.
    pub(super) fn first(&self) -> Seq {
        self.entries.front().map_or(Seq::ZERO, |entry| entry.seq())
    }

    /// The last entry.
    pub(super) fn last(&self) -> Option<&Arc<TailEntry>> {
        self.entries.back()
    }

    /// The entry at a seq.
    pub(super) fn get(&self, seq: Seq) -> Option<&Arc<TailEntry>> {
        let place = seq.get().checked_sub(self.first().get())?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// The entries above a seq, oldest first.
    pub(super) fn above(&self, seq: Seq) -> impl Iterator<Item = &Arc<TailEntry>> {
        let skipped = (seq.get() + 1).saturating_sub(self.first().get());
        self.entries.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX))
    }

    /// The entries below a seq, newest first.
    pub(super) fn below(&self, seq: Seq) -> impl Iterator<Item = &Arc<TailEntry>> {
        let taken = seq.get().saturating_sub(self.first().get());
        let taken = usize::try_from(taken).unwrap_or(usize::MAX).min(self.entries.len());
        self.entries.range(..taken).rev()
    }

    fn note_id(&mut self, entry: &TailEntry) {
        if self.ids.is_none() && self.entries.len() >= LOOKED_THROUGH {
            let ids = self.entries.iter().rev().filter_map(|entry| known(entry));
            self.ids = Some(ids.collect());
        } else if let (Some(ids), Some((key, known))) = (&mut self.ids, known(entry)) {
            ids.entry(key).or_insert(known);
        }
    }

    /// What an id made, the first time.
    pub(super) fn known(&self, id: IdKey) -> Option<Known> {
        match &self.ids {
            Some(ids) => ids.get(&id).copied(),
            None => self
                .entries
                .iter()
                .filter_map(|entry| known(entry))
                .find(|(key, _)| *key == id)
                .map(|(_, known)| known),
        }
    }

    /// The entries that touch a message, oldest first.
    pub(super) fn touches(&self, target: Seq) -> impl Iterator<Item = &Arc<TailEntry>> {
        self.touches.get(&target).into_iter().flatten()
    }

    /// Whether a message was deleted by an entry that is here.
    pub(super) fn deletes(&self, target: Seq) -> bool {
        self.touches(target).any(|touch| matches!(touch.entry.body, Body::Delete { .. }))
    }

    /// Whether an entry's content is gone because of an entry that is here.
    pub(super) fn hides(&self, entry: &Entry) -> bool {
        match &entry.body {
            Body::Message { content: Some(_), .. } => self.deletes(entry.seq),
            Body::Edit { target, content: Some(_) } => self.deletes(*target),
            _ => false,
        }
    }

    /// Folds what is here into a view row.
    pub(super) fn overlay(&self, target: Seq, view: &mut View) {
        self.touches(target).for_each(|touch| view.fold(touch.offset, &touch.entry));
    }
}

fn known(entry: &TailEntry) -> Option<(IdKey, Known)> {
    let (key, fingerprint) = entry.id?;
    Some((key, Known { seq: entry.entry.seq, fingerprint, offset: entry.offset }))
}

/// The entry, or a copy without content where it was deleted.
pub(super) fn shown(entry: &Arc<Entry>, hidden: bool) -> Arc<Entry> {
    if hidden { Arc::new(entry.wiped()) } else { Arc::clone(entry) }
}
