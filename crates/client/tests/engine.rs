//! The engine event by event, as a driver sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use chinwag_client::store::{Op, Range, Row, startup_ranges};
use chinwag_client::{
    Body, Cause, Change, Connection, Effect, Engine, Event, Failure, Now, Opened, Plain, Record, Seal,
    Sealed, Status, Stop, Timer, Wish,
};
use chinwag_proto::frame::Ready;
use chinwag_proto::{
    ChatId, ClientFrame, ClientMessageId, Content, DeviceId, Entry, Seq, ServerFrame, Timestamp, UserId,
};
use serde_json::{Value, json};

/// A driver whose store is memory and never fails.
struct Phone {
    engine: Engine,
    rows: BTreeMap<String, String>,
    ms: u64,
    /// Batches wait until they are asked for.
    slow_disk: bool,
    sent: Vec<ClientFrame>,
    effects: Vec<Effect>,
}

fn read(rows: &BTreeMap<String, String>, ranges: &[Range]) -> Vec<Row> {
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

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn chat() -> ChatId {
    "d.1.2".parse().unwrap()
}

fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

impl Phone {
    fn new(seal: Box<dyn Seal + Send>) -> Self {
        let engine = Engine::new(user(2), DeviceId::new(20).unwrap(), seal);
        let (rows, sent, effects) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut phone = Self { engine, rows, ms: 1_000, slow_disk: false, sent, effects };
        phone.on(Event::Started);
        phone
    }

    /// Connected, and its list is empty.
    fn online() -> Self {
        let mut phone = Self::new(Box::new(Plain));
        phone.connects();
        phone
    }

    fn connects(&mut self) {
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

    fn on(&mut self, event: Event) {
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

    fn hears(&mut self, frame: Value) {
        let frame = ServerFrame::parse(&frame.to_string()).unwrap();
        self.on(Event::Frame(Box::new(frame)));
    }

    fn entry(&mut self, number: u64, sender: u64, body: Value) {
        let mut frame = json!({
            "type": "entry", "v": 1, "chatId": "d.1.2", "seq": number, "n": number, "messageId": number.to_string(),
            "senderId": sender.to_string(), "deviceId": "3", "createdAt": "2026-01-01T00:00:00.000Z",
        });
        for (key, value) in body.as_object().unwrap() {
            frame[key] = value.clone();
        }
        self.hears(frame);
    }

    fn says(&mut self, number: u64, text: &str) {
        self.entry(number, 1, json!({ "kind": "message", "content": text }));
    }

    fn wishes(&mut self, wish: Wish) {
        self.on(Event::Wish(wish));
    }

    fn types(&mut self, id: &str, text: &str) {
        let record = Record::Message { content: Content::text(text), reply_to: None };
        self.wishes(Wish::Record { chat: chat(), id: id.parse().unwrap(), at_ms: 0, record });
    }

    /// The frames of a type, as JSON.
    fn frames(&self, kind: &str) -> Vec<Value> {
        let all = self.sent.iter().map(|frame| serde_json::from_str::<Value>(&frame.to_json()).unwrap());
        all.filter(|frame| frame["type"] == kind).collect()
    }

    /// The id of the last frame of a type.
    fn last(&self, kind: &str) -> Value {
        self.frames(kind).last().unwrap_or_else(|| panic!("no {kind}"))["id"].clone()
    }

    fn status(&self, id: &str) -> Option<Status> {
        self.engine.record(chat(), &id.parse().unwrap())
    }

    fn changed(&self, change: &Change) -> bool {
        self.effects.contains(&Effect::Changed(change.clone()))
    }

    fn later(&mut self, ms: u64, timer: Timer) {
        self.ms += ms;
        self.on(Event::Fired(timer));
    }

    fn finds(&mut self, query: &str) -> Vec<u64> {
        self.effects.clear();
        self.wishes(Wish::Search { ticket: 5, query: query.to_owned() });
        let found = self.effects.iter().find_map(|effect| match effect {
            Effect::Changed(Change::Found { ticket: 5, hits }) => Some(hits.clone()),
            _ => None,
        });
        found.unwrap().into_iter().map(|(_, seq)| seq.get()).collect()
    }
}

#[test]
fn nothing_is_sent_before_it_is_stored_and_the_state_is_told_truly() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    phone.wishes(Wish::Open(Some(chat())));
    phone.types("a", "hello");
    assert!(phone.frames("send").is_empty());
    assert_eq!(phone.engine.timeline().last().unwrap().status, Status::Sending);
    phone.on(Event::Stored(u64::MAX));
    assert_eq!(phone.frames("send")[0]["content"], "hello");
    assert_eq!(phone.frames("send")[0].get("resend"), None);
    let id = phone.last("send");
    let at = "2026-01-01T00:00:00.000Z";
    phone.hears(json!({ "type": "ack", "id": id, "chatId": "d.1.2", "messageId": "9", "seq": 1, "createdAt": at, "duplicate": false }));
    assert_eq!((phone.status("a"), phone.engine.timeline()[0].status.clone()), (None, Status::Sent));
    for (mark, status) in [("delivered", Status::Delivered), ("read", Status::Read)] {
        phone.hears(json!({ "type": "cursors", "chatId": "d.1.2", "users": [{ "userId": "1", mark: 1 }] }));
        assert_eq!(phone.engine.timeline()[0].status, status);
    }
}

#[test]
fn a_break_and_a_restart_make_resends_in_the_order_typed() {
    let mut phone = Phone::online();
    phone.types("a", "one");
    phone.types("b", "two");
    assert_eq!(phone.frames("send").len(), 1, "one of a chat at a time");
    let rows = read(&phone.rows, &startup_ranges());
    phone.engine = Engine::restore(user(2), DeviceId::new(20).unwrap(), Box::new(Plain), &rows);
    phone.sent.clear();
    phone.on(Event::Started);
    phone.connects();
    let again = phone.frames("send");
    assert_eq!(
        (again.len(), &again[0]["clientMessageId"], &again[0]["resend"]),
        (1, &json!("a"), &json!(true))
    );
}

#[test]
fn a_refusal_waits_for_a_retry_and_a_busy_server_for_its_time() {
    let mut phone = Phone::online();
    phone.types("a", "one");
    let id = phone.last("send");
    phone.hears(
        json!({ "type": "error", "id": id, "code": "rate_limited", "detail": "", "retryAfterMs": 2_000 }),
    );
    assert_eq!((phone.status("a"), phone.frames("send").len()), (Some(Status::Sending), 1));
    phone.later(1_000, Timer::Pause);
    assert_eq!(phone.frames("send").len(), 1, "too early");
    phone.later(2_000, Timer::Pause);
    assert_eq!(phone.frames("send")[1]["resend"], true);
    let id = phone.last("send");
    phone.hears(json!({ "type": "error", "id": id, "code": "forbidden", "detail": "blocked" }));
    assert!(matches!(phone.status("a"), Some(Status::Failed(Failure::Refused { .. }))));
    let fresh: ClientMessageId = "z".parse().unwrap();
    phone.wishes(Wish::Retry { chat: chat(), id: "a".parse().unwrap(), fresh });
    assert_eq!((phone.status("a"), phone.frames("send").len()), (Some(Status::Sending), 3));
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for (code, stop) in [
        (4401, Some(Stop::LoggedOut)),
        (4403, Some(Stop::LoggedOut)),
        (4409, Some(Stop::Replaced)),
        (4413, Some(Stop::Refused(4413))),
        (4000, None),
        (4008, None),
        (4029, None),
        (1006, None),
    ] {
        let mut phone = Phone::online();
        phone.on(Event::Disconnected { code: Some(code) });
        match stop {
            Some(stop) => assert_eq!(phone.engine.connection(), Connection::Stopped(stop), "{code}"),
            None => assert!(matches!(phone.engine.connection(), Connection::Waiting { .. }), "{code}"),
        }
        phone.wishes(Wish::Connect);
        assert_eq!(phone.engine.connection(), Connection::Connecting);
    }
}

#[test]
fn a_silent_server_is_given_up_and_goaway_says_where_to_go() {
    let mut phone = Phone::online();
    phone.later(15_000, Timer::Heartbeat);
    assert_eq!(phone.frames("ping").len(), 1);
    phone.later(60_000, Timer::Heartbeat);
    assert!(phone.effects.contains(&Effect::Disconnect));
    let mut phone = Phone::online();
    phone.hears(json!({ "type": "goaway", "reconnectInMs": 500, "url": "ws://127.0.0.1:2/ws" }));
    phone.types("a", "waits");
    assert!(phone.frames("send").is_empty());
    phone.on(Event::Disconnected { code: Some(4000) });
    phone.later(1_000, Timer::Reconnect);
    assert!(phone.effects.contains(&Effect::Connect { url: Some("ws://127.0.0.1:2/ws".to_owned()) }));
}

#[test]
fn more_than_a_thousand_chats_are_asked_for_in_parts() {
    let mut phone = Phone::online();
    let at = "2026-01-01T00:00:00.000Z";
    for number in 1..=1_500 {
        let chat = json!({ "type": "chat", "chatId": format!("g.{number}"), "kind": "group", "title": "t", "head": 300,
            "read": 300, "unread": 0, "encryption": "none", "role": "member", "lastAt": at });
        phone.hears(chat);
    }
    let syncs = phone.frames("sync");
    assert_eq!((syncs.len(), &syncs[0]["after"]), (4, &json!(200)), "a few at a time, the tail alone");
    phone.on(Event::Disconnected { code: None });
    phone.sent.clear();
    phone.later(60_000, Timer::Reconnect);
    phone.connects();
    let heads: Vec<usize> =
        phone.frames("heads").iter().map(|f| f["chats"].as_object().unwrap().len()).collect();
    assert_eq!(heads, [1_000, 500]);
}

#[test]
fn a_chat_of_which_the_server_holds_less_is_taken_anew() {
    let mut phone = Phone::online();
    (1..=3).for_each(|n| phone.says(n, "word"));
    phone.wishes(Wish::Draft { chat: chat(), text: "half a thought".to_owned() });
    phone.hears(json!({ "type": "resync", "chats": [{ "chatId": "d.1.2", "head": 3 }] }));
    let id = phone.last("sync");
    phone.hears(json!({ "type": "error", "id": id, "code": "invalid_request", "detail": "", "head": 2 }));
    let held = phone.engine.chat(chat()).unwrap();
    assert_eq!((held.last, held.draft.as_str()), (Seq::ZERO, "half a thought"));
    assert_eq!(phone.frames("sync").last().unwrap()["after"], 0);
    assert!(!phone.rows.keys().any(|key| key.starts_with("e/")));
}

#[test]
fn own_cursors_are_collected_and_told_once_they_are_on_disk() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    (1..=3).for_each(|n| phone.says(n, "hi"));
    phone.later(300, Timer::Marks);
    assert!(phone.frames("delivered").is_empty());
    phone.on(Event::Stored(u64::MAX));
    phone.later(300, Timer::Marks);
    assert_eq!(phone.frames("delivered").len(), 1);
    assert_eq!(phone.frames("delivered")[0]["seq"], 3);
    phone.slow_disk = false;
    phone.wishes(Wish::Read { chat: chat(), seq: seq(2) });
    assert_eq!(phone.engine.chat(chat()).unwrap().unread(), 1);
    phone.wishes(Wish::Read { chat: chat(), seq: seq(3) });
    phone.later(300, Timer::Marks);
    assert_eq!(phone.frames("read").len(), 1);
    assert_eq!(phone.frames("read")[0]["seq"], 3);
}

#[test]
fn typing_ends_by_itself_and_presence_is_of_those_on_screen() {
    let mut phone = Phone::online();
    phone.hears(json!({ "type": "typing", "chatId": "d.1.2", "userId": "1", "on": true }));
    assert_eq!(phone.engine.typing(chat()), [user(1)]);
    phone.later(6_000, Timer::Typing);
    assert!(phone.engine.typing(chat()).is_empty());
    phone.wishes(Wish::Typing { chat: chat(), on: true });
    phone.wishes(Wish::Typing { chat: chat(), on: true });
    assert_eq!(phone.frames("typing").len(), 1);
    phone.wishes(Wish::Watch(vec![user(1)]));
    phone.hears(json!({ "type": "presence", "users": [{ "userId": "1", "status": "online" }, { "userId": "9", "status": "online" }] }));
    assert!(phone.engine.presence(user(1)).is_some() && phone.engine.presence(user(9)).is_none());
}

#[test]
fn search_finds_beginnings_of_words_also_after_a_restart_and_forgets_what_is_deleted() {
    let mut phone = Phone::online();
    phone.says(1, "Grüße aus Prag");
    phone.says(2, "prague again");
    assert_eq!(phone.finds("PRAG"), [2, 1]);
    assert_eq!(phone.finds("prag gru"), [1]);
    let rows = read(&phone.rows, &startup_ranges());
    phone.engine = Engine::restore(user(2), DeviceId::new(20).unwrap(), Box::new(Plain), &rows);
    phone.on(Event::Started);
    phone.connects();
    assert_eq!(phone.finds("grusse"), [1]);
    phone.entry(3, 1, json!({ "kind": "edit", "target": 2, "content": "rome" }));
    phone.entry(4, 1, json!({ "kind": "delete", "target": 1 }));
    assert_eq!((phone.finds("prag"), phone.finds("rom")), (vec![], vec![2]));
    assert!(!phone.rows.values().any(|row| row.contains("Grüße")), "the store forgets it as well");
}

#[test]
fn a_muted_chat_gives_no_notice() {
    let mut phone = Phone::online();
    phone.says(1, "hi");
    assert!(phone.changed(&Change::Notify { chat: chat(), seq: seq(1) }));
    phone.wishes(Wish::Mute { chat: chat(), on: true });
    phone.says(2, "hi");
    assert!(!phone.changed(&Change::Notify { chat: chat(), seq: seq(2) }));
}

#[test]
fn a_store_that_fails_stops_everything_and_what_was_not_stored_says_so() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    phone.types("a", "hello");
    phone.on(Event::StoreFailed);
    assert_eq!(phone.status("a"), Some(Status::Failed(Failure::Store)));
    assert_eq!(phone.engine.connection(), Connection::Stopped(Stop::Store));
    phone.types("b", "more");
    assert_eq!(phone.status("b"), None);
}

