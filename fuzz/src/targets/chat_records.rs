//! A log of stored records, each after two bytes of length: the chat machine has an outcome for each, and
//! stays whole.

use chinwag_chat::stored::{decode_entry, decode_record, encode_entry};
use chinwag_chat::{Chat, FingerprintKey, Outcome, Past, Record, Target as Row, View};
use chinwag_proto::{Body, Entry, Seq};

use super::{STORED_RECORDS, golden_hex, way};
use crate::Target;

pub(super) const TARGET: Target = Target { name: "chat_records", check, seeds };

fn seeds() -> Vec<Vec<u8>> {
    let records = golden_hex(STORED_RECORDS);
    let log = |prefix: &str| {
        let records = records.iter().filter(|(name, _)| name.starts_with(prefix));
        records.fold(Vec::new(), |mut log, (_, bytes)| {
            log.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
            log.extend_from_slice(bytes);
            log
        })
    };
    ["plain", "encrypted", "notice"].map(log).to_vec()
}

fn check(input: &[u8]) -> u64 {
    let records = records(input);
    let Some(first) = records.first() else { return way("none") };
    let mut chat = Chat::new(first.chat);
    let mut entries = Vec::new();
    let mut ways = Vec::new();
    let key = FingerprintKey::new([1; 16]);
    for (offset, record) in (1_u64..).zip(&records) {
        let id = record.id.as_ref().map(|id| key.id(record.chat, record.sender, id));
        let needs = chat.needs(record, id);
        let past = Past {
            known: None,
            target: needs.target.and_then(|seq| row(&entries, seq)),
            reply_to: needs.reply_to.and_then(|seq| row(&entries, seq)),
        };
        let outcome = chat.apply(offset, record, id, &past);
        assert_eq!(chat.invariant(), Ok(()));
        ways.push(match &outcome {
            Outcome::Accepted(entry) => entry.body.kind().len(),
            Outcome::Duplicate { .. } => 100,
            Outcome::Rejected(refusal) => 200 + refusal.to_string().len(),
        });
        if let Outcome::Accepted(entry) = outcome {
            let mut bytes = Vec::new();
            encode_entry(&entry, &mut bytes);
            assert_eq!(decode_entry(&bytes).as_ref(), Ok(&entry));
            entries.push((offset, entry));
        }
    }
    way(ways)
}

fn records(mut input: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (record, rest) = rest.split_at(length);
        records.extend(decode_record(record));
        input = rest;
    }
    records
}

/// What a store would find of a message.
fn row(entries: &[(u64, Entry)], seq: Seq) -> Option<Row> {
    let (offset, entry) = entries.iter().find(|(_, entry)| entry.seq == seq)?;
    let mut view = View::default();
    let touching = entries.iter().filter(|(_, entry)| View::target(entry) == Some(seq));
    touching.for_each(|(offset, entry)| view.fold(*offset, entry));
    Some(Row {
        seq,
        sender: entry.sender_id,
        is_message: matches!(entry.body, Body::Message { .. }),
        offset: *offset,
        deleted: view.deleted.map(|(seq, offset, _)| (seq, offset)),
        keys: view.keys,
    })
}
