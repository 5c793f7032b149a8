//! What is newly held: stored, counted, shown, and matched with what the user had sent.

use chinwag_proto::entry::Body;
use chinwag_proto::{ChatId, Entry, Seq};

use super::Engine;
use super::syncing::below;
use crate::event::{Change, Now};
use crate::fold::{stands, target};
use crate::follow::Step;
use crate::outbox::Item;
use crate::seal::Opened;
use crate::store::{self, Op};
use crate::words::words;

impl Engine {
    pub(super) fn on_live(&mut self, now: Now, entry: Entry) {
        let (id, seq) = (entry.chat_id, entry.seq);
        #[cfg(test)]
        if self.has(super::Fault::NoGapCheck) {
            let chat = self.unknown_from(id, below(seq));
            if seq > chat.last {
                chat.follow.last = seq;
                chat.follow.known = chat.follow.known.max(seq);
                self.take(now, entry);
            }
            return;
        }
        let from = if entry.digest.is_some() { Seq::ZERO } else { below(seq) };
        match self.unknown_from(id, from).follow.on_live(seq) {
            Step::Pass => self.take(now, entry),
            Step::Known => {}
            Step::Missing => {
                self.wanted.insert(id);
            }
        }
    }

    /// The next entry of a chat, in the order of seq.
    pub(super) fn take(&mut self, now: Now, entry: Entry) {
        let id = entry.chat_id;
        let batch = self.next_batch();
        let Some(chat) = self.chats.get_mut(&id) else { return };
        chat.on_entry(self.me, &entry);
        chat.raised_in = batch;
        let notify = self.listed && !chat.muted && entry.seq > chat.read && entry.sender_id != self.me;
        let first = chat.first;
        self.keep(&entry);
        self.seal.saw(now, &entry);
        self.settle_by(&entry);
        self.settle_mls(&entry);
        if let Some(timeline) = self.timeline.as_mut().filter(|timeline| timeline.chat == id) {
            timeline.on_entry(&entry);
            self.changed(Change::Timeline(id));
        }
        if notify && matches!(entry.body, Body::Message { .. }) {
            self.changed(Change::Notify { chat: id, seq: entry.seq });
        }
        self.live.stops_typing(id, entry.sender_id);
        self.index_new(&entry, first);
        self.mark(now, id);
        self.touch(id);
    }

    /// Writes an entry's row.
    pub(super) fn keep(&mut self, entry: &Entry) {
        let key = match target(entry) {
            Some(target) => store::amend_key(entry.chat_id, target, entry.seq),
            None if stands(entry) => store::entry_key(entry.chat_id, entry.seq),
            None => return,
        };
        if let Ok(value) = serde_json::to_string(entry) {
            self.ops.push(Op::Put(key, value));
        }
    }

    /// An own entry settles what the user had sent, whether its acknowledgment came or not. An acknowledgment
    /// may also name another's entry: deleting what is deleted makes none of its own.
    fn settle_by(&mut self, entry: &Entry) {
        let own = entry.client_message_id.as_ref().filter(|_| entry.sender_id == self.me);
        let settled = |item: &Item| {
            item.chat == entry.chat_id
                && (own == Some(&item.id) || item.acked.is_some_and(|acked| acked <= entry.seq))
        };
        let items = self.outbox.items.iter().filter(|(_, item)| settled(item));
        let orders: Vec<u64> = items.map(|(order, _)| *order).collect();
        for order in orders {
            self.settled(order, entry.seq);
            self.drop_item(order);
        }
    }

    fn index_new(&mut self, entry: &Entry, first: Seq) {
        match &entry.body {
            Body::Message { content: Some(content), .. } => match self.seal.open(entry, content) {
                Opened::Content(content) => {
                    let time = entry.created_at.as_ms().to_string();
                    for word in words(&content.fallback()) {
                        let key = store::word_key(&word, entry.chat_id, entry.seq);
                        self.ops.push(Op::Put(key, time.clone()));
                    }
                }
                Opened::NotYet => self.add_job((entry.chat_id, entry.seq, entry.seq)),
                Opened::Unreadable(_) => {}
            },
            Body::Edit { target, .. } if *target >= first => {
                self.add_job((entry.chat_id, *target, *target));
            }
            // Also where the message itself is not held: its edits may be.
            Body::Delete { target } => self.add_job((entry.chat_id, *target, *target)),
            _ => {}
        }
    }

    /// How many messages a chat has up to a seq, if that is in memory.
    pub(super) fn count_at(&self, chat: ChatId, seq: Seq) -> Option<u64> {
        let timeline = self.timeline.as_ref().filter(|timeline| timeline.chat == chat)?;
        timeline.count_at(seq)
    }
}
