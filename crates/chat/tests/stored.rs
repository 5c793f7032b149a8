//! Stored bytes: what goes in comes out, nothing else is taken for it, and layouts stay as they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fmt::{Debug, Write};

use chinwag_chat::stored::{
    ChatKey, HEAD_BYTES, StoredError, chat_key, decode_entry, decode_head, decode_record, decode_state,
    decode_view, encode_entry, encode_head, encode_record, encode_state, encode_view,
};
use chinwag_chat::{Ask, View};
use chinwag_proto::entry::{Encryption, History, Notice, WhoMayAdd};
use chinwag_proto::{Body, Entry, Role};
use common::*;
use proptest::prelude::*;

fn bytes_of<T>(encode: impl Fn(&T, &mut Vec<u8>), value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

/// Any bytes are an error or a value that has exactly these bytes.
fn total<T>(bytes: &[u8], decode: fn(&[u8]) -> Result<T, StoredError>, encode: impl Fn(&T, &mut Vec<u8>)) {
    if let Ok(value) = decode(bytes) {
        assert_eq!(bytes_of(encode, &value), bytes);
    }
}

/// A value comes back; without its last byte, with one more, or in another layout it does not; with
/// one bit turned it is an error or another value.
fn survives<T: Debug + PartialEq>(
    value: &T,
    decode: fn(&[u8]) -> Result<T, StoredError>,
    encode: impl Fn(&T, &mut Vec<u8>) + Copy,
    place: usize,
) {
    let mut bytes = bytes_of(encode, value);
    assert_eq!(decode(&bytes).as_ref(), Ok(value));
    assert!(decode(&bytes[..bytes.len() - 1]).is_err());
    let place = place % (bytes.len() * 8);
    bytes[place / 8] ^= 1 << (place % 8);
    assert_ne!(decode(&bytes).as_ref(), Ok(value));
    total(&bytes, decode, encode);
    bytes[place / 8] ^= 1 << (place % 8);
    bytes.push(0);
    assert!(decode(&bytes).is_err());
    bytes[0] = 2;
    assert_eq!(decode(&bytes), Err(StoredError::Version(2)));
}

proptest! {
    #[test]
    fn any_entry_comes_back(entry in arbitrary::entry(), place in any::<usize>()) {
        survives(&entry, decode_entry, encode_entry, place);
    }

    #[test]
    fn any_record_comes_back(record in arbitrary::record(), place in any::<usize>()) {
        survives(&record, decode_record, encode_record, place);
    }

    #[test]
    fn any_head_comes_back(head in arbitrary::head(), place in any::<usize>()) {
        survives(&head, decode_head, encode_head, place);
        prop_assert_eq!(bytes_of(encode_head, &head).len(), HEAD_BYTES);
    }

    #[test]
    fn any_state_comes_back(state in arbitrary::state(), place in any::<usize>()) {
        survives(&state, decode_state, encode_state, place);
    }

    #[test]
    fn any_view_comes_back(view in arbitrary::view(), place in any::<usize>()) {
        survives(&view, decode_view, encode_view, place);
    }

    #[test]
    fn any_bytes_are_an_error_or_a_value(mut bytes in prop::collection::vec(any::<u8>(), 0..200), versioned in any::<bool>()) {
        if let (Some(first), true) = (bytes.first_mut(), versioned) {
            *first = 1;
        }
        total(&bytes, decode_entry, encode_entry);
        total(&bytes, decode_record, encode_record);
        total(&bytes, decode_head, encode_head);
        total(&bytes, decode_state, encode_state);
        total(&bytes, decode_view, encode_view);
        if let Some(chat) = ChatKey::parse(&bytes) {
            prop_assert!(chat_key(chat).as_bytes() == bytes);
        }
    }

    #[test]
    fn chat_keys_stand_in_the_order_of_chat_ids(one in arbitrary::chat(), other in arbitrary::chat()) {
        let (first, second) = (chat_key(one), chat_key(other));
        prop_assert_eq!(one.cmp(&other), first.cmp(&second));
        prop_assert_eq!(one.cmp(&other), first.as_bytes().cmp(second.as_bytes()));
        prop_assert_eq!(ChatKey::parse(first.as_bytes()), Some(one));
    }
}

/// One record of every kind with every part, through a plain and an encrypted group.
fn walk() -> (Bench, Bench) {
    let mut plain = Bench::new(group());
    plain.accepts_record(plain.record(ANNA, create(&[BEN, CARA, DAN], Encryption::None)).id("create"));
    plain.accepts(ANNA, gives(BEN, Role::Admin));
    plain.accepts_record(plain.record(BEN, says("h\u{e9}llo")).id("Az09-_x").again());
    plain.accepts(CARA, replies("yes", 3));
    plain.accepts_record(plain.record(BEN, edits(3, "hello")).id(&"-".repeat(64)));
    plain.accepts(ANNA, reacts(3, "\u{1f44d}", true));
    plain.accepts(CARA, reacts(3, "no", true));
    plain.accepts(CARA, reacts(3, "no", false));
    plain.accepts(BEN, deletes(3));
    plain.accepts(ANNA, adds(&[EVE]));
    plain.accepts(ANNA, removes(EVE));
    plain.accepts(DAN, removes(DAN));
    plain.accepts(
        ANNA,
        Ask::Update {
            title: Some("New".parse().unwrap()),
            history: Some(History::All),
            who_may_add: Some(WhoMayAdd::Members),
        },
    );
    let mut encrypted = Bench::encrypted_group();
    encrypted.accepts_record(encrypted.record(CARA, says_sealed("c2VjcmV0")).after(2).id("sealed"));
    (plain, encrypted)
}

fn hex(name: &str, bytes: &[u8], out: &mut String) {
    let hex = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let _ = writeln!(out, "{name}: {hex}");
}

#[test]
fn layouts_stay_as_they_are() {
    let (plain, encrypted) = walk();
    let (mut entries, mut records) = (String::new(), String::new());
    for (name, bench) in [("plain", &plain), ("encrypted", &encrypted)] {
        for (_, entry, _, record) in &bench.entries {
            let name = format!("{name} {}", entry.seq);
            hex(&name, &bytes_of(encode_entry, entry), &mut entries);
            hex(&name, &bytes_of(encode_record, record), &mut records);
        }
    }
    hex("wiped", &bytes_of(encode_entry, &plain.entries[2].1.wiped()), &mut entries);
    let mut notice = Bench::new(inbox());
    for sender in [ANNA, BEN] {
        let entry = notice.accepts(sender, notices(Notice::Device));
        hex(&format!("inbox from {sender}"), &bytes_of(encode_entry, &entry), &mut entries);
    }
    let mut direct = Bench::new(direct());
    for sender in [ANNA, BEN] {
        let entry = direct.accepts(sender, says("hi"));
        hex(&format!("direct from {sender}"), &bytes_of(encode_entry, &entry), &mut entries);
    }
    let unknown = Entry { body: Body::Unknown { kind: "poll".into() }, ..plain.entries[0].1.clone() };
    hex("unknown kind", &bytes_of(encode_entry, &unknown), &mut entries);
    hex("notice", &bytes_of(encode_record, &notice.entries[0].3), &mut records);
    let mut rest = String::new();
    for (name, bench) in
        [("plain", &plain), ("encrypted", &encrypted), ("inbox", &notice), ("direct", &direct)]
    {
        hex(&format!("head {name}"), &bytes_of(encode_head, bench.chat.head()), &mut rest);
        hex(&format!("state {name}"), &bytes_of(encode_state, bench.chat.state()), &mut rest);
        hex(&format!("key {name}"), chat_key(bench.chat.id()).as_bytes(), &mut rest);
    }
    hex("view deleted", &bytes_of(encode_view, &plain.views[&seq(3)]), &mut rest);
    let mut edited = View::default();
    plain.entries.iter().filter(|(_, entry, ..)| matches!(entry.body, Body::Edit { .. })).for_each(
        |(offset, entry, ..)| {
            edited.fold(*offset, entry);
        },
    );
    hex("view edited", &bytes_of(encode_view, &edited), &mut rest);
    hex("view empty", &bytes_of(encode_view, &View::default()), &mut rest);
    for (file, fixture, now) in [
        ("entry.1.txt", include_str!("fixtures/entry.1.txt"), entries),
        ("record.1.txt", include_str!("fixtures/record.1.txt"), records),
        ("others.1.txt", include_str!("fixtures/others.1.txt"), rest),
    ] {
        assert_eq!(fixture, now, "{file} has changed; stored data would be lost. Now:\n{now}");
    }
}

#[test]
fn a_message_of_300_bytes_costs_49_more() {
    let content = text(&"x".repeat(298));
    let mut bench = Bench::plain_group();
    for _ in 0..300 {
        bench.accepts(CARA, says("x"));
    }
    let mut entry = bench.accepts(CARA, Ask::Message { content, reply_to: None });
    entry.created_at = "2026-11-24T11:20:00.123Z".parse().unwrap();
    assert_eq!(bytes_of(encode_entry, &entry).len(), 300 + 49);
    entry.client_message_id = Some("0123456789abcdefABCDEF".parse().unwrap());
    assert_eq!(bytes_of(encode_entry, &entry).len(), 300 + 49 + 1 + 17);
    let wiped = bytes_of(encode_entry, &entry.wiped());
    assert!(wiped.len() < 70 && !wiped.windows(2).any(|pair| pair == b"xx"));
}

#[test]
fn what_cannot_be_is_refused() {
    let (plain, _) = walk();
    let entry = &plain.entries[2].1;
    let whole = bytes_of(encode_entry, entry);
    for length in 0..whole.len() {
        assert!(decode_entry(&whole[..length]).is_err(), "{length}");
    }
    assert_eq!(decode_entry(&[]), Err(StoredError::Short));
    assert_eq!(decode_entry(&[9]), Err(StoredError::Version(9)));
    let huge = [&[1_u8, 4][..], &whole[2..whole.len() - 20], &[0xff; 9], &[1]].concat();
    assert!(decode_entry(&huge).is_err(), "a count far above the bytes that are there");
    for (place, byte) in [(1, 0x09), (3, 0x00), (3, 0x04)] {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        assert!(matches!(decode_entry(&bytes), Err(StoredError::Damaged(_))), "{place} {byte}");
    }
    let packed = whole.windows(3).position(|three| three == [0x07, 0x03, 0x3d]).unwrap();
    let mut bytes = whole.clone();
    bytes[packed + 6] |= 1;
    assert_eq!(decode_entry(&bytes), Err(StoredError::Damaged("no clientMessageId")));
    let json = whole.windows(2).position(|pair| pair == b"\"h").unwrap();
    let mut bytes = whole.clone();
    bytes[json] = b'x';
    assert_eq!(decode_entry(&bytes), Err(StoredError::Damaged("content that is no JSON")));
}
