//! What a server refuses, and that it says which field is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_proto::frame::FrameError;
use chinwag_proto::text::RequestId;
use chinwag_proto::{ClientFrame, Limits, ServerFrame};
use common::*;
use serde_json::{Map, Value, json};

fn parsed(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap()
}

fn printed(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap()
}

/// A frame or a request that is refused with the field named; what `change` does to each fixture.
fn each_request(mut check: impl FnMut(&str, &Map<String, Value>, &dyn Fn(&str) -> Result<(), String>)) {
    for (name, json) in fixtures(CLIENT) {
        let id = parsed(&json).get("id").cloned();
        check(&name, &parsed(&json), &|json| match ClientFrame::parse(json, &limits()) {
            Ok(_) => Ok(()),
            Err(FrameError::Bad) => Err("bad".to_owned()),
            Err(FrameError::Invalid { id: repeated, detail }) => {
                let sent: Value = serde_json::from_str(json).unwrap();
                let once = !detail.contains("duplicate field `id`");
                if sent.get("id") == id.as_ref() && once {
                    assert_eq!(
                        serde_json::to_value(repeated).unwrap(),
                        id.clone().unwrap_or_default(),
                        "{name}"
                    );
                }
                Err(detail)
            }
        });
    }
    for (name, json) in fixtures(REQUESTS) {
        let read = reader(REQUEST_TYPES, &name);
        check(&name, &parsed(&json), &|json| read(json).map(|_| ()));
    }
}

#[test]
fn an_unknown_field_is_refused_and_named() {
    each_request(|name, object, read| {
        let mut object = object.clone();
        object.insert("surprise".to_owned(), json!(1));
        let detail = read(&printed(&object)).unwrap_err();
        assert!(detail.contains("`surprise`"), "{name}: {detail}");
    });
}

#[test]
fn an_unknown_field_inside_is_refused_and_named() {
    let mls = r#"{"type":"mls","id":7,"chatId":"g.7","after":0,"clientMessageId":"c","data":{"type":"a","text":""},"changes":[{"userId":"4","change":"left","surprise":1}]}"#;
    let Err(FrameError::Invalid { detail, .. }) = ClientFrame::parse(mls, &limits()) else { panic!() };
    assert!(detail.contains("`surprise`"), "{detail}");
    let login = r#"{"username":"anna","password":"x","device":{"name":"a","surprise":1}}"#;
    let detail = reader(REQUEST_TYPES, "Login")(login).unwrap_err();
    assert!(detail.starts_with("`device`: unknown field `surprise`"), "{detail}");
}

/// The fields that may be left out.
const OPTIONAL: &[&str] = &[
    "chatId",
    "to",
    "replyTo",
    "resend",
    "after",
    "changes",
    "cursor",
    "limit",
    "email",
    "displayName",
    "invite",
    "id",
    "username",
    "presence",
    "receipts",
    "typing",
    "logoutOthers",
    "title",
    "encryption",
    "history",
    "clientMessageId",
    "whoMayAdd",
    "receiverId",
    "senderId",
    "keyPackages",
    "lastResort",
    "devices",
];

#[test]
fn a_missing_field_is_named() {
    let mut required = 0;
    each_request(|name, object, read| {
        for field in object.keys() {
            let mut without = object.clone();
            without.shift_remove(field);
            match read(&printed(&without)) {
                Ok(()) => assert!(OPTIONAL.contains(&field.as_str()), "{name} without {field} was taken"),
                Err(detail) if field == "type" => assert_eq!(detail, "bad"),
                Err(detail) => {
                    assert!(detail.contains(&format!("`{field}`")), "{name} without {field}: {detail}");
                    required += 1;
                }
            }
        }
    });
    assert!(required > 50, "{required}");
}

