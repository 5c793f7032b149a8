//! A device of the simulation: an engine, a store that can lose what was not stored, a connection that can
//! lose everything, and timers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_proto::{ChatId, ClientFrame, DeviceId, ServerFrame, UserId};

use crate::engine::Fault;
use crate::store::{Batch, Load, Op, Range, Row, startup_ranges};
use crate::{Change, Effect, Engine, Event, Now, Plain, Timer};

pub(super) type Rows = BTreeMap<String, String>;

pub(super) struct Device {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) engine: Engine,
    fault: Option<Fault>,
    /// What a load sees.
    pub(super) view: Rows,
    durable: Rows,
    pub(super) batches: VecDeque<Batch>,
    pub(super) loads: VecDeque<(Load, Option<Vec<Row>>)>,
    pub(super) timers: BTreeMap<Timer, u64>,
    pub(super) connecting: bool,
    pub(super) connected: bool,
    pub(super) up: VecDeque<ClientFrame>,
    pub(super) down: VecDeque<ServerFrame>,
    /// Chats whose live frames were dropped.
    pub(super) dropped: BTreeSet<ChatId>,
    /// The number of the last batch given.
    pub(super) given: u64,
    pub(super) refused: usize,
}

fn apply(rows: &mut Rows, batch: &Batch) {
    for op in &batch.ops {
        match op {
            Op::Put(key, value) => {
                rows.insert(key.clone(), value.clone());
            }
            Op::Delete(key) => {
                rows.remove(key);
            }
            Op::DeleteRange(range) => rows.retain(|key, _| !range.contains(key)),
        }
    }
}

fn read(rows: &Rows, ranges: &[Range]) -> Vec<Row> {
    let mut found = Vec::new();
    for range in ranges {
        let all = rows.range(range.from.clone()..range.to.clone()).map(|(k, v)| (k.clone(), v.clone()));
        if range.backwards {
            found.extend(all.rev().take(range.limit));
        } else {
            found.extend(all.take(range.limit));
        }
    }
    found
}

impl Device {
    pub(super) fn new(user: UserId, device: DeviceId, fault: Option<Fault>) -> Self {
        let mut new = Self {
            user,
            device,
            engine: Engine::new(user, device, Box::new(Plain)),
            fault,
            view: Rows::new(),
            durable: Rows::new(),
            batches: VecDeque::new(),
            loads: VecDeque::new(),
            timers: BTreeMap::new(),
            connecting: false,
            connected: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            dropped: BTreeSet::new(),
            given: 0,
            refused: 0,
        };
        new.engine.fault = fault;
        new
    }

    pub(super) fn handle(&mut self, now: Now, event: Event) {
        for effect in self.engine.handle(now, event) {
            match effect {
                Effect::Connect { .. } => self.connecting = true,
                Effect::Disconnect => self.cut(),
                Effect::Send(frame) => {
                    assert!(self.connected, "a frame without a connection");
                    self.up.push_back(frame);
                }
                Effect::Store(batch) => {
                    apply(&mut self.view, &batch);
                    self.given = batch.number;
                    self.batches.push_back(batch);
                }
                Effect::Load(load) => {
                    let early = now.dice.is_multiple_of(2).then(|| read(&self.view, &load.ranges));
                    self.loads.push_back((load, early));
                }
                Effect::SetTimer { timer, at_ms } => {
                    self.timers.insert(timer, at_ms);
                }
                Effect::Changed(Change::Refused { .. }) => self.refused += 1,
                Effect::Changed(_) => {}
                Effect::Call { .. } => unreachable!("no call is made without encryption"),
            }
        }
    }

    /// The connection is no more; nothing of it comes any more.
    pub(super) fn cut(&mut self) {
        self.connecting = false;
        self.connected = false;
        self.up.clear();
        self.down.clear();
        self.dropped.clear();
    }

    /// The disk has the next batch.
    pub(super) fn store_one(&mut self, now: Now) -> bool {
        let Some(batch) = self.batches.pop_front() else { return false };
        apply(&mut self.durable, &batch);
        self.handle(now, Event::Stored(batch.number));
        true
    }

    pub(super) fn load_one(&mut self, now: Now) -> bool {
        let Some((load, early)) = self.loads.pop_front() else { return false };
        let rows = early.unwrap_or_else(|| read(&self.view, &load.ranges));
        self.handle(now, Event::Loaded { number: load.number, rows });
        true
    }

    pub(super) fn fire(&mut self, now: Now) {
        let due: Vec<Timer> = self.timers.iter().filter(|(_, at)| **at <= now.ms).map(|(t, _)| *t).collect();
        for timer in due {
            self.timers.remove(&timer);
            self.handle(now, Event::Fired(timer));
        }
    }

    /// The program dies: only what is on disk remains, or not even that.
    pub(super) fn crash(&mut self, everything: bool) {
        self.cut();
        if everything {
            self.durable.clear();
        }
        self.view = self.durable.clone();
        self.batches.clear();
        self.loads.clear();
        self.timers.clear();
        self.given = 0;
        let rows = read(&self.durable, &startup_ranges());
        self.engine = Engine::restore(self.user, self.device, Box::new(Plain), &rows);
        self.engine.fault = self.fault;
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.connected
            && self.up.is_empty()
            && self.down.is_empty()
            && self.batches.is_empty()
            && self.loads.is_empty()
            && self.dropped.is_empty()
            && self.timers.keys().all(|timer| *timer == Timer::Heartbeat)
    }

    pub(super) fn restless(&self) -> String {
        let Self { device, up, down, batches, loads, timers, connected, .. } = self;
        let kinds: Vec<String> = up.iter().map(|frame| frame.to_json()).collect();
        let answers: Vec<String> =
            down.iter().map(|frame| frame.to_json().chars().take(200).collect()).collect();
        format!(
            "{device}: connected {connected}, up {kinds:?}, down {answers:?}, {} batches, loads {:?}, {timers:?}, {:?}",
            batches.len(),
            loads.front().map(|(load, _)| load),
            self.engine.connection()
        )
    }
}
