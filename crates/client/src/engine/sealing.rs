//! The seal at work: what it wants is done, its calls are made until they are answered, its MLS records go
//! before the other records of their chats.

use std::collections::{BTreeMap, VecDeque};

use chinwag_proto::entry::Encryption;
use chinwag_proto::frame::{ErrorFrame, Mls as MlsFrame, Tag};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, Code, Entry, Seq};

use super::frames::is_passing;
use super::{Engine, Reading};
use crate::backoff::Backoff;
use crate::call::{Answer, Call, CallFailure};
use crate::event::{Effect, Now, Timer};
use crate::outbox::{Mls, State};
use crate::seal::{MlsRecord, News, Stand, Wants};
use crate::store::{self, Op};

/// Calls under way at once.
const CALLS_MAX: usize = 8;
/// Rounds of one event; what is wanted beyond waits for the next one.
const ROUNDS_MAX: usize = 64;

/// The seal's calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    under_way: BTreeMap<u64, (u64, Call)>,
    waiting: VecDeque<(u64, Call)>,
    pauses: Backoff,
    /// None is made before this time.
    paused_until: Option<u64>,
}

impl Engine {
    /// Does what the seal wants, seals what waits for it, and again, until nothing more comes of it.
    pub(super) fn serve_seal(&mut self, now: Now) {
        self.seal.on(now, News::Settled);
        for _ in 0..ROUNDS_MAX {
            self.seal_waiting();
            let wants = self.seal.wants();
            if wants.is_empty() {
                break;
            }
            self.do_what_it_wants(wants);
            self.seal.on(now, News::Settled);
        }
        self.make_calls(now);
    }

    fn do_what_it_wants(&mut self, wants: Wants) {
        self.ops.extend(wants.ops);
        self.calls.waiting.extend(wants.calls);
        for (ticket, ranges) in wants.loads {
            let number = self.next_number();
            self.load(number, ranges, Reading::Seal(ticket));
        }
        for chat in wants.withdrawn {
            self.drop_mls(chat);
        }
        for record in wants.records {
            self.put_mls(record);
        }
        for chat in wants.unsealed {
            self.on_unsealed(chat);
        }
        for change in wants.changes {
            self.changed(change);
        }
    }

    /// Makes what calls may be made: there is a connection, and the server can answer.
    fn make_calls(&mut self, now: Now) {
        let paused = self.calls.paused_until.is_some_and(|until| until > now.ms);
        while self.link.is_online() && !paused && self.calls.under_way.len() < CALLS_MAX {
            let Some((ticket, call)) = self.calls.waiting.pop_front() else { return };
            let number = self.next_number();
            self.calls.under_way.insert(number, (ticket, call.clone()));
            self.effects.push(Effect::Call { number, call });
        }
    }

    pub(super) fn on_answered(&mut self, now: Now, number: u64, answer: &Result<Answer, CallFailure>) {
        let Some((ticket, call)) = self.calls.under_way.remove(&number) else { return };
        let again = match answer {
            Err(CallFailure::Passing) => true,
            Err(CallFailure::Refused { code, .. }) => is_passing(*code),
            Ok(_) => false,
        };
        if again {
            self.calls.waiting.push_front((ticket, call));
            let until = now.ms + self.calls.pauses.next(now.dice);
            self.calls.paused_until = Some(until);
            return self.set_timer(Timer::Calls, until);
        }
        self.calls.pauses.reset();
        self.seal.on(now, News::Answered { ticket, answer });
    }

    /// What is known of a chat.
    pub(super) fn stand(&self, id: ChatId) -> Stand {
        let chat = self.chats.get(&id);
        Stand {
            encryption: chat.map_or(Encryption::None, |chat| chat.encryption),
            last: chat.map_or(Seq::ZERO, |chat| chat.last),
            caught_up: chat.is_none_or(|chat| chat.last >= chat.follow.known && !chat.follow.is_syncing())
                && !self.wanted.contains(&id),
        }
    }

    fn put_mls(&mut self, record: MlsRecord) {
        let chat = record.chat;
        // After a restart the seal hands in again what is here already, and perhaps on its way.
        let known =
            |mls: &Mls| mls.record.after == record.after && mls.record.data.json() == record.data.json();
        if self.outbox.mls.get(&chat).is_some_and(known) {
            return;
        }
        let state = State::Storing(self.next_batch());
        let mls = Mls { record, sent: false, state, acked: None };
        if let Ok(row) = serde_json::to_string(&mls) {
            self.ops.push(Op::Put(store::mls_key(chat), row));
        }
        self.outbox.mls.insert(chat, mls);
    }

    fn drop_mls(&mut self, chat: ChatId) -> Option<Mls> {
        let dropped = self.outbox.mls.remove(&chat)?;
        self.ops.push(Op::Delete(store::mls_key(chat)));
        Some(dropped)
    }

    /// Sends MLS records, as many as may be on their way.
    pub(super) fn send_mls(&mut self, mut free: usize) -> usize {
        let mut frames = Vec::new();
        for (chat, mls) in &mut self.outbox.mls {
            if free == 0 || mls.state != State::Stored || mls.acked.is_some() {
                continue;
            }
            self.numbers += 1;
            mls.state = State::InFlight(self.numbers);
            let MlsRecord { id, after, data, changes, .. } = mls.record.clone();
            frames.push(ClientFrame::Mls(MlsFrame {
                tag: Tag,
                id: RequestId::Number(self.numbers),
                chat_id: *chat,
                after,
                client_message_id: id,
                data,
                changes,
                resend: std::mem::replace(&mut mls.sent, true),
            }));
            free -= 1;
        }
        frames.into_iter().for_each(|frame| self.send(frame));
        free
    }

    /// The server has a chat's MLS record; it is done when its entry is held.
    pub(super) fn on_mls_acked(&mut self, chat: ChatId, seq: Seq) {
        if let Some(mls) = self.outbox.mls.get_mut(&chat) {
            mls.state = State::Stored;
            mls.acked = Some(seq);
        }
    }

    /// An own MLS record that is held is done.
    pub(super) fn settle_mls(&mut self, entry: &Entry) {
        let own = |mls: &Mls| {
            entry.sender_id == self.me
                && entry.device_id == self.device
                && entry.client_message_id.as_ref() == Some(&mls.record.id)
        };
        if self.outbox.mls.get(&entry.chat_id).is_some_and(own) {
            self.drop_mls(entry.chat_id);
        }
    }

    /// A stale MLS record waits until the seal has seen what stands in its place: the server's word alone
    /// drops none. Any other refusal gives it back to the seal.
    pub(super) fn on_mls_refused(&mut self, now: Now, chat: ChatId, error: &ErrorFrame) {
        let Some(mls) = self.outbox.mls.get_mut(&chat) else { return };
        mls.state = State::Stored;
        if is_passing(error.code) {
            return self.pause(now, error.retry_after_ms);
        }
        if error.code == Code::StaleEpoch {
            if self.chats.contains_key(&chat) {
                self.wanted.insert(chat);
            }
            return self.pause(now, None);
        }
        if let Some(mls) = self.drop_mls(chat) {
            self.seal.on(now, News::Refused { chat, id: &mls.record.id, code: error.code });
        }
    }
}
