//! What travels, byte for byte: every frame, every kind of entry, every body.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fmt::Write;

use chinwag_proto::{ClientFrame, Code, Entry, ServerFrame, Viewer, cbor};
use common::*;

#[test]
fn every_frame_of_a_client_is_printed_as_it_was_parsed() {
    let fixtures = fixtures(CLIENT);
    for kind in ClientFrame::TYPES {
        assert!(fixtures.iter().any(|(name, _)| first_word(name) == *kind), "no fixture of {kind}");
    }
    for (name, json) in fixtures {
        let frame = ClientFrame::parse(&json, &limits()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(frame.to_json(), json, "{name}");
        assert!(json.starts_with(&format!("{{\"type\":\"{}\"", first_word(&name))), "{name}");
    }
}

#[test]
fn every_frame_of_a_server_is_printed_as_it_was_parsed() {
    let kinds = [
        "ready", "ack", "entry", "entries", "heads", "chats", "cursors", "typing", "presence", "chat",
        "resync", "error", "goaway", "pong",
    ];
    let fixtures = fixtures(SERVER);
    for kind in kinds {
        assert!(fixtures.iter().any(|(name, _)| first_word(name) == kind), "no fixture of {kind}");
    }
    for (name, json) in fixtures {
        let frame = ServerFrame::parse(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(frame, ServerFrame::Unknown, "{name}");
        assert_eq!(frame.to_json(), json, "{name}");
    }
}

#[test]
fn every_kind_of_entry_is_printed_as_it_was_parsed() {
    for (name, json) in fixtures(ENTRIES) {
        let entry: Entry = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_string(&entry).unwrap(), json, "{name}");
        let frame = format!("{{\"type\":\"entry\",{}", &json[1..]);
        assert_eq!(entry.to_frame(Viewer::Sender), frame, "{name}");
        assert_eq!(ServerFrame::parse(&frame).unwrap(), ServerFrame::Entry(entry), "{name}");
    }
}

#[test]
fn others_do_not_see_the_clients_own_id_unless_it_is_signed() {
    for (name, json) in fixtures(ENTRIES) {
        let entry: Entry = serde_json::from_str(&json).unwrap();
        let seen = entry.to_frame(Viewer::Other);
        let shown = entry.client_message_id.is_some() && entry.digest.is_some();
        assert_eq!(seen.contains("clientMessageId"), shown, "{name}");
        assert_eq!(entry.seen_by("2".parse().unwrap()).to_frame(Viewer::Sender), seen, "{name}");
        assert_eq!(entry.seen_by(entry.sender_id), entry, "{name}");
    }
}

#[test]
fn every_body_is_printed_as_it_was_parsed() {
    for (file, types) in [(REQUESTS, REQUEST_TYPES), (ANSWERS, ANSWER_TYPES)] {
        let fixtures = fixtures(file);
        for (kind, _) in types {
            assert!(fixtures.iter().any(|(name, _)| first_word(name) == *kind), "no fixture of {kind}");
        }
        for (name, json) in fixtures {
            assert_eq!(reader(types, &name)(&json).as_ref(), Ok(&json), "{name}");
        }
    }
}

#[test]
fn no_body_is_forgotten_here() {
    let sources = [
        include_str!("../src/rest/accounts.rs"),
        include_str!("../src/rest/chats.rs"),
        include_str!("../src/rest/inbox.rs"),
        include_str!("../src/rest/keys.rs"),
        include_str!("../src/rest/messages.rs"),
    ];
    let declared = |kind: &str| -> Vec<String> {
        let lines = sources.iter().flat_map(|source| source.lines());
        lines
            .filter_map(|line| Some(line.trim().strip_prefix(kind)?.strip_suffix(" {")?.to_owned()))
            .collect()
    };
    for (kind, types) in [("request ", REQUEST_TYPES), ("answer ", ANSWER_TYPES)] {
        let declared = declared(kind);
        assert!(declared.len() > 10);
        for name in declared {
            assert!(types.iter().any(|(known, _)| *known == name), "{name} is missing in the list of bodies");
        }
    }
}

/// The same frames in CBOR, as hex: what an implementation of `chinwag.v1.cbor` is held against.
#[test]
fn every_frame_has_a_twin_in_cbor() {
    let mut twins = String::new();
    for (file, kind) in [(CLIENT, "client"), (SERVER, "server")] {
        for (name, json) in fixtures(file) {
            let bytes = cbor::from_json(&json).unwrap();
            assert_eq!(cbor::to_json(&bytes).as_ref(), Ok(&json), "{name}");
            let hex = bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let _ = writeln!(twins, "{kind} {name}: {hex}");
        }
    }
    let fixture = include_str!("fixtures/frames.cbor.txt");
    assert_eq!(fixture, twins, "the CBOR of frames has changed. Now:\n{twins}");
}

#[test]
fn every_error_code_keeps_its_word_and_status() {
    let words: Vec<String> =
        Code::ALL.iter().map(|code| format!("{} {}", code.status(), code.as_str())).collect();
    let contract = [
        "400 invalid_request",
        "401 unauthenticated",
        "403 forbidden",
        "403 not_member",
        "404 not_found",
        "405 method_not_allowed",
        "409 username_taken",
        "409 email_taken",
        "409 idempotency_conflict",
        "409 encryption_required",
        "409 stale_epoch",
        "409 stale_version",
        "409 too_many_members",
        "413 payload_too_large",
        "415 unsupported_media_type",
        "429 rate_limited",
        "500 internal",
        "503 unavailable",
    ];
    assert_eq!(words, contract);
    for code in Code::ALL {
        assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
    }
}
