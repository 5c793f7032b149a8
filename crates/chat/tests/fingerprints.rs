//! Fingerprints are stored and outlive content: they stay as they are, and tell apart what is apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use chinwag_chat::{Fingerprint, FingerprintKey, IdKey, Refusal};
use chinwag_proto::Code;
use common::*;

fn key() -> FingerprintKey {
    FingerprintKey::new(*b"0123456789abcdef")
}

#[test]
fn they_stay_as_they_are() {
    let request = key().request([&b"send"[..], b"\"hello\"", b""]);
    assert_eq!(request, Fingerprint(103_870_392_328_680_004_531_136_738_764_793_862_842));
    let ids = [group(), direct(), inbox()].map(|chat| key().id(chat, user(ANNA), &"m-1".parse().unwrap()));
    assert_eq!(
        ids,
        [
            IdKey(232_823_658_685_385_609_829_988_335_742_302_632_178),
            IdKey(65_491_728_416_392_983_194_585_437_789_277_071_179),
            IdKey(219_690_100_024_745_244_289_255_850_611_008_667_811)
        ]
    );
}

#[test]
fn they_tell_apart_what_is_apart() {
    let parts: [&[&[u8]]; 6] = [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""], &[b""], &[]];
    let requests: BTreeSet<u128> = parts.iter().map(|parts| key().request(parts.iter().copied()).0).collect();
    assert_eq!(requests.len(), parts.len());
    let mut ids = BTreeSet::new();
    for chat in ["g.1", "u.1", "d.1.1", "d.1.2", "g.2"] {
        for sender in [ANNA, BEN] {
            for id in ["a", "b", "ab"] {
                ids.insert(key().id(chat.parse().unwrap(), user(sender), &id.parse().unwrap()));
            }
        }
    }
    assert_eq!(ids.len(), 5 * 2 * 3);
    let other = FingerprintKey::new([9; 16]);
    assert_ne!(other.request([&b"a"[..]]), key().request([&b"a"[..]]));
}

#[test]
fn the_secret_is_not_printed() {
    assert_eq!(format!("{:?}", key()), "FingerprintKey(***)");
}

#[test]
fn every_refusal_has_the_code_of_the_contract() {
    let codes = [
        (Refusal::NoChat, Code::NotFound),
        (Refusal::NotMember, Code::NotMember),
        (Refusal::NoTarget, Code::NotFound),
        (Refusal::NoSuchMember, Code::NotFound),
        (Refusal::Forbidden("no"), Code::Forbidden),
        (Refusal::EncryptionRequired, Code::EncryptionRequired),
        (Refusal::StaleEpoch { after: seq(1) }, Code::StaleEpoch),
        (Refusal::IdempotencyConflict, Code::IdempotencyConflict),
        (Refusal::TooManyMembers { limit: 1 }, Code::TooManyMembers),
        (Refusal::Invalid("no"), Code::InvalidRequest),
    ];
    for (refusal, code) in codes {
        assert_eq!(refusal.code(), code);
        assert!(!refusal.to_string().is_empty());
    }
}
