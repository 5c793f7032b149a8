//! The engine: one event in, the effects that follow from it out, all that is to be stored in one batch.
//!
//! Each file beside this one adds one part's events: `link` the connection, `frames` what the server says,
//! `syncing` what has to be asked for, `entries` what is newly held, `outgoing` the outbox, `marks` cursors,
//! typing and presence, `history` the open chat, `index` words and wiped content, `sealing` what the seal
//! wants, `wishes` the user, `view` what the screen asks.

mod entries;
mod frames;
mod history;
mod index;
mod link;
mod marks;
mod outgoing;
mod sealing;
mod syncing;
mod view;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, DeviceId, Seq, UserId};

use crate::backoff::Backoff;
use crate::chat::Chat;
use crate::event::{Change, Connection, Effect, Event, Failure, Now, Stop, Timer};
use crate::outbox::{Outbox, State};
use crate::seal::{News, Seal};
use crate::store::{self, Batch, Load, Op, Range, Row};
use crate::timeline::Timeline;

use history::Fill;
use index::Job;
use link::Link;
use marks::Live;
use sealing::Calls;

pub use view::{Body, Pending, Shown, Status, Window};

/// What a request of this connection was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Heads,
    Chats,
    Sync(ChatId),
    Fill,
}

/// What a load is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    Timeline,
    Job(Job),
    /// The number of messages up to a read mark.
    Count(ChatId, Seq),
    Search {
        ticket: u64,
        words: Vec<String>,
    },
    /// Lines of a chat that need not be open: ticket, chat and first seq.
    Look(u64, ChatId, Seq),
    /// The seal's own, with its number for it.
    Seal(u64),
}

/// What may be broken on purpose, to see whether the simulation notices.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NoResendFlag,
    SendBeforeStored,
    NoGapCheck,
    ResyncIgnored,
    OutboxForgottenAtBreak,
}

/// The engine of one device. See the crate's documentation for the contract with its driver.
pub struct Engine {
    me: UserId,
    device: DeviceId,
    seal: Box<dyn Seal + Send>,
    chats: BTreeMap<ChatId, Chat>,
    outbox: Outbox,
    timeline: Option<Timeline>,
    fill: Option<Fill>,
    link: Link,
    live: Live,
    /// Chats of which something is missing.
    wanted: BTreeSet<ChatId>,
    /// Every chat was asked about while the answers to that were under way.
    catch_up_again: bool,
    listed: bool,
    paused_until: Option<u64>,
    pauses: Backoff,
    requests: BTreeMap<u64, Asked>,
    loads: BTreeMap<u64, Reading>,
    calls: Calls,
    jobs: BTreeSet<Job>,
    /// Jobs that wait for the seal.
    parked: BTreeSet<Job>,
    numbers: u64,
    batches: u64,
    stored: u64,
    ops: Vec<Op>,
    dirty: BTreeSet<ChatId>,
    effects: Vec<Effect>,
    #[cfg(test)]
    pub(crate) fault: Option<Fault>,
}

impl Engine {
    /// An engine for a device, with nothing known yet.
    pub fn new(me: UserId, device: DeviceId, seal: Box<dyn Seal + Send>) -> Self {
        Self {
            me,
            device,
            seal,
            chats: BTreeMap::new(),
            outbox: Outbox::default(),
            timeline: None,
            fill: None,
            link: Link::default(),
            live: Live::default(),
            wanted: BTreeSet::new(),
            catch_up_again: false,
            listed: false,
            paused_until: None,
            pauses: Backoff::default(),
            requests: BTreeMap::new(),
            loads: BTreeMap::new(),
            calls: Calls::default(),
            jobs: BTreeSet::new(),
            parked: BTreeSet::new(),
            numbers: 0,
            batches: 0,
            stored: 0,
            ops: Vec::new(),
            dirty: BTreeSet::new(),
            effects: Vec::new(),
            #[cfg(test)]
            fault: None,
        }
    }

    /// An engine that goes on from what its store holds: the rows of [`store::startup_ranges`], in any
    /// order. Rows that cannot be read are passed over and come again from the server; of the outbox they
    /// are left where they are.
    pub fn restore(me: UserId, device: DeviceId, seal: Box<dyn Seal + Send>, rows: &[Row]) -> Self {
        let mut engine = Self::new(me, device, seal);
        for (key, value) in rows {
            match key.split_once('/') {
                Some(("c", chat)) => {
                    if let (Ok(chat), Some(row)) = (chat.parse(), Chat::restored(value)) {
                        engine.chats.insert(chat, row);
                    }
                }
                Some(("o", order)) => {
                    let order = u64::from_str_radix(order, 16);
                    if let (Ok(order), Ok(item)) = (order, serde_json::from_str(value)) {
                        engine.outbox.restore(order, item);
                    }
                }
                Some(("p", chat)) => {
                    if let (Ok(chat), Ok(mls)) = (chat.parse(), serde_json::from_str(value)) {
                        engine.outbox.mls.insert(chat, mls);
                    }
                }
                Some(("j", _)) => engine.jobs.extend(store::parse_job(key)),
                _ if key == store::META => engine.listed = true,
                _ => {}
            }
        }
        engine
    }

