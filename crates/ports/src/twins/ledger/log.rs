//! One chat of the ledger in memory: its machine, its entries, and pages of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_chat::{Chat, FingerprintKey, IdKey, Known, Needs, Outcome, Past, Record, Target, View};
use chinwag_proto::{Body, ChatId, Entry, Seq};

use crate::ledger::{Appended, Entries, Messages, Snapshot, Viewed, Window};

/// What an entry costs a page beside its content.
const ENTRY_BYTES: usize = 256;

pub(super) struct Log {
    chat: Chat,
    entries: Vec<Arc<Entry>>,
    ids: BTreeMap<IdKey, Known>,
    /// The offset of each entry's record.
    offsets: Vec<u64>,
    /// One per message that was touched.
    views: BTreeMap<Seq, Arc<View>>,
}

impl Log {
    pub(super) fn new(id: ChatId) -> Self {
        Self {
            chat: Chat::new(id),
            entries: Vec::new(),
            ids: BTreeMap::new(),
            offsets: Vec::new(),
            views: BTreeMap::new(),
        }
    }

    pub(super) fn chat(&self) -> &Chat {
        &self.chat
    }

    /// Decides about a record and keeps the entry that it becomes.
    pub(super) fn take(&mut self, offset: u64, record: &Record, key: &FingerprintKey) -> Appended {
        let id = record.id.as_ref().map(|id| key.id(record.chat, record.sender, id));
        let past = self.past(self.chat.needs(record, id), id);
        match self.chat.apply(offset, record, id, &past) {
            Outcome::Accepted(entry) => {
                if let Some(id) = id {
                    let known = Known { seq: entry.seq, fingerprint: record.fingerprint, offset };
                    self.ids.insert(id, known);
                }
                Appended::Committed(self.keep(offset, entry))
            }
            Outcome::Duplicate { seq } => match self.entry(seq) {
                Some(first) => {
                    Appended::Duplicate { seq, message_id: first.message_id, created_at: first.created_at }
                }
                // The machine names entries of its own chat only.
                None => Appended::Rejected(chinwag_chat::Refusal::NoTarget),
            },
            Outcome::Rejected(refusal) => Appended::Rejected(refusal),
        }
    }

    fn keep(&mut self, offset: u64, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        self.entries.push(Arc::clone(&entry));
        self.offsets.push(offset);
        if let Some(target) = View::target(&entry) {
            let view = Arc::make_mut(self.views.entry(target).or_default());
            view.fold(offset, &entry);
            if matches!(entry.body, Body::Delete { .. }) {
                let touched: Vec<_> = view.edits.iter().copied().chain([target]).collect();
                touched.into_iter().for_each(|seq| self.wipe(seq));
            }
        }
        entry
    }

    fn wipe(&mut self, seq: Seq) {
        if let Some(entry) = place(seq).and_then(|at| self.entries.get_mut(at)) {
            *entry = Arc::new(entry.wiped());
        }
    }

    fn past(&self, needs: Needs, id: Option<IdKey>) -> Past {
        Past {
            known: id.filter(|_| needs.id).and_then(|id| self.ids.get(&id)).copied(),
            target: needs.target.and_then(|seq| self.target(seq)),
            reply_to: needs.reply_to.and_then(|seq| self.target(seq)),
        }
    }

    fn target(&self, seq: Seq) -> Option<Target> {
        let entry = self.entry(seq)?;
        let view = self.view(seq);
        Some(Target {
            seq,
            sender: entry.sender_id,
            is_message: is_message(entry),
            offset: *self.offsets.get(place(seq)?)?,
            deleted: view.deleted.map(|(by, offset, _)| (by, offset)),
            keys: view.keys.clone(),
        })
    }

    fn view(&self, seq: Seq) -> Arc<View> {
        self.views.get(&seq).cloned().unwrap_or_default()
    }

    pub(super) fn entry(&self, seq: Seq) -> Option<&Arc<Entry>> {
        self.entries.get(place(seq)?)
    }

    /// `None` before the first entry.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let head = *self.chat.head();
        (head.seq > Seq::ZERO).then(|| Snapshot { head, state: Arc::clone(self.chat.state()) })
    }

    pub(super) fn entries(&self, after: Seq, limit: usize, bytes_max: usize) -> Entries {
        let later = self.entries.iter().filter(|entry| entry.seq > after).take(limit).cloned();
        Entries { entries: fitting(later, bytes_max, |entry| bytes(entry)), head: self.chat.head().seq }
    }

    pub(super) fn messages(&self, window: Window, since: Seq, limit: usize, bytes_max: usize) -> Messages {
        let visible = || self.entries.iter().filter(|entry| is_message(entry) && entry.seq >= since);
        // From the window's own end on, so that a page cut short stays beside it.
        let chosen: Box<dyn Iterator<Item = &Arc<Entry>>> = match window {
            Window::Offset(offset) => {
                Box::new(visible().rev().skip(usize::try_from(offset).unwrap_or(usize::MAX)))
            }
            Window::Before(seq) => Box::new(visible().rev().filter(move |entry| entry.seq < seq)),
            Window::After(seq) => Box::new(visible().filter(move |entry| entry.seq > seq)),
        };
        let viewed =
            chosen.take(limit).map(|entry| Viewed { entry: Arc::clone(entry), view: self.view(entry.seq) });
        let mut messages =
            fitting(viewed, bytes_max, |viewed| bytes(&viewed.entry) + view_bytes(&viewed.view));
        messages.sort_by_key(|viewed| std::cmp::Reverse(viewed.entry.seq));
        Messages { messages, head: self.chat.head().seq }
    }
}

/// Where an entry stands among the entries; `None` for seq 0.
fn place(seq: Seq) -> Option<usize> {
    usize::try_from(seq.get()).ok()?.checked_sub(1)
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

fn view_bytes(view: &View) -> usize {
    let edit = view.last_edit.as_ref().and_then(|(_, content)| content.as_ref());
    edit.map_or(0, |content| content.json().len())
}

/// The first items as far as they fit; always the first.
fn fitting<T>(items: impl Iterator<Item = T>, bytes_max: usize, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut sum = 0;
    let fits = |item: &T| {
        let first = sum == 0;
        sum += size(item);
        first || sum <= bytes_max
    };
    items.take_while(fits).collect()
}
