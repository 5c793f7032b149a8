//! The outbox at work: sealed, stored, sent, acknowledged or refused.

use chinwag_proto::entry::{Body, ENTRY_VERSION};
use chinwag_proto::frame::{Ack, Delete, Edit, ErrorFrame, React, Send, Tag};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, ClientMessageId, Code, Entry, Seq};

use super::Engine;
use super::frames::is_passing;
use crate::event::{Change, Failure, Now, Record};
use crate::follow::Step;
use crate::outbox::{IN_FLIGHT_MAX, Item, SealedContent, State};
use crate::seal::{Cause, Sealed, ToSeal};
use crate::store::{self, Op};

impl Engine {
    /// Seals what waits for it and may be next; what is sealed is stored before it goes.
    pub(super) fn seal_waiting(&mut self) {
        for order in self.outbox.firsts() {
            let Some(stand) = self.outbox.items.get(&order).map(|item| self.stand(item.chat)) else {
                continue;
            };
            let waits = |item: &&mut Item| item.state == State::Unsealed;
            let Some(item) = self.outbox.items.get_mut(&order).filter(waits) else { continue };
            let (chat, id, at_ms) = (item.chat, &item.id, item.at_ms);
            let to_seal = ToSeal { chat, id, at_ms, record: &item.record, stand };
            let sealed = self.seal.seal(to_seal);
            if sealed == Sealed::NotYet {
                continue;
            }
            item.state = State::Storing(self.batches + 1);
            match sealed {
                Sealed::NotYet => {}
                Sealed::AsItIs => item.sealed = item.plain().map(SealedContent::as_it_is),
                Sealed::Content { content, after } => item.sealed = Some(SealedContent { content, after }),
                Sealed::Refused(cause) => {
                    item.failed = Some(Failure::Seal(match cause {
                        Cause::NoSeal => "no seal".to_owned(),
                        Cause::Other(word) => word,
                    }));
                }
            }
            self.keep_item(order);
        }
    }

    /// Writes an item's row.
    pub(super) fn keep_item(&mut self, order: u64) {
        let Some(item) = self.outbox.items.get(&order) else { return };
        let (chat, id, failed) = (item.chat, item.id.clone(), item.failed.is_some());
        if let Ok(row) = serde_json::to_string(item) {
            self.ops.push(Op::Put(store::outbox_key(order), row));
        }
        if failed {
            self.changed(Change::Failed { chat, id });
        }
        self.changed(Change::Timeline(chat));
    }

    pub(super) fn drop_item(&mut self, order: u64) {
        if let Some(item) = self.outbox.items.remove(&order) {
            self.ops.push(Op::Delete(store::outbox_key(order)));
            self.changed(Change::Timeline(item.chat));
        }
    }

    /// The server has an item for good.
    pub(super) fn settled(&mut self, order: u64, seq: Seq) {
        let item = self.outbox.items.get(&order).filter(|item| item.acked.is_none());
        if let Some((chat, id)) = item.map(|item| (item.chat, item.id.clone())) {
            self.changed(Change::Settled { chat, id, seq });
        }
    }

    /// Sends what may go: one of each chat at a time, nothing while the server wants to be left alone.
    pub(super) fn send_outbox(&mut self, now: Now) {
        if self.paused_until.is_some_and(|until| until > now.ms) || self.outbox.is_empty() {
            return;
        }
        let mut free = self.send_mls(IN_FLIGHT_MAX.saturating_sub(self.outbox.flying()));
        for order in self.outbox.firsts() {
            if free == 0 {
                return;
            }
            let number = self.numbers + 1;
            #[cfg(test)]
            let careless = self.has(super::Fault::SendBeforeStored);
            #[cfg(not(test))]
            let careless = false;
            let ready = |item: &&mut Item| {
                !item.is_settled()
                    && !self.outbox.mls.contains_key(&item.chat)
                    && (item.state == State::Stored || careless && matches!(item.state, State::Storing(_)))
            };
            let Some(item) = self.outbox.items.get_mut(&order).filter(ready) else { continue };
            item.state = State::InFlight(number);
            let resend = std::mem::replace(&mut item.sent, true);
            #[cfg(test)]
            let resend = resend && self.fault != Some(super::Fault::NoResendFlag);
            let Some(frame) = frame(item, RequestId::Number(number), resend) else { continue };
            self.numbers = number;
            self.send(frame);
            free -= 1;
        }
    }