#[test]
fn a_wrong_type_is_refused_and_the_field_named() {
    let wrong = [
        json!(true),
        json!(-1),
        json!(1.5),
        json!([[]]),
        json!({"a": null}),
        json!(""),
        json!("\u{0}"),
        json!(u64::MAX),
    ];
    each_request(|name, object, read| {
        for (field, right) in object {
            for wrong in &wrong {
                let mut object = object.clone();
                object.insert(field.clone(), wrong.clone());
                let Err(detail) = read(&printed(&object)) else {
                    let is_content = field == "data" && first_word(name) == "PutNotice";
                    assert!(is_content || takes(field, wrong), "{name} took {field} {wrong} for {right}");
                    continue;
                };
                if field != "type" && field != "content" && field != "data" {
                    assert!(detail.contains(&format!("`{field}")), "{name} with {field} {wrong}: {detail}");
                }
                assert!(!detail.contains("18446744073709551615") || detail.contains("integer"), "{detail}");
            }
        }
    });
}

/// Values that are right for a field in spite of all.
fn takes(field: &str, value: &Value) -> bool {
    match field {
        // 1 to 64 characters, whichever.
        "id" => *value == json!("\u{0}"),
        "on" | "resend" | "logoutOthers" => value.is_boolean(),
        // Looked at where the account is: any text.
        "token" | "password" | "current" | "new" | "invite" | "username" | "email" => value.is_string(),
        // Held against the limits where the route is known.
        "content" => true,
        _ => false,
    }
}

#[test]
fn a_field_twice_is_refused() {
    each_request(|name, object, read| {
        for (field, value) in object {
            let json = printed(object);
            let twice = format!("{},{}:{value}}}", &json[..json.len() - 1], json!(field));
            let detail = read(&twice).unwrap_err();
            let named = detail.contains(&format!("duplicate field `{field}`")) || field == "type";
            assert!(named, "{name} with {field} twice: {detail}");
        }
    });
}

