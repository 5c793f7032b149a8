//! Entries for tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chinwag_proto::{Entry, Seq};

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(crate) fn entry(number: u64, sender: u64, body: serde_json::Value) -> Entry {
    let mut json = serde_json::json!({
        "v": 1, "chatId": "d.1.2", "seq": number, "n": number, "messageId": number.to_string(),
        "senderId": sender.to_string(), "deviceId": "3", "createdAt": "2026-01-01T00:00:00.000Z",
    });
    for (key, value) in body.as_object().unwrap() {
        json[key] = value.clone();
    }
    serde_json::from_value(json).unwrap()
}

pub(crate) fn message(number: u64, text: &str) -> Entry {
    entry(number, 1, serde_json::json!({ "kind": "message", "content": text }))
}