    /// An acknowledgment. Where it is no duplicate it stands in its entry's place.
    pub(super) fn on_acked(&mut self, now: Now, order: Option<u64>, ack: &Ack) {
        let id = ack.chat_id;
        self.unknown_from(id, super::syncing::below(ack.seq));
        let entry = order.filter(|_| !ack.duplicate).and_then(|order| self.entry_of(order, ack));
        let Some(chat) = self.chats.get_mut(&id) else { return };
        if let Some(entry) = entry.filter(|_| chat.follow.last.next() == ack.seq) {
            if chat.follow.on_live(ack.seq) == Step::Pass {
                return self.take(now, entry);
            }
        } else {
            chat.follow.known = chat.follow.known.max(ack.seq);
        }
        if chat.last < chat.follow.known {
            self.wanted.insert(id);
        }
        let held = ack.seq <= chat.last;
        let Some(order) = order else { return };
        self.settled(order, ack.seq);
        if held {
            self.drop_item(order);
        } else if let Some(item) = self.outbox.items.get_mut(&order) {
            item.state = State::Stored;
            item.acked = Some(ack.seq);
            self.keep_item(order);
        }
    }

    /// The entry that the server has made of an item; `None` where not all of it is known here.
    fn entry_of(&self, order: u64, ack: &Ack) -> Option<Entry> {
        let item = self.outbox.items.get(&order)?;
        let chat = self.chats.get(&ack.chat_id)?;
        if chat.encryption != chinwag_proto::entry::Encryption::None {
            // Its digest and `after` are the server's word.
            return None;
        }
        let content = item.sealed.as_ref().map(|sealed| sealed.content.clone());
        let body = match item.record.clone() {
            Record::Message { reply_to, .. } => Body::Message { content, reply_to },
            Record::Edit { target, .. } => Body::Edit { target, content },
            Record::Delete { target } => Body::Delete { target },
            Record::React { target, key, on } => Body::Reaction { target, key, on },
        };
        let counts = u64::from(matches!(body, Body::Message { .. }));
        Some(Entry {
            v: ENTRY_VERSION,
            chat_id: ack.chat_id,
            seq: ack.seq,
            n: chat.n_last? + counts,
            message_id: ack.message_id,
            sender_id: self.me,
            device_id: self.device,
            client_message_id: Some(item.id.clone()),
            created_at: ack.created_at,
            after: None,
            digest: None,
            body,
        })
    }

    pub(super) fn on_refused(&mut self, now: Now, order: u64, error: ErrorFrame) {
        let Some(item) = self.outbox.items.get_mut(&order) else { return };
        let chat = item.chat;
        item.state = State::Stored;
        if is_passing(error.code) {
            return self.pause(now, error.retry_after_ms);
        }
        if error.code == Code::StaleEpoch {
            item.sealed = None;
            item.state = State::Unsealed;
            self.wanted.insert(chat);
            self.keep_item(order);
            return self.pause(now, None);
        }
        item.failed = Some(Failure::Refused { code: error.code, detail: error.detail });
        item.state = State::Storing(self.batches + 1);
        self.keep_item(order);
    }

    pub(super) fn retry(&mut self, chat: ChatId, id: &ClientMessageId, fresh: ClientMessageId) {
        let Some(order) = self.outbox.find(chat, id) else { return };
        let batch = self.next_batch();
        let Some(item) = self.outbox.items.get_mut(&order) else { return };
        let Some(failure) = item.failed.take() else { return };
        if matches!(failure, Failure::Refused { code: Code::IdempotencyConflict, .. }) {
            item.id = fresh;
            item.sent = false;
        }
        item.state = if item.needs_seal() { State::Unsealed } else { State::Storing(batch) };
        self.keep_item(order);
    }

    /// Takes back what failed or never went.
    pub(super) fn discard(&mut self, chat: ChatId, id: &ClientMessageId) {
        let Some(order) = self.outbox.find(chat, id) else { return };
        let item = self.outbox.items.get(&order);
        if item.is_some_and(|item| item.failed.is_some() || !item.sent && item.acked.is_none()) {
            self.drop_item(order);
        }
    }
}

fn frame(item: &Item, id: RequestId, resend: bool) -> Option<ClientFrame> {
    let (chat_id, client_message_id) = (item.chat, item.id.clone());
    let after: Option<Seq> = item.sealed.as_ref().and_then(|sealed| sealed.after);
    let content = item.sealed.as_ref().map(|sealed| sealed.content.clone());
    Some(match item.record.clone() {
        Record::Message { reply_to, .. } => ClientFrame::Send(Send {
            tag: Tag,
            id,
            chat_id: Some(chat_id),
            to: None,
            client_message_id,
            content: content?,
            reply_to,
            resend,
            after,
        }),
        Record::Edit { target, .. } => ClientFrame::Edit(Edit {
            tag: Tag,
            id,
            chat_id,
            target,
            content: content?,
            client_message_id,
            resend,
            after,
        }),
        Record::Delete { target } => {
            ClientFrame::Delete(Delete { tag: Tag, id, chat_id, target, client_message_id, resend })
        }
        Record::React { target, key, on } => ClientFrame::React(React {
            tag: Tag,
            id,
            chat_id,
            target,
            key,
            on,
            client_message_id,
            resend,
            after,
        }),
    })
}
