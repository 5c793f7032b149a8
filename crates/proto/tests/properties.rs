//! Parsers are total: whatever comes is taken or refused, and what is taken is printed the same way for ever.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_proto::{ClientFrame, Content, Entry, ServerFrame, cbor};
use common::*;
use proptest::prelude::*;
use serde_json::{Number, Value};

/// Any JSON, three levels deep.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Value::Number)),
        ".{0,12}".prop_map(Value::String),
        "[a-z0-9._-]{1,20}".prop_map(Value::String),
        prop_oneof![Just("owner"), Just("g.7"), Just("d.1.2"), Just("12"), Just("mls")].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-zA-Z]{1,8}", inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// All places in a value.
fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| pointers(value, format!("{at}/{key}"), all))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| pointers(value, format!("{at}/{i}"), all))
        }
        _ => {}
    }
    all.push(at);
}

/// A fixture in which up to two places hold something else.
fn changed(file: &'static str) -> impl Strategy<Value = (String, String)> {
    let fixtures = fixtures(file);
    let place = (any::<prop::sample::Index>(), json());
    (prop::sample::select(fixtures), prop::collection::vec(place, 0..=2)).prop_map(
        |((name, json), places)| {
            let mut value: Value = serde_json::from_str(&json).unwrap();
            for (index, other) in places {
                let mut all = Vec::new();
                pointers(&value, String::new(), &mut all);
                let place = index.get(&all).clone();
                *value.pointer_mut(&place).unwrap() = other;
            }
            (name, value.to_string())
        },
    )
}

/// A fixture with bytes that are turned, cut out or doubled.
fn garbled(file: &'static str) -> impl Strategy<Value = String> {
    let cut = (any::<prop::sample::Index>(), 0_u8..=3, any::<u8>());
    (prop::sample::select(fixtures(file)), prop::collection::vec(cut, 1..5)).prop_map(|((_, json), cuts)| {
        let mut bytes = json.into_bytes();
        for (index, what, byte) in cuts {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match what {
                0 => bytes[at] ^= byte,
                1 => drop(bytes.drain(at..)),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, bytes[at]),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn takes_client_frame(text: &str) {
    if let Ok(frame) = ClientFrame::parse(text, &limits()) {
        let printed = frame.to_json();
        assert_eq!(ClientFrame::parse(&printed, &limits()).as_ref(), Ok(&frame), "{printed}");
        assert_eq!(cbor::to_json(&cbor::from_json(&printed).unwrap()).as_deref(), Ok(&*printed));
    }
}

fn takes_server_frame(text: &str) {
    match ServerFrame::parse(text) {
        Err(_) | Ok(ServerFrame::Unknown) => {}
        Ok(frame) => assert_eq!(ServerFrame::parse(&frame.to_json()).unwrap(), frame),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_taken_or_refused(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for text in [text.as_str(), &String::from_utf8_lossy(&bytes)] {
            takes_client_frame(text);
            takes_server_frame(text);
            for (_, read) in REQUEST_TYPES.iter().chain(ANSWER_TYPES) {
                let _ = read(text);
            }
        }
        let _ = cbor::to_json(&bytes);
    }

    #[test]
    fn changed_frames_of_clients_are_refused_or_printed_alike((_, text) in changed(CLIENT)) {
        takes_client_frame(&text);
    }

    #[test]
    fn changed_frames_of_servers_are_refused_or_printed_alike((_, text) in changed(SERVER)) {
        takes_server_frame(&text);
    }

    #[test]
    fn changed_entries_are_refused_or_printed_alike((_, text) in changed(ENTRIES)) {
        if let Ok(entry) = serde_json::from_str::<Entry>(&text) {
            let printed = serde_json::to_string(&entry).unwrap();
            prop_assert_eq!(serde_json::from_str::<Entry>(&printed).unwrap(), entry);
        }
    }

    #[test]
    fn changed_bodies_are_refused_or_printed_alike(
        (name, text) in prop_oneof![changed(REQUESTS), changed(ANSWERS)],
    ) {
        for (known, read) in REQUEST_TYPES.iter().chain(ANSWER_TYPES) {
            if *known == first_word(&name) && let Ok(printed) = read(&text) {
                prop_assert_eq!(read(&printed), Ok(printed));
            }
        }
    }

    #[test]
    fn garbled_texts_are_taken_or_refused(client in garbled(CLIENT), server in garbled(SERVER), body in garbled(REQUESTS)) {
        takes_client_frame(&client);
        takes_server_frame(&server);
        for (_, read) in REQUEST_TYPES {
            let _ = read(&body);
        }
    }

    #[test]
    fn any_object_in_json_has_a_twin_in_cbor(value in json()) {
        let json = value.to_string();
        prop_assert_eq!(cbor::to_json(&cbor::from_json(&json).unwrap()), Ok(json));
    }

    #[test]
    fn content_that_was_taken_is_taken_again_unchanged(value in json(), text in ".{0,20}") {
        let mut object = value;
        if let Value::Object(members) = &mut object {
            members.insert("type".to_owned(), Value::from("sealed"));
            members.insert("text".to_owned(), Value::from(text));
        }
        let raw = serde_json::value::to_raw_value(&object).unwrap();
        if let Ok(content) = Content::check(&raw, &limits()) {
            prop_assert!(Content::check(content.raw(), &limits()) == Ok(content.clone()));
            let canonical = String::from_utf8(content.canonical()).unwrap();
            let again = Content::from_json(canonical.clone()).unwrap();
            prop_assert_eq!(again.canonical(), canonical.into_bytes());
            prop_assert_eq!(content.is_sealed(), object.is_object());
        }
    }

    #[test]
    fn numbers_in_content_are_the_same_after_any_number_of_checks(number in any::<f64>(), digits in "[1-9][0-9]{0,24}(\\.[0-9]{1,20})?(e-?[0-9]{1,2})?") {
        for number in [Number::from_f64(number).map(|number| number.to_string()), Some(digits)].into_iter().flatten() {
            let json = format!(r#"{{"type":"a","text":"","x":{number}}}"#);
            let content = Content::check(serde_json::from_str(&json).unwrap(), &limits()).unwrap();
            prop_assert!(Content::check(content.raw(), &limits()) == Ok(content.clone()), "{}", json);
            let double = |json: &str| serde_json::from_str::<Value>(json).unwrap()["x"].as_f64();
            prop_assert_eq!(double(content.json()), number.parse().ok());
        }
    }
}
