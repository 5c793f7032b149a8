//! Ids, names and times out of paths, queries and texts: each valid one has one spelling.

use std::fmt::Display;
use std::str::FromStr;

use chinwag_proto::frame::Receiver;
use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{
    BlobName, ChatId, ClientMessageId, DeviceId, GroupId, MessageId, Opaque, ReactionKey, Role, Seq,
    Timestamp, UserId,
};

use super::way;
use crate::Target;

pub(super) const TARGET: Target = Target { name: "ids", check, seeds };

fn seeds() -> Vec<Vec<u8>> {
    [
        "d.1.2",
        "d.7.7",
        "g.9223372036854775807",
        "u.1",
        "1",
        "0",
        "9007199254740991",
        "m-1_Az",
        "anna_1.b-c",
        "Anna B.",
        "anna@mail.example",
        "👍",
        "2026-11-24T11:20:00.123Z",
        "2026-11-24T11:20:00+02:00",
        "9999-12-30T22:00:00Z",
        "owner",
        "AAEC",
        "_-8",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    let spelled = [
        spells::<ChatId>(text),
        spells::<UserId>(text),
        spells::<DeviceId>(text),
        spells::<GroupId>(text),
        spells::<MessageId>(text),
        spells::<Seq>(text),
        spells::<Receiver>(text),
        spells::<ClientMessageId>(text),
        spells::<ReactionKey>(text),
        spells::<Username>(text),
        spells::<Name>(text),
        spells::<Email>(text),
        spells::<Opaque>(text),
        spells::<BlobName>(text),
    ];
    if let Ok(time) = text.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse(), Ok(time), "a time comes back");
    }
    let role = text.parse::<Role>().map(Role::as_str);
    assert!(role.is_err() || role == Ok(text));
    way((spelled, text.parse::<Timestamp>().is_ok(), role.ok(), text.len().min(20)))
}

/// Whether the text is one; then it is its only spelling.
fn spells<T: FromStr + Display>(text: &str) -> bool {
    text.parse::<T>().is_ok_and(|value| {
        assert_eq!(value.to_string(), text);
        true
    })
}