/// A seal whose keys come late: content is `{type: "sealed", text: REVERSED}`.
struct Late(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Late {
    fn has_keys(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Seal for Late {
    fn open(&mut self, _entry: &Entry, content: &Content) -> Opened {
        match content.fallback().as_str() {
            "broken" => Opened::Unreadable(Cause::Other("wrong_epoch".to_owned())),
            text if self.has_keys() => {
                Opened::Content(Content::text(&text.chars().rev().collect::<String>()))
            }
            _ => Opened::NotYet,
        }
    }

    fn seal(&mut self, _: ChatId, _: &ClientMessageId, content: &Content, ops: &mut Vec<Op>) -> Sealed {
        if !self.has_keys() {
            return Sealed::NotYet;
        }
        ops.push(Op::Put("s/ratchet".to_owned(), "1".to_owned()));
        let text: String = content.fallback().chars().rev().collect();
        let json = json!({ "type": "sealed", "text": text }).to_string();
        Sealed::Content { content: Content::from_json(json).unwrap(), after: Some(seq(1)) }
    }
}

#[test]
fn a_seal_may_answer_late_or_never_and_its_state_is_stored_with_what_it_sealed() {
    let keys = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut phone = Phone::new(Box::new(Late(keys.clone())));
    phone.connects();
    phone.wishes(Wish::Open(Some(chat())));
    for (number, text) in [(1, "olleh"), (2, "broken")] {
        phone.entry(number, 1, json!({ "kind": "message", "content": { "type": "sealed", "text": text } }));
    }
    let bodies: Vec<Body> = phone.engine.timeline().into_iter().map(|line| line.body).collect();
    assert_eq!(bodies, [Body::NotYet, Body::Unreadable(Cause::Other("wrong_epoch".to_owned()))]);
    phone.types("a", "secret");
    assert!(phone.frames("send").is_empty() && phone.finds("hello").is_empty());
    keys.store(true, std::sync::atomic::Ordering::SeqCst);
    phone.on(Event::Unsealed(chat()));
    assert_eq!(phone.engine.timeline()[0].body, Body::Content(Content::text("hello")));
    assert_eq!(
        (phone.frames("send")[0]["content"]["text"].clone(), phone.finds("hello")),
        (json!("terces"), vec![1])
    );
    assert_eq!(
        (phone.frames("send")[0]["after"].clone(), phone.rows.contains_key("s/ratchet")),
        (json!(1), true)
    );
}

#[test]
fn the_open_chat_can_be_shown_around_any_seq_and_says_whether_there_is_more() {
    let mut phone = Phone::online();
    (1..=400).for_each(|number| phone.says(number, "hi"));
    phone.wishes(Wish::Open(Some(chat())));
    let more = |phone: &Phone| phone.engine.window().map(|window| (window.above, window.below));
    let span = |phone: &mut Phone| {
        let lines = phone.engine.timeline();
        (lines.first().unwrap().seq.unwrap().get(), lines.last().unwrap().seq.unwrap().get())
    };
    assert_eq!((span(&mut phone), more(&phone)), ((301, 400), Some((true, false))));
    phone.wishes(Wish::At(seq(120)));
    assert_eq!((span(&mut phone), more(&phone)), ((71, 170), Some((true, true))));
    phone.says(401, "meanwhile");
    phone.wishes(Wish::Newer);
    assert_eq!(span(&mut phone), (71, 270));
    phone.wishes(Wish::At(seq(1)));
    assert_eq!((span(&mut phone), more(&phone)), ((1, 51), Some((false, true))));
    phone.wishes(Wish::Newest);
    assert_eq!((span(&mut phone), more(&phone)), ((302, 401), Some((true, false))));
    phone.wishes(Wish::Open(None));
    assert_eq!(phone.engine.window(), None);
}