#[test]
fn a_list_in_the_place_of_an_object_is_refused() {
    for list in [r#"["ping"]"#, r#"["ping",1]"#, r#"["auth","token"]"#, " [1]"] {
        assert_eq!(ClientFrame::parse(list, &limits()), Err(FrameError::Bad), "{list}");
    }
    each_request(|name, object, read| {
        let list = Value::Array(object.values().cloned().collect()).to_string();
        assert!(read(&list).is_err(), "{name}");
    });
    let login = r#"{"username":"anna","password":"x","device":["a",null]}"#;
    assert!(reader(REQUEST_TYPES, "Login")(login).is_err());
    let mls = r#"{"type":"mls","id":7,"chatId":"g.7","after":0,"clientMessageId":"c","data":{"type":"a","text":""},"changes":[["4","left",null]]}"#;
    assert!(ClientFrame::parse(mls, &limits()).is_err());
    assert!(reader(REQUEST_TYPES, "SetRole")(r#"{"role":{"owner":null}}"#).is_err());
}

#[test]
fn what_is_no_object_with_a_type_closes_the_connection() {
    for bad in [
        "",
        " ",
        "null",
        "1",
        "\"ping\"",
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"type":1}"#,
        r#"{"type":"ping"#,
        "{\"type\":\"ping\"} x",
    ] {
        assert_eq!(ClientFrame::parse(bad, &limits()), Err(FrameError::Bad), "{bad}");
    }
    let Err(FrameError::Invalid { id, detail }) = ClientFrame::parse(r#"{"id":7,"type":"dance"}"#, &limits())
    else {
        panic!()
    };
    assert_eq!(id, Some(RequestId::Number(7)));
    assert!(detail.contains("unknown frame type"), "{detail}");
    assert!(matches!(
        ClientFrame::parse(r#"{"type":"p\u0069ng","id":1}"#, &limits()),
        Ok(ClientFrame::Ping(_))
    ));
}

fn refused(json: &str, limits: &Limits) -> String {
    match ClientFrame::parse(json, limits) {
        Err(FrameError::Invalid { detail, .. }) => detail,
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn lists_and_pages_have_limits() {
    let limits =
        Limits { heads_chats: 1, watch_users: 1, members_per_call: 1, page: 10, ..Limits::default() };
    let change = r#"{"userId":"4","change":"removed"}"#;
    let mls = |changes: &str| {
        format!(
            r#"{{"type":"mls","id":7,"chatId":"g.7","after":0,"clientMessageId":"c","data":{{"type":"a","text":""}},"changes":[{changes}]}}"#
        )
    };
    for (json, field) in [
        (r#"{"type":"heads","id":1,"chats":{"g.1":1,"g.2":1}}"#.to_owned(), "`chats`"),
        (r#"{"type":"watch","users":["1","2"]}"#.to_owned(), "`users`"),
        (r#"{"type":"sync","id":1,"chatId":"g.1","after":0,"limit":11}"#.to_owned(), "`limit`"),
        (r#"{"type":"sync","id":1,"chatId":"g.1","after":0,"limit":0}"#.to_owned(), "`limit`"),
        (r#"{"type":"chats","id":1,"limit":11}"#.to_owned(), "`limit`"),
        (mls(&format!("{change},{change}")), "`changes`"),
    ] {
        assert!(refused(&json, &limits).contains(field), "{json}");
    }
    assert!(ClientFrame::parse(&mls(change), &limits).is_ok());
}

#[test]
fn content_is_checked_in_every_frame_that_has_some() {
    let send = |content: &str| {
        format!(r#"{{"type":"send","id":1,"to":"2","clientMessageId":"m","content":{content}}}"#)
    };
    let edit = |content: &str| {
        format!(
            r#"{{"type":"edit","id":1,"chatId":"g.7","target":1,"clientMessageId":"m","content":{content}}}"#
        )
    };
    let mls = |data: &str| {
        format!(r#"{{"type":"mls","id":1,"chatId":"g.7","after":0,"clientMessageId":"m","data":{data}}}"#)
    };
    let long = format!("\"{}\"", "x".repeat(16 * 1024 + 1));
    for bad in ["\"\"", "null", "1", "[]", "{}", r#"{"type":"a"}"#, &long] {
        for json in [send(bad), edit(bad), mls(bad)] {
            assert!(refused(&json, &limits()).contains("content"), "{json:.80}");
        }
    }
    assert!(refused(&mls("\"text\""), &limits()).contains("`type` and `text`"));
    let Ok(ClientFrame::Send(frame)) =
        ClientFrame::parse(&send("{ \"type\" : \"a\",\n\"text\":\"b\" }"), &limits())
    else {
        panic!()
    };
    assert_eq!(frame.content.json(), r#"{"type":"a","text":"b"}"#);
}

#[test]
fn a_send_goes_to_one_place() {
    for places in ["", r#""chatId":"g.7","to":"2","#] {
        let json = format!(r#"{{"type":"send","id":1,{places}"clientMessageId":"m","content":"x"}}"#);
        assert!(refused(&json, &limits()).contains("`chatId` or `to`"));
    }
}

#[test]
fn a_client_ignores_what_it_does_not_know() {
    for (name, json) in fixtures(SERVER) {
        let known = ServerFrame::parse(&json).unwrap();
        let more = format!("{},\"surprise\":{{\"a\":[1]}}}}", &json[..json.len() - 1]);
        assert_eq!(ServerFrame::parse(&more).unwrap(), known, "{name}");
    }
    for (name, json) in fixtures(ANSWERS) {
        let more = format!("{},\"surprise\":{{\"a\":[1]}}}}", &json[..json.len() - 1]);
        assert_eq!(reader(ANSWER_TYPES, &name)(&more).unwrap(), json, "{name}");
    }
    assert_eq!(ServerFrame::parse(r#"{"type":"dance"}"#).unwrap(), ServerFrame::Unknown);
    assert!(ServerFrame::parse("[]").is_err());
}
