//! Devices around a model of the server: everything happens at once and in order, until nothing happens.

use std::collections::{BTreeMap, VecDeque};

use chinwag_client::store::{Batch, Op, Range, Row, startup_ranges};
use chinwag_client::{
    Body, Call, CallFailure, Change, Effect, Engine, Event, Now, Record, SealWish, Sealing, Timer, Told, Wish,
};
use chinwag_e2ee::group;
use chinwag_e2ee::identity::RecoveryKey;
use chinwag_proto::frame::{Ack, ChatsPage, ErrorFrame, HeadsAnswer, Ready};
use chinwag_proto::text::RequestId;
use chinwag_proto::{
    ChatId, ClientFrame, ClientMessageId, Code, Content, DeviceId, Entry, Seq, ServerFrame, Timestamp,
    UserId, entry,
};

use crate::server::Server;

/// SplitMix64: for tests alone.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl rand_core::TryRng for Dice {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.roll() as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.roll())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill_with(|| self.roll() as u8);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}

pub(crate) struct Device {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) engine: Engine,
    /// What a load sees.
    pub(crate) rows: BTreeMap<String, String>,
    /// What outlives a crash.
    durable: BTreeMap<String, String>,
    batches: VecDeque<Batch>,
    timers: BTreeMap<Timer, u64>,
    pub(crate) online: bool,
    wants_connection: bool,
    pub(crate) told: Vec<Told>,
}

/// Something that is to happen at a device.
enum Thing {
    Event(Event),
    Call(u64, Call),
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) devices: Vec<Device>,
    queue: VecDeque<(usize, Thing)>,
    /// Calls get lost, or their answers, and the devices take turns as they like.
    pub(crate) chaos: bool,
    dice: Dice,
    ms: u64,
    typed: u64,
}

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

