//! A driver for tests: its store is memory and never fails.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "not every test needs all of it"
)]

pub(crate) use std::collections::BTreeMap;

pub(crate) use chinwag_client::store::{Op, Range, Row, startup_ranges};
pub(crate) use chinwag_client::{
    Answer, Body, Call, CallFailure, Cause, Change, Connection, Effect, Engine, Event, Failure, MlsRecord,
    News, Now, Opened, Plain, Record, Seal, Sealed, Status, Stop, Timer, ToSeal, Wants, Wish,
};
pub(crate) use chinwag_proto::frame::Ready;
pub(crate) use chinwag_proto::{
    ChatId, ClientFrame, ClientMessageId, Content, DeviceId, Entry, Seq, ServerFrame, Timestamp, UserId,
};
pub(crate) use serde_json::{Value, json};

/// A driver whose store is memory and never fails.
pub(crate) struct Phone {
    pub(crate) engine: Engine,
    pub(crate) rows: BTreeMap<String, String>,
    pub(crate) ms: u64,
    /// Batches wait until they are asked for.
    pub(crate) slow_disk: bool,
    pub(crate) sent: Vec<ClientFrame>,
    pub(crate) effects: Vec<Effect>,
}

pub(crate) fn read(rows: &BTreeMap<String, String>, ranges: &[Range]) -> Vec<Row> {
    let mut found = Vec::new();
    for range in ranges {
        let all = rows.iter().filter(|(key, _)| range.contains(key)).map(|(k, v)| (k.clone(), v.clone()));
        let mut all: Vec<Row> = all.collect();
        if range.backwards {
            all.reverse();
        }
        found.extend(all.into_iter().take(range.limit));
    }
    found
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(crate) fn chat() -> ChatId {
    "d.1.2".parse().unwrap()
}

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

impl Phone {
    pub(crate) fn new(seal: Box<dyn Seal + Send>) -> Self {
        let engine = Engine::new(user(2), DeviceId::new(20).unwrap(), seal);
        let (rows, sent, effects) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut phone = Self { engine, rows, ms: 1_000, slow_disk: false, sent, effects };
        phone.on(Event::Started);
        phone
    }

    /// Connected, and its list is empty.
    pub(crate) fn online() -> Self {
        let mut phone = Self::new(Box::new(Plain));
        phone.connects();
        phone
    }

    pub(crate) fn connects(&mut self) {
        self.on(Event::Connected(Ready {
            user_id: user(2),
            device_id: DeviceId::new(20).unwrap(),
            server_time: Timestamp::from_ms(0),
            heartbeat_ms: 30_000,
            features: Vec::new(),
        }));
        let id = self.last("chats");
        self.hears(json!({ "type": "chats", "id": id, "chats": [] }));
    }

    pub(crate) fn on(&mut self, event: Event) {
        let effects = self.engine.handle(Now { ms: self.ms, dice: 7 }, event);
        for effect in effects {
            match &effect {
                Effect::Send(frame) => self.sent.push(frame.clone()),
                Effect::Store(batch) => {
                    for op in &batch.ops {
                        match op {
                            Op::Put(key, value) => drop(self.rows.insert(key.clone(), value.clone())),
                            Op::Delete(key) => drop(self.rows.remove(key)),
                            Op::DeleteRange(range) => self.rows.retain(|key, _| !range.contains(key)),
                        }
                    }
                    if !self.slow_disk {
                        self.on(Event::Stored(batch.number));
                    }
                }
                Effect::Load(load) => {
                    let rows = read(&self.rows, &load.ranges);
                    self.on(Event::Loaded { number: load.number, rows });
                }
                _ => {}
            }
            self.effects.push(effect);
        }
    }

    /// The numbers of the calls so far.
    pub(crate) fn calls(&self) -> Vec<u64> {
        let number = |effect: &Effect| match effect {
            Effect::Call { number, .. } => Some(*number),
            _ => None,
        };
        self.effects.iter().filter_map(number).collect()
    }

    pub(crate) fn hears(&mut self, frame: Value) {
        let frame = ServerFrame::parse(&frame.to_string()).unwrap();
        self.on(Event::Frame(Box::new(frame)));
    }

    pub(crate) fn entry(&mut self, number: u64, sender: u64, body: Value) {
        let mut frame = json!({
            "type": "entry", "v": 1, "chatId": "d.1.2", "seq": number, "n": number, "messageId": number.to_string(),
            "senderId": sender.to_string(), "deviceId": "3", "createdAt": "2026-01-01T00:00:00.000Z",
        });
        for (key, value) in body.as_object().unwrap() {
            frame[key] = value.clone();
        }
        self.hears(frame);
    }

    pub(crate) fn says(&mut self, number: u64, text: &str) {
        self.entry(number, 1, json!({ "kind": "message", "content": text }));
    }

    pub(crate) fn wishes(&mut self, wish: Wish) {
        self.on(Event::Wish(wish));
    }

    pub(crate) fn types(&mut self, id: &str, text: &str) {
        let record = Record::Message { content: Content::text(text), reply_to: None };
        self.wishes(Wish::Record { chat: chat(), id: id.parse().unwrap(), at_ms: 0, record });
    }

    /// The frames of a type, as JSON.
    pub(crate) fn frames(&self, kind: &str) -> Vec<Value> {
        let all = self.sent.iter().map(|frame| serde_json::from_str::<Value>(&frame.to_json()).unwrap());
        all.filter(|frame| frame["type"] == kind).collect()
    }

    /// The id of the last frame of a type.
    pub(crate) fn last(&self, kind: &str) -> Value {
        self.frames(kind).last().unwrap_or_else(|| panic!("no {kind}"))["id"].clone()
    }

    pub(crate) fn status(&self, id: &str) -> Option<Status> {
        self.engine.record(chat(), &id.parse().unwrap())
    }

    pub(crate) fn changed(&self, change: &Change) -> bool {
        self.effects.contains(&Effect::Changed(change.clone()))
    }

    pub(crate) fn later(&mut self, ms: u64, timer: Timer) {
        self.ms += ms;
        self.on(Event::Fired(timer));
    }

    pub(crate) fn finds(&mut self, query: &str) -> Vec<u64> {
        self.effects.clear();
        self.wishes(Wish::Search { ticket: 5, query: query.to_owned() });
        let found = self.effects.iter().find_map(|effect| match effect {
            Effect::Changed(Change::Found { ticket: 5, hits }) => Some(hits.clone()),
            _ => None,
        });
        found.unwrap().into_iter().map(|(_, seq)| seq.get()).collect()
    }
}
