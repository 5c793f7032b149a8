//! Deciding about records: loads chats, looks up what their decisions need in the batch at hand, the tail
//! and the chunks, and applies. Nothing here is durable yet.

use std::sync::Arc;

use chinwag_chat::{Chat, FingerprintKey, IdKey, Known, Needs, Outcome, Past, Record, Target, View};
use chinwag_ports::ledger::{Appended, Origin};
use chinwag_proto::{Body, ChatId, Entry, Seq};

use super::cache::{AtHand, ChatCache, Slot};
use super::error::StoreError;
use super::history::History;
use super::ids::Ids;
use super::record;
use super::tail::{Records, SharedTail, TailEntry};
use crate::sqlite::Database;

/// The writer's judgement: its chats, and what was accepted since the last commit.
pub(super) struct Decider {
    /// A connection to the chunks, for reading.
    chunks: Database,
    ids: Arc<Ids>,
    tail: Arc<SharedTail>,
    cache: ChatCache,
    /// The chats of the batch at hand; not durable.
    active: Vec<Arc<Slot>>,
    /// What the batch at hand accepted, in the order of offsets.
    accepted: Vec<Arc<TailEntry>>,
    key: FingerprintKey,
    next_offset: u64,
    no_dedupe: bool,
    /// The bytes of what the batch at hand accepted.
    bytes: Vec<u8>,
    records: Arc<Records>,
}

/// What was decided about a record.
pub(super) enum Decision {
    /// It is an entry, once the batch is durable.
    Accepted(Arc<TailEntry>),
    /// The answer needs nothing more than the batch's end.
    Answer(Appended),
}

impl Decider {
    pub(super) fn new(
        (chunks, ids): (Database, Arc<Ids>),
        tail: Arc<SharedTail>,
        cache: ChatCache,
        key: FingerprintKey,
        next_offset: u64,
        no_dedupe: bool,
    ) -> Self {
        let (active, accepted) = (Vec::new(), Vec::new());
        Self {
            chunks,
            ids,
            tail,
            cache,
            active,
            accepted,
            key,
            next_offset,
            no_dedupe,
            bytes: Vec::new(),
            records: Arc::default(),
        }
    }

    /// Decides about the next record. An error concerns this record alone: it is not taken.
    pub(super) fn decide(&mut self, record: &Record) -> Result<Decision, StoreError> {
        let slot = match self.cache.get(record.chat) {
            Some(slot) => slot,
            None => {
                let at_hand = self.load(record.chat)?;
                self.cache.put(at_hand)
            }
        };
        let mut at_hand = slot.at_hand();
        if !at_hand.in_batch {
            at_hand.in_batch = true;
            self.active.push(Arc::clone(&slot));
        }
        self.decide_in(&mut at_hand, record)
    }

    fn decide_in(&mut self, at_hand: &mut AtHand, record: &Record) -> Result<Decision, StoreError> {
        let id = record.id.as_ref().map(|id| self.key.id(record.chat, record.sender, id));
        let id = id.filter(|_| !self.no_dedupe);
        // The machine looks through its recent ids once to say what it needs and again to decide; where
        // the answer is known, the first is left out.
        let whole = at_hand.holds_recent_ids();
        let mut needs = at_hand.chat.needs(record, id.filter(|_| record.resend || !whole));
        if let Some(id) = id {
            needs.id |= !whole && !at_hand.chat.recent().any(|(known, _, _)| known == id);
        }
        let past = self.past(record.chat, needs, id)?;
        match at_hand.chat.apply(self.next_offset, record, id, &past) {
            Outcome::Accepted(entry) => {
                let id = id.map(|id| (id, record.fingerprint));
                Ok(Decision::Accepted(self.accept(at_hand, id, entry)))
            }
            Outcome::Duplicate { seq } => self.first_result(record.chat, seq).map(Decision::Answer),
            Outcome::Rejected(refusal) => Ok(Decision::Answer(Appended::Rejected(refusal))),
        }
    }

    fn accept(&mut self, at_hand: &AtHand, id: Option<record::Id>, entry: Entry) -> Arc<TailEntry> {
        let offset = self.next_offset;
        let place = record::append(offset, id, &entry, &mut self.bytes);
        let records = (Arc::clone(&self.records), place);
        let accepted = Arc::new(TailEntry::new(offset, id, entry, &at_hand.chat, records));
        self.next_offset += 1;
        self.accepted.push(Arc::clone(&accepted));
        accepted
    }

    fn first_result(&self, chat: ChatId, seq: Seq) -> Result<Appended, StoreError> {
        let (message_id, created_at) = match self.unfolded(chat, seq) {
            Some(first) => (first.entry.message_id, first.entry.created_at),
            None => match History(&self.chunks).accepted(chat, seq)? {
                Some(first) => (first.entry.message_id, first.entry.created_at),
                // The machine names entries of its own chat only.
                None => return Ok(Appended::Rejected(chinwag_chat::Refusal::NoTarget)),
            },
        };
        Ok(Appended::Duplicate { seq, message_id, created_at })
    }

