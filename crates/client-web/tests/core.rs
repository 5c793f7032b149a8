//! The core as its driver and its screens see it: JSON in, JSON out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chinwag_client::Now;
use chinwag_client_web::Core;
use serde_json::{Value, json};

const NOW: Now = Now { ms: 1_000, dice: 7 };
const HERE: u32 = 1;
const THERE: u32 = 2;

fn core() -> Core {
    Core::plain("1", "3", "[]").unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Tells an event; the effects.
fn told(core: &mut Core, event: Value) -> Vec<Value> {
    parsed(&core.event(NOW, &event.to_string()).unwrap()).as_array().unwrap().clone()
}

fn wished(core: &mut Core, screen: u32, wish: Value) -> Vec<Value> {
    parsed(&core.wish(NOW, screen, &wish.to_string()).unwrap()).as_array().unwrap().clone()
}

fn got(core: &mut Core, frame: Value) -> Vec<Value> {
    parsed(&core.frame(NOW, &frame.to_string()).unwrap()).as_array().unwrap().clone()
}

fn update(core: &mut Core, screen: u32) -> Value {
    core.update(screen).unwrap().map_or(Value::Null, |text| parsed(&text))
}

/// What is to be sent, by the type of its frame.
fn sent(effects: &[Value], kind: &str) -> Vec<Value> {
    let texts = effects.iter().filter_map(|effect| effect["text"].as_str());
    texts.map(parsed).filter(|frame| frame["type"] == kind).collect()
}

/// Answers every load with nothing and every batch with success, until there are none.
fn settle(core: &mut Core, mut effects: Vec<Value>) -> Vec<Value> {
    let mut all = Vec::new();
    while let Some(effect) = effects.pop() {
        match effect["type"].as_str() {
            Some("store") => effects.extend(told(core, json!({ "stored": effect["number"] }))),
            Some("load") => {
                effects.extend(told(core, json!({ "loaded": { "number": effect["number"], "rows": [] } })));
            }
            _ => {}
        }
        all.push(effect);
    }
    all
}

/// A core that is connected and knows that there is no chat.
fn online() -> Core {
    let mut core = core();
    let effects = told(&mut core, json!("started"));
    assert_eq!(effects, [json!({ "type": "connect", "url": null })]);
    let ready = json!({
        "type": "ready", "userId": "1", "deviceId": "3", "serverTime": "2026-01-01T00:00:00.000Z",
        "heartbeatMs": 30_000, "features": [],
    });
    let effects = got(&mut core, ready);
    let [chats] = &sent(&effects, "chats")[..] else { panic!("the list is asked for: {effects:?}") };
    let effects = got(&mut core, json!({ "type": "chats", "id": chats["id"], "chats": [] }));
    settle(&mut core, effects);
    core
}

fn message(chat: &str, seq: u64, text: &str) -> Value {
    json!({
        "type": "entry", "v": 1, "chatId": chat, "seq": seq, "n": seq, "messageId": seq.to_string(),
        "kind": "message", "senderId": "2", "deviceId": "4", "createdAt": "2026-01-01T00:00:00.000Z", "content": text,
    })
}

fn record(id: &str, text: &str) -> Value {
    let record = json!({ "message": { "content": text, "replyTo": null } });
    json!({ "record": { "chatId": "d.1.2", "id": id, "atMs": 5, "record": record } })
}

#[test]
fn a_record_is_shown_at_once_stored_then_sent_then_settled() {
    let mut core = online();
    core.attach(HERE);
    wished(&mut core, HERE, json!({ "open": "d.1.2" }));
    update(&mut core, HERE);
    let effects = wished(&mut core, HERE, record("a", "hi"));
    assert!(sent(&effects, "send").is_empty(), "it is not on disk yet: {effects:?}");
    assert_eq!(update(&mut core, HERE)["unsettled"], 1);
    let sends = sent(&settle(&mut core, effects), "send");
    assert_eq!((sends.len(), &sends[0]["content"]), (1, &json!("hi")));
    let ack = json!({
        "type": "ack", "id": sends[0]["id"], "chatId": "d.1.2", "messageId": "9", "seq": 1,
        "createdAt": "2026-01-01T00:00:00.000Z", "duplicate": false,
    });
    let effects = got(&mut core, ack);
    settle(&mut core, effects);
    let update = update(&mut core, HERE);
    assert_eq!(update["news"], json!([{ "type": "settled", "chatId": "d.1.2", "id": "a", "seq": 1 }]));
    assert_eq!(update["unsettled"], 0);
    assert_eq!(update["order"], json!(["d.1.2"]));
}

#[test]
fn lines_that_a_screen_has_are_named_by_their_place() {
    let mut core = online();
    core.attach(HERE);
    let effects = got(&mut core, message("d.1.2", 1, "one"));
    settle(&mut core, effects);
    let effects = wished(&mut core, HERE, json!({ "open": "d.1.2" }));
    // The store has the first line; an empty answer would show nothing of it.
    let load = effects.iter().find(|effect| effect["type"] == "load").unwrap();
    let row = ["e/d.1.2/00000000000001".to_owned(), message("d.1.2", 1, "one").to_string()];
    told(&mut core, json!({ "loaded": { "number": load["number"], "rows": [row] } }));
    let lines = update(&mut core, HERE)["timeline"]["lines"].clone();
    assert_eq!(lines[0]["body"], json!({ "type": "content", "text": "one", "content": "one" }));
    let effects = got(&mut core, message("d.1.2", 2, "two"));
    settle(&mut core, effects);
    let lines = update(&mut core, HERE)["timeline"]["lines"].clone();
    assert_eq!((&lines[0], &lines[1]["key"]), (&json!(0), &json!("#2")));
    assert_eq!(update(&mut core, HERE), Value::Null, "nothing is told twice");
}

#[test]
fn each_screen_has_its_chat_and_the_one_that_is_used_is_live() {
    let mut core = online();
    for (screen, chat) in [(HERE, "d.1.2"), (THERE, "d.1.5")] {
        core.attach(screen);
        wished(&mut core, screen, json!({ "open": chat }));
        wished(&mut core, screen, json!({ "active": true }));
        wished(&mut core, screen, json!({ "active": false }));
    }
    let shown = |core: &mut Core, screen| update(core, screen)["timeline"]["chatId"].clone();
    assert_eq!(shown(&mut core, HERE), Value::Null, "the other one was used last");
    assert_eq!(shown(&mut core, THERE), "d.1.5");
    let effects = wished(&mut core, HERE, json!({ "active": true }));
    assert_eq!(sent(&effects, "open")[0]["chatId"], "d.1.2");
    assert_eq!(shown(&mut core, HERE), "d.1.2");
    wished(&mut core, THERE, json!({ "open": "d.1.6" }));
    assert_eq!(shown(&mut core, THERE), Value::Null, "the user is at the first one");
    let effects = core.detach(NOW, HERE).unwrap();
    assert!(effects.contains("d.1.6"), "the one that is left is live: {effects}");
}

#[test]
fn the_user_is_at_the_device_as_long_as_he_is_at_a_screen() {
    let mut core = online();
    core.attach(HERE);
    core.attach(THERE);
    let on = |effects: &[Value]| sent(effects, "active")[0]["on"].clone();
    wished(&mut core, HERE, json!({ "active": true }));
    wished(&mut core, THERE, json!({ "active": true }));
    assert_eq!(on(&wished(&mut core, HERE, json!({ "active": false }))), true);
    assert_eq!(on(&wished(&mut core, THERE, json!({ "active": false }))), false);
    wished(&mut core, HERE, json!({ "watch": ["2", "5"] }));
    let effects = wished(&mut core, THERE, json!({ "watch": ["5", "6"] }));
    assert_eq!(sent(&effects, "watch")[0]["users"], json!(["2", "5", "6"]));
}

#[test]
fn an_answer_goes_to_the_screen_that_asked() {
    let mut core = online();
    core.attach(HERE);
    core.attach(THERE);
    update(&mut core, HERE);
    update(&mut core, THERE);
    let effects = wished(&mut core, THERE, json!({ "search": { "ticket": 4, "query": "hi" } }));
    settle(&mut core, effects);
    assert_eq!(update(&mut core, HERE), Value::Null);
    assert_eq!(update(&mut core, THERE)["news"], json!([{ "type": "found", "ticket": 4, "hits": [] }]));
}

#[test]
fn what_is_wished_again_after_a_change_of_hosts_is_there_once() {
    let mut core = online();
    core.attach(HERE);
    let effects = wished(&mut core, HERE, record("a", "hi"));
    settle(&mut core, effects);
    let mut again = record("a", "hi");
    again["record"]["again"] = json!(true);
    assert!(wished(&mut core, HERE, again).is_empty());
    let refused = wished(&mut core, HERE, record("a", "hi"));
    assert!(refused.is_empty());
    assert_eq!(update(&mut core, HERE)["news"], json!([{ "type": "refused", "id": "a", "why": "used" }]));
}

#[test]
fn what_is_not_understood_changes_nothing_and_says_so_without_content() {
    let mut core = online();
    core.attach(HERE);
    update(&mut core, HERE);
    for text in ["", "{", "\"started", "{\"type\":5}", "[]", "{\"fired\":\"secret\"}"] {
        let error = core.event(NOW, text).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    assert!(core.frame(NOW, "no frame").is_err());
    assert!(core.wish(NOW, HERE, "{\"open\":\"secret\"}").is_err());
    assert!(core.wish(NOW, 99, "\"older\"").is_ok(), "a screen that is gone wishes nothing");
    assert_eq!(update(&mut core, HERE), Value::Null);
    assert!(Core::plain("x", "3", "[]").is_err());
    assert!(Core::plain("1", "3", "{}").is_err());
}
