//! Records, and short ways to make them.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_chat::{Ask, FingerprintKey, RECORD_VERSION, Record, RuleLimits};
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Append, Appended, Commit, Commits, Ledger, Pending};
use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::{ChatId, Content, DeviceId, Entry, GroupId, Limits, MessageId, Seq, Timestamp, UserId};

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(crate) fn direct(one: u64, other: u64) -> ChatId {
    ChatId::direct(user(one), user(other))
}

pub(crate) fn group(number: u64) -> ChatId {
    ChatId::Group(GroupId::new(number).unwrap())
}

/// The key that the settings of the tests give.
pub(crate) fn key() -> FingerprintKey {
    FingerprintKey::new(*b"a test's secret.")
}

/// Record number `number` of a run, with an id of its own.
pub(crate) fn record(number: u64, chat: ChatId, sender: u64, ask: Ask) -> Record {
    let request = format!("{ask:?}");
    record_of(number, chat, sender, ask, request.as_bytes())
}

/// The same, with the bytes that its fingerprint is taken of.
pub(crate) fn record_of(number: u64, chat: ChatId, sender: u64, ask: Ask, request: &[u8]) -> Record {
    Record {
        v: RECORD_VERSION,
        chat,
        sender: user(sender),
        device: DeviceId::new(sender * 10).unwrap(),
        id: Some(format!("id-{number}").parse().unwrap()),
        resend: false,
        message_id: MessageId::new(number).unwrap(),
        created_at: Timestamp::from_ms(1_780_000_000_000 + number.cast_signed()),
        fingerprint: key().request([request]),
        after: None,
        limits: RuleLimits::from(&Limits::default()),
        ask,
    }
}

pub(crate) fn message(text: &str) -> Ask {
    Ask::Message { content: Content::text(text), reply_to: None }
}

pub(crate) fn edit(target: Seq, text: &str) -> Ask {
    Ask::Edit { target, content: Content::text(text) }
}

pub(crate) fn react(target: Seq, key: &str, on: bool) -> Ask {
    Ask::React { target, key: key.parse().unwrap(), on }
}

pub(crate) fn create(others: &[u64]) -> Ask {
    Ask::Create {
        title: Some("A group".parse().unwrap()),
        members: others.iter().copied().map(user).collect(),
        encryption: Encryption::None,
        history: History::Joined,
    }
}

pub(crate) fn append(ledger: &dyn Ledger, record: Record) -> Pending {
    ledger.append(Append { record, origin: None })
}

#[track_caller]
pub(crate) fn committed(answer: Result<Appended, Unavailable>) -> Arc<Entry> {
    match answer {
        Ok(Appended::Committed(entry)) => entry,
        other => panic!("not committed: {other:?}"),
    }
}

/// Hears nothing and is always well.
pub(crate) struct Deaf;

#[async_trait]
impl Commits for Deaf {
    async fn project(&self, _: &[Commit]) -> Result<(), Unavailable> {
        Ok(())
    }

    fn publish(&self, _: &[Commit]) {}
}