    /// A chat from the tail or, where that has none of its entries, from the chunks.
    fn load(&self, chat: ChatId) -> Result<AtHand, StoreError> {
        let last = self.tail.read().chat(chat).and_then(|tail| tail.last().cloned());
        if let Some(last) = last {
            let chat = Chat::restore(chat, last.head, (*last.state).clone(), []);
            return Ok(AtHand::new(chat, last.head.seq));
        }
        let history = History(&self.chunks);
        match history.chat(chat)? {
            Some(row) => {
                let state = history.state(chat, &row.head)?;
                let chat = Chat::restore(chat, row.head, state, []);
                Ok(AtHand::new(chat, row.head.seq))
            }
            None => Ok(AtHand::new(Chat::new(chat), Seq::ZERO)),
        }
    }

    fn past(&self, chat: ChatId, needs: Needs, id: Option<IdKey>) -> Result<Past, StoreError> {
        let known = match id.filter(|_| needs.id) {
            Some(id) => self.known(chat, id)?,
            None => None,
        };
        let look = |seq: Option<Seq>| seq.map_or(Ok(None), |seq| self.target(chat, seq));
        Ok(Past { known, target: look(needs.target)?, reply_to: look(needs.reply_to)? })
    }

    fn known(&self, chat: ChatId, id: IdKey) -> Result<Option<Known>, StoreError> {
        let here = self.accepted.iter().find_map(|accepted| {
            let (known, fingerprint) = accepted.id?;
            let seq = accepted.entry.seq;
            (known == id).then_some(Known { seq, fingerprint, offset: accepted.offset })
        });
        match here.or_else(|| self.tail.read().chat(chat).and_then(|tail| tail.known(id))) {
            Some(known) => Ok(Some(known)),
            None => self.ids.known(&self.chunks, chat, id),
        }
    }

    /// An entry of the batch at hand or of the tail.
    fn unfolded(&self, chat: ChatId, seq: Seq) -> Option<Arc<TailEntry>> {
        let here = |accepted: &&Arc<TailEntry>| accepted.entry.seq == seq && accepted.entry.chat_id == chat;
        self.accepted
            .iter()
            .find(here)
            .cloned()
            .or_else(|| self.tail.read().chat(chat).and_then(|tail| tail.get(seq).cloned()))
    }

    /// An entry with what came after it. The tail is asked before the chunks: what has left the tail by
    /// then is in the chunks, and what is in both counts once.
    fn target(&self, chat: ChatId, seq: Seq) -> Result<Option<Target>, StoreError> {
        let history = History(&self.chunks);
        let touches: Vec<Arc<TailEntry>> = match self.tail.read().chat(chat) {
            Some(tail) => tail.touches(seq).cloned().collect(),
            None => Vec::new(),
        };
        let (sender, is_message, offset, mut view) = match self.unfolded(chat, seq) {
            Some(unfolded) => {
                (unfolded.entry.sender_id, unfolded.is_message, unfolded.offset, View::default())
            }
            None => match history.accepted(chat, seq)? {
                Some(found) => {
                    let view = history.view(chat, seq)?.unwrap_or_default();
                    (found.entry.sender_id, is_message(&found.entry), found.offset, view)
                }
                None => return Ok(None),
            },
        };
        let here = self
            .accepted
            .iter()
            .filter(|accepted| accepted.entry.chat_id == chat && accepted.target == Some(seq));
        touches.iter().chain(here).for_each(|touch| view.fold(touch.offset, &touch.entry));
        let deleted = view.deleted.map(|(by, offset, _)| (by, offset));
        Ok(Some(Target { seq, sender, is_message, offset, deleted, keys: view.keys }))
    }

    /// What the batch at hand accepted, and its bytes as they go into the log.
    pub(super) fn accepted(&self) -> (&[Arc<TailEntry>], &[u8]) {
        (&self.accepted, &self.bytes)
    }

    /// The batch is durable: its entries are the tail's, and readers see them.
    pub(super) fn commit(&mut self) {
        if !self.accepted.is_empty() {
            std::mem::take(&mut self.records).set(std::mem::take(&mut self.bytes));
            let mut tail = self.tail.write();
            self.accepted.drain(..).for_each(|entry| tail.push(entry));
        }
        for slot in self.active.drain(..) {
            self.cache.commit(&slot);
        }
        self.cache.evict();
    }

    /// The batch came to nothing: its chats are loaded anew.
    pub(super) fn roll_back(&mut self) {
        self.next_offset -= self.accepted.len() as u64;
        self.accepted.clear();
        self.bytes.clear();
        self.records = Arc::default();
        for slot in self.active.drain(..) {
            let chat = slot.at_hand().chat.id();
            self.cache.forget(chat);
        }
    }
}

fn is_message(entry: &Entry) -> bool {
    matches!(entry.body, Body::Message { .. })
}

/// A record's answer, once its batch is durable and projected.
pub(super) fn answer(decision: Decision) -> Appended {
    match decision {
        Decision::Accepted(accepted) => Appended::Committed(Arc::clone(&accepted.entry)),
        Decision::Answer(answer) => answer,
    }
}

/// What is told of an accepted entry.
pub(super) fn commit_of(accepted: &TailEntry, origin: Option<Origin>) -> chinwag_ports::Commit {
    chinwag_ports::Commit { entry: Arc::clone(&accepted.entry), state: Arc::clone(&accepted.state), origin }
}