    /// Takes an event in. The effects are to be carried out in their order; what they bring comes back as
    /// further events, one at a time.
    pub fn handle(&mut self, now: Now, event: Event) -> Vec<Effect> {
        match event {
            Event::Started => self.connect(),
            Event::Connected(ready) => self.on_connected(now, &ready),
            Event::Disconnected { code } => self.on_disconnected(now, code),
            Event::Frame(frame) => self.on_frame(now, *frame),
            Event::Fired(timer) => self.on_timer(now, timer),
            Event::Stored(number) => {
                self.stored = self.stored.max(number);
                self.outbox.on_stored(number);
            }
            Event::StoreFailed => self.on_store_failed(),
            Event::Loaded { number, rows } => self.on_loaded(now, number, &rows),
            Event::Answered { number, answer } => self.on_answered(now, number, &answer),
            Event::Wish(wish) => self.on_wish(now, wish),
        }
        self.serve_seal(now);
        if self.link.is_online() {
            self.start_syncs();
            self.send_outbox(now);
        }
        self.start_job();
        self.flush()
    }

    fn on_timer(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::Reconnect => self.on_reconnect_due(now),
            Timer::Heartbeat => self.on_heartbeat_due(now),
            Timer::Marks => self.on_marks_due(now),
            Timer::Pause => self.on_pause_over(now),
            Timer::Typing => self.on_typing_due(now),
            // What is due is done after every event.
            Timer::Calls => {}
        }
    }

    fn on_store_failed(&mut self) {
        if self.link.connection == Connection::Stopped(Stop::Store) {
            return;
        }
        self.disconnect();
        self.stop(Stop::Store);
        let lost = self.outbox.items.values_mut().filter(|item| matches!(item.state, State::Storing(_)));
        for item in lost {
            item.failed = Some(Failure::Store);
            item.state = State::Stored;
            self.effects.push(Effect::Changed(Change::Failed { chat: item.chat, id: item.id.clone() }));
        }
    }

    fn on_loaded(&mut self, now: Now, number: u64, rows: &[Row]) {
        match self.loads.remove(&number) {
            Some(Reading::Timeline) => self.on_timeline_loaded(number, rows),
            Some(Reading::Job(job)) => self.on_job_loaded(job, rows),
            Some(Reading::Count(chat, seq)) => self.on_counted(chat, seq, rows),
            Some(Reading::Search { ticket, words }) => self.on_searched(ticket, &words, rows),
            Some(Reading::Look(ticket, chat, from)) => self.on_looked(ticket, chat, from, rows),
            Some(Reading::Seal(ticket)) => self.seal.on(now, News::Loaded { ticket, rows }),
            None => {}
        }
    }

    /// The number of the batch that this event gives.
    const fn next_batch(&self) -> u64 {
        self.batches + 1
    }

    fn flush(&mut self) -> Vec<Effect> {
        for chat in std::mem::take(&mut self.dirty) {
            if let Some(row) = self.chats.get(&chat).and_then(|row| serde_json::to_string(row).ok()) {
                self.ops.push(Op::Put(store::chat_key(chat), row));
            }
        }
        let mut effects = std::mem::take(&mut self.effects);
        if !self.ops.is_empty() {
            self.batches += 1;
            let batch = Batch { number: self.batches, ops: std::mem::take(&mut self.ops) };
            effects.insert(0, Effect::Store(batch));
        }
        effects
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn ask(&mut self, asked: Asked) -> RequestId {
        let number = self.next_number();
        self.requests.insert(number, asked);
        RequestId::Number(number)
    }

    fn load(&mut self, number: u64, ranges: Vec<Range>, reading: Reading) {
        self.loads.insert(number, reading);
        self.effects.push(Effect::Load(Load { number, ranges }));
    }

    fn send(&mut self, frame: ClientFrame) {
        self.effects.push(Effect::Send(frame));
    }

    fn changed(&mut self, change: Change) {
        let effect = Effect::Changed(change);
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    /// A chat's row has to be written, and the list shown anew.
    fn touch(&mut self, chat: ChatId) {
        self.dirty.insert(chat);
        self.changed(Change::Chat(chat));
    }

    #[cfg(test)]
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}