fn read(rows: &BTreeMap<String, String>, ranges: &[Range]) -> Vec<Row> {
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

fn apply(rows: &mut BTreeMap<String, String>, batch: &Batch) {
    for op in &batch.ops {
        match op {
            Op::Put(key, value) => drop(rows.insert(key.clone(), value.clone())),
            Op::Delete(key) => drop(rows.remove(key)),
            Op::DeleteRange(range) => rows.retain(|key, _| !range.contains(key)),
        }
    }
}

fn engine(user: UserId, device: DeviceId, rows: &BTreeMap<String, String>, seed: u64) -> Engine {
    let sealed = read(rows, &[Range::prefix("s/")]);
    let random = Box::new(Dice(seed));
    let sealing = Sealing::restore(user, device, &sealed, random, Box::new(|| 1_700_000_000_000));
    Engine::restore(user, device, Box::new(sealing), &read(rows, &startup_ranges()))
}

impl World {
    /// Devices of these users, online, without keys.
    pub(crate) fn new(seed: u64, users: &[u64]) -> Self {
        let mut world = Self {
            server: Server::default(),
            devices: Vec::new(),
            queue: VecDeque::new(),
            chaos: false,
            dice: Dice(seed),
            ms: 1_000,
            typed: 0,
        };
        users.iter().for_each(|number| {
            world.add(*number);
        });
        world.settle();
        world
    }

    /// One more device of a user.
    pub(crate) fn add(&mut self, number: u64) -> usize {
        let place = self.devices.len();
        let (user, device) = (user(number), DeviceId::new(10 + place as u64).unwrap());
        let engine = engine(user, device, &BTreeMap::new(), self.dice.roll());
        self.devices.push(Device {
            user,
            device,
            engine,
            rows: BTreeMap::new(),
            durable: BTreeMap::new(),
            batches: VecDeque::new(),
            timers: BTreeMap::new(),
            online: false,
            wants_connection: false,
            told: Vec::new(),
        });
        self.queue.push_back((place, Thing::Event(Event::Started)));
        place
    }

    /// A new recovery key, as words.
    pub(crate) fn recovery_key(&mut self) -> String {
        RecoveryKey::generate(&mut self.dice).words().join(" ")
    }

    pub(crate) fn sets_up(&mut self, place: usize, recovery: &str) {
        let recovery = chinwag_client::Secret(recovery.to_owned());
        self.wish(place, Wish::Seal(SealWish::SetUp { recovery }));
    }

    pub(crate) fn wish(&mut self, place: usize, wish: Wish) {
        self.queue.push_back((place, Thing::Event(Event::Wish(wish))));
        self.settle();
    }

    /// A change of a group is wished for, and nothing happens yet.
    pub(crate) fn wants_commit(&mut self, place: usize, chat: ChatId, wish: group::Wish) {
        self.queue.push_back((place, Thing::Event(Event::Wish(Wish::Seal(SealWish::Commit { chat, wish })))));
    }

    pub(crate) fn commits(&mut self, place: usize, chat: ChatId, wish: group::Wish) {
        self.wants_commit(place, chat, wish);
        self.settle();
    }

    /// Types a message, and everything that follows happens.
    pub(crate) fn says(&mut self, place: usize, chat: ChatId, text: &str) -> ClientMessageId {
        self.types(place, chat, Record::Message { content: Content::text(text), reply_to: None })
    }

    pub(crate) fn types(&mut self, place: usize, chat: ChatId, record: Record) -> ClientMessageId {
        self.typed += 1;
        let id: ClientMessageId = format!("typed{}", self.typed).parse().unwrap();
        self.wish(place, Wish::Record { chat, id: id.clone(), at_ms: 0, record });
        id
    }

    /// What a device shows of a chat: texts, or the cause in brackets.
    pub(crate) fn reads(&mut self, place: usize, chat: ChatId) -> Vec<String> {
        self.wish(place, Wish::Open(Some(chat)));
        let lines = |device: &mut Device| {
            let shown = device.engine.timeline();
            shown
                .into_iter()
                .filter_map(|line| match line.body {
                    Body::Content(content) => Some(content.fallback()),
                    Body::NotYet => Some("[not yet]".to_owned()),
                    Body::Unreadable(cause) => Some(format!("[{cause:?}]")),
                    Body::Deleted => Some("[deleted]".to_owned()),
                    Body::Event(_) => None,
                })
                .collect()
        };
        // Opening may have asked for rows.
        let _: Vec<String> = lines(&mut self.devices[place]);
        self.queue.push_back((place, Thing::Event(Event::Fired(Timer::Typing))));
        self.settle();
        lines(&mut self.devices[place])
    }

    pub(crate) fn told(&self, place: usize, told: &Told) -> bool {
        self.devices[place].told.contains(told)
    }

    /// The connection breaks and stays away.
    pub(crate) fn goes_offline(&mut self, place: usize) {
        self.devices[place].online = false;
        self.queue.retain(|(of, event)| {
            *of != place || !matches!(event, Thing::Event(Event::Frame(_) | Event::Connected(_)))
        });
        self.wish(place, Wish::Disconnect);
    }

    pub(crate) fn comes_online(&mut self, place: usize) {
        self.wish(place, Wish::Connect);
    }

    /// The program dies and starts anew with what its store has.
    pub(crate) fn restarts(&mut self, place: usize) {
        self.queue.retain(|(of, _)| *of != place);
        let seed = self.dice.roll();
        let device = &mut self.devices[place];
        device.rows = device.durable.clone();
        device.batches.clear();
        device.engine = engine(device.user, device.device, &device.rows, seed);
        (device.online, device.timers, device.wants_connection) = (false, BTreeMap::new(), false);
        self.queue.push_back((place, Thing::Event(Event::Started)));
        if !self.chaos {
            self.settle();
        }
    }

    /// A group that this device has made over REST.
    pub(crate) fn founds(&mut self, place: usize, chat: &str, others: &[u64]) -> ChatId {
        let chat: ChatId = chat.parse().unwrap();
        let members: Vec<UserId> =
            std::iter::once(self.devices[place].user).chain(others.iter().map(|n| user(*n))).collect();
        let entry = self.server.found(chat, self.devices[place].device, &members);
        self.publish(&entry, None);
        self.settle();
        chat
    }

    /// Until nothing happens any more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..200_000 {
            if !self.one() && !self.timer() {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// The next thing happens, if there is one.
    pub(crate) fn one(&mut self) -> bool {
        let Some(first) = self.queue.front().map(|(place, _)| *place) else { return false };
        let place = if self.chaos { self.below(self.devices.len()) } else { first };
        let next = self.queue.iter().position(|(of, _)| *of == place).unwrap_or_default();
        let Some((place, thing)) = self.queue.remove(next) else { return false };
        match thing {
            Thing::Event(Event::Stored(number)) => {
                let device = &mut self.devices[place];
                if let Some(batch) = device.batches.pop_front() {
                    assert_eq!(batch.number, number);
                    apply(&mut device.durable, &batch);
                }
                self.event(place, Event::Stored(number));
            }
            Thing::Event(event) => self.event(place, event),
            Thing::Call(number, call) => self.make(place, number, call),
        }
        true
    }

    /// The next timer but the heartbeat fires, if there is one.
    pub(crate) fn timer(&mut self) -> bool {
        let due = |device: &Device| {
            let all = device.timers.iter().filter(|(timer, _)| **timer != Timer::Heartbeat);
            all.map(|(timer, at)| (*at, *timer)).min()
        };
        let all = (0..self.devices.len()).filter_map(|n| due(&self.devices[n]).map(|(at, t)| (at, n, t)));
        let Some((at, place, timer)) = all.min() else { return false };
        self.ms = self.ms.max(at);
        self.devices[place].timers.remove(&timer);
        self.queue.push_back((place, Thing::Event(Event::Fired(timer))));
        true
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.dice.roll() % bound as u64) as usize
    }

    /// A call; in chaos it may not arrive, or its answer may not.
    fn make(&mut self, place: usize, number: u64, call: Call) {
        let (user, device) = (self.devices[place].user, self.devices[place].device);
        self.server.wire.push_str(&format!("{call:?}\n"));
        let fate = if self.chaos { self.below(6) } else { 9 };
        let mut answer = Err(CallFailure::Passing);
        if fate > 0 {
            if let Call::Notify { data } = &call {
                let entry = self.server.notify(user, device, data.clone());
                self.publish(&entry, None);
            }
            answer = self.server.call(user, device, call);
        }
        if fate == 1 {
            answer = Err(CallFailure::Passing);
        }
        self.queue.push_back((place, Thing::Event(Event::Answered { number, answer })));
    }

    /// The connection breaks; what is on its way down is lost.
    pub(crate) fn cut(&mut self, place: usize) {
        if std::mem::take(&mut self.devices[place].online) {
            let frame = |thing: &Thing| matches!(thing, Thing::Event(Event::Frame(_) | Event::Connected(_)));
            self.queue.retain(|(of, thing)| *of != place || !frame(thing));
            self.queue.push_back((place, Thing::Event(Event::Disconnected { code: None })));
        }
    }

    /// Types a message, and nothing follows yet.
    pub(crate) fn just_says(&mut self, place: usize, chat: ChatId, text: &str) {
        self.typed += 1;
        let id: ClientMessageId = format!("typed{}", self.typed).parse().unwrap();
        let record = Record::Message { content: Content::text(text), reply_to: None };
        self.event(place, Event::Wish(Wish::Record { chat, id, at_ms: 0, record }));
    }

    fn event(&mut self, place: usize, event: Event) {
        let now = Now { ms: self.ms, dice: self.dice.roll() };
        for effect in self.devices[place].engine.handle(now, event) {
            self.effect(place, effect);
        }
        if std::mem::take(&mut self.devices[place].wants_connection) {
            let device = &mut self.devices[place];
            device.online = true;
            let ready = Ready {
                user_id: device.user,
                device_id: device.device,
                server_time: Timestamp::from_ms(0),
                heartbeat_ms: 30_000,
                features: Vec::new(),
            };
            self.queue.push_back((place, Thing::Event(Event::Connected(ready))));
        }
    }

    fn effect(&mut self, place: usize, effect: Effect) {
        match effect {
            Effect::Connect { .. } => self.devices[place].wants_connection = true,
            Effect::Disconnect => self.devices[place].online = false,
            Effect::Send(frame) => self.frame(place, frame),
            Effect::Store(batch) => {
                apply(&mut self.devices[place].rows, &batch);
                self.queue.push_back((place, Thing::Event(Event::Stored(batch.number))));
                self.devices[place].batches.push_back(batch);
            }
            Effect::Load(load) => {
                let rows = read(&self.devices[place].rows, &load.ranges);
                self.queue.push_back((place, Thing::Event(Event::Loaded { number: load.number, rows })));
            }
            // After the batches that were given before it.
            Effect::Call { number, call } => self.queue.push_back((place, Thing::Call(number, call))),
            Effect::SetTimer { timer, at_ms } => drop(self.devices[place].timers.insert(timer, at_ms)),
            Effect::Changed(Change::Seal(told)) => self.devices[place].told.push(told),
            Effect::Changed(_) => {}
        }
    }

    fn push(&mut self, place: usize, frame: ServerFrame) {
        if self.devices[place].online {
            self.queue.push_back((place, Thing::Event(Event::Frame(Box::new(frame)))));
        }
    }

    fn publish(&mut self, entry: &Entry, except: Option<usize>) {
        for place in 0..self.devices.len() {
            let user = self.devices[place].user;
            let member = self.server.logs[&entry.chat_id].members.contains_key(&user);
            let removed = match &entry.body {
                entry::Body::Mls { changes, .. } => changes.iter().any(|change| change.user_id == user),
                _ => false,
            };
            if (member || removed) && Some(place) != except {
                if let Some(summary) = self.server.summary(entry.chat_id, user).filter(|_| removed) {
                    self.push(place, ServerFrame::Chat(Box::new(summary)));
                }
                self.push(place, ServerFrame::Entry(entry.clone()));
            }
        }
    }

    fn frame(&mut self, place: usize, frame: ClientFrame) {
        self.server.wire.push_str(&frame.to_json());
        let who = self.devices[place].user;
        match frame {
            ClientFrame::Send(f) => {
                let body = entry::Body::Message { content: Some(f.content), reply_to: f.reply_to };
                self.record(place, f.id, f.chat_id.unwrap(), &f.client_message_id, f.after, body);
            }
            ClientFrame::Edit(f) => {
                let body = entry::Body::Edit { target: f.target, content: Some(f.content) };
                self.record(place, f.id, f.chat_id, &f.client_message_id, f.after, body);
            }
            ClientFrame::Delete(f) => {
                let body = entry::Body::Delete { target: f.target };
                self.record(place, f.id, f.chat_id, &f.client_message_id, None, body);
            }
            ClientFrame::Mls(f) => {
                let body = entry::Body::Mls { changes: f.changes, data: f.data };
                self.record(place, f.id, f.chat_id, &f.client_message_id, Some(f.after), body);
            }
            ClientFrame::Heads(f) => {
                let (changed, gone) = self.server.heads(who, &f.chats);
                self.push(place, ServerFrame::Heads(HeadsAnswer { id: f.id, changed, gone }));
            }
            ClientFrame::Chats(f) => {
                let all: Vec<ChatId> = self.server.logs.keys().copied().collect();
                let chats = all.into_iter().filter_map(|chat| self.server.summary(chat, who)).collect();
                self.push(place, ServerFrame::Chats(ChatsPage { id: f.id, chats, cursor: None }));
            }
            ClientFrame::Sync(f) => {
                let frame = match self.server.sync(who, f.chat_id, f.id.clone(), f.after) {
                    Ok(page) => ServerFrame::Entries(page),
                    Err(code) => error(f.id, code, None),
                };
                self.push(place, frame);
            }
            _ => {}
        }
    }

    fn record(
        &mut self,
        place: usize,
        id: RequestId,
        chat: ChatId,
        client_id: &ClientMessageId,
        after: Option<Seq>,
        body: entry::Body,
    ) {
        let who = (self.devices[place].user, self.devices[place].device);
        match self.server.apply(who, chat, client_id, after, body) {
            Err((code, after)) => self.push(place, error(id, code, after)),
            Ok((entry, duplicate)) => {
                let (seq, message_id, created_at) = (entry.seq, entry.message_id, entry.created_at);
                self.push(
                    place,
                    ServerFrame::Ack(Ack { id, chat_id: chat, message_id, seq, created_at, duplicate }),
                );
                if !duplicate {
                    self.publish(&entry, Some(place));
                }
            }
        }
    }
}

fn error(id: RequestId, code: Code, after: Option<Seq>) -> ServerFrame {
    let (detail, retry_after_ms, head) = (String::new(), None, None);
    ServerFrame::Error(ErrorFrame { id: Some(id), code, detail, retry_after_ms, head, after })
}
