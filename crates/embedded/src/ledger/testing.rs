//! Values that the unit tests are written with.

#![allow(clippy::unwrap_used)]

use chinwag_proto::{Body, ChatId, Content, DeviceId, Entry, MessageId, Seq, Timestamp, UserId};

pub(super) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(super) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub(super) fn direct(one: u64, other: u64) -> ChatId {
    ChatId::direct(user(one), user(other))
}

/// Message number `number` of the chat of users 1 and 2, its only kind of entry.
pub(super) fn message(number: u64, text: &str) -> Entry {
    Entry {
        v: 1,
        chat_id: direct(1, 2),
        seq: seq(number),
        n: number,
        message_id: MessageId::new(1_000 + number).unwrap(),
        sender_id: user(1),
        device_id: DeviceId::new(7).unwrap(),
        client_message_id: None,
        created_at: Timestamp::from_ms(1_780_000_000_000 + number.cast_signed()),
        after: None,
        digest: None,
        body: Body::Message { content: Some(Content::text(text)), reply_to: None },
    }
}
