//! C3: one (chat, seq) is the same entry to every reader, always; what anybody was given is in the final log.
//!
//! Leaves out entries that nobody was given.

use std::collections::HashMap;
use std::ptr;

use crate::event::Entry;
use crate::index::Index;
use crate::log::{Chat, Version, difference};
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    for chat in &index.chats {
        for version in &chat.versions {
            compare(chat, version, report);
        }
        for log in &chat.logs[1.min(chat.logs.len())..] {
            if log.len() != chat.logs[0].len() {
                let (name, one, other) = (chat.name, chat.logs[0].len(), log.len());
                report.add(
                    Rule::C3,
                    format!("one final reader of {name} was given {one} entries, another {other}"),
                );
            }
        }
    }
    acknowledged_alike(index, report);
}

/// Holds what a reader was given against what was given to others before him.
fn compare(chat: &Chat<'_>, version: &Version<'_>, report: &mut Report) {
    let Version { entry, reader, is_final } = version;
    let (name, seq) = (chat.name, entry.seq);
    if !is_final && !chat.logs.is_empty() && chat.at(seq).is_none() {
        let id = &entry.message_id;
        report.add(
            Rule::C3,
            format!("{reader} was given {id} at seq {seq} of {name}, the final log has nothing there"),
        );
    }
    let lost = |last: &Entry| last.digest.is_none() && entry.digest.is_some() && !chat.may_be_wiped(last);
    if chat.at(seq).is_some_and(lost) {
        report.add(
            Rule::C3,
            format!("seq {seq} of {name} had content for {reader}, it is gone and nothing deleted it"),
        );
    }
    let earlier = chat.versions_at(seq).take_while(|other| !ptr::eq(*other, version));
    let differs =
        |other: &Version<'_>| difference(entry, other.entry).map(|what| (what, other.reader.to_owned()));
    if let Some((what, other)) = earlier.map(differs).find_map(|found| found) {
        report.add(Rule::C3, format!("seq {seq} of {name} has another {what} for {reader} than for {other}"));
    }
}

/// Holds acknowledgements against each other and against what was read.
fn acknowledged_alike(index: &Index<'_>, report: &mut Report) {
    let mut acked = HashMap::new();
    for ack in &index.acks {
        let no = index.sends[ack.send].chat;
        let (chat, seq, id) = (&index.chats[no], ack.seq, ack.message_id);
        let other = *acked.entry((no, seq)).or_insert(id);
        if other != id {
            report
                .add(Rule::C3, format!("seq {seq} of {} was acknowledged as {other} and as {id}", chat.name));
        }
        if let Some(other) = chat.versions_at(seq).find(|version| version.entry.message_id != id) {
            let (name, reader) = (index.name(ack.send), other.reader);
            let evidence = format!(
                "seq {seq} was acknowledged as {id} for {name}, {reader} was given {}",
                other.entry.message_id
            );
            report.add(Rule::C3, evidence);
        }
    }
}
