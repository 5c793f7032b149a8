//! C2 and C10: what was sent once is there at most once, however often it was tried, to whoever looks.
//!
//! Leaves out whether it had to be there at all: C1 and C7 say that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::event::{Entry, Kind};
use crate::index::{Answer, ChatNo, Index, SendNo, Step};
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    named_twice(index, report);
    content_twice(index, report);
    labels_twice(index, report);
    shown_twice(index, report);
}

fn made_two(index: &Index<'_>, sends: &[SendNo], evidence: &str, report: &mut Report) {
    report.add(Rule::C2, evidence.to_owned());
    let attempts = sends.iter().map(|&send| index.sends[send].tries.len()).max().unwrap_or_default();
    if attempts > 1 {
        report.add(Rule::C10, format!("{evidence}, after {attempts} attempts"));
    }
}

/// Every seq at which a send was seen or acknowledged.
fn named_twice(index: &Index<'_>, report: &mut Report) {
    let mut places: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); index.sends.len()];
    for (no, chat) in index.chats.iter().enumerate() {
        for version in &chat.versions {
            if let Some(send) = index.send_of(no, version.entry) {
                places[send].insert(version.entry.seq);
            }
        }
    }
    for ack in index.acks.iter().filter(|ack| !ack.may_name_anothers_entry()) {
        places[ack.send].insert(ack.seq);
    }
    for (send, seqs) in places.iter().enumerate().filter(|(_, seqs)| seqs.len() > 1) {
        made_two(index, &[send], &format!("{} is at the seqs {seqs:?}", index.name(send)), report);
    }
    unsent_names_twice(index, report);
}

/// Names that no send of this history has, from a part of the run that nobody recorded.
fn unsent_names_twice(index: &Index<'_>, report: &mut Report) {
    for (no, chat) in index.chats.iter().enumerate() {
        let mut places: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
        for Entry { seq, sender, client_message_id, .. } in chat.versions.iter().map(|version| version.entry)
        {
            if let Some(id) = client_message_id {
                places.entry((sender, id)).or_default().insert(*seq);
            }
        }
        for ((sender, id), seqs) in places.iter().filter(|(_, seqs)| seqs.len() > 1) {
            let first = seqs.first().and_then(|seq| chat.versions_at(*seq).next());
            if first.is_some_and(|version| index.send_of(no, version.entry).is_none()) {
                report.add(Rule::C2, format!("{sender}'s {id} in {} is at the seqs {seqs:?}", chat.name));
            }
        }
    }
}

/// Where the reader is shown no names and several sends have the same content, there must not be more entries
/// than sends of it.
fn content_twice(index: &Index<'_>, report: &mut Report) {
    for (no, chat) in index.chats.iter().enumerate() {
        let mut counted: BTreeMap<(&str, Kind, Option<u64>, &str), Vec<&Entry>> = BTreeMap::new();
        for entry in chat.logs.first().copied().unwrap_or_default() {
            if let (Some(digest), None) = (&entry.digest, &entry.client_message_id) {
                let content = (entry.sender.as_str(), entry.kind, entry.target, digest.as_str());
                counted.entry(content).or_default().push(entry);
            }
        }
        for entries in counted.values() {
            let sends = index.sends_like(no, entries[0]);
            let told_apart = entries.iter().all(|entry| index.send_of(no, entry).is_some());
            let possible =
                |send: &&SendNo| index.sends[**send].tries.iter().any(|t| t.answer != Answer::Refused);
            if sends.is_empty() || told_apart || entries.len() <= sends.iter().filter(possible).count() {
                continue;
            }
            let seqs: Vec<_> = entries.iter().map(|entry| entry.seq).collect();
            let names: Vec<_> = sends.iter().map(|&send| index.name(send)).collect();
            if entries.len() <= sends.len() {
                report.add(
                    Rule::C7,
                    format!("the seqs {seqs:?} are more than what was not refused of {names:?}"),
                );
            } else {
                made_two(index, sends, &format!("the seqs {seqs:?} are more than {names:?}"), report);
            }
        }
    }
}

/// A message id names one entry anywhere.
fn labels_twice(index: &Index<'_>, report: &mut Report) {
    let mut places: HashMap<&str, (ChatNo, u64)> = HashMap::new();
    for (no, chat) in index.chats.iter().enumerate() {
        for Entry { message_id, seq, .. } in chat.versions.iter().map(|version| version.entry) {
            let first = *places.entry(message_id).or_insert((no, *seq));
            if first != (no, *seq) {
                let (name, seq_0) = (index.chats[first.0].name, first.1);
                let evidence = format!(
                    "message id {message_id} is at seq {seq_0} of {name} and at seq {seq} of {}",
                    chat.name
                );
                report.add(Rule::C2, evidence);
            }
        }
    }
}

/// A view shows an entry once.
fn shown_twice(index: &Index<'_>, report: &mut Report) {
    for view in &index.views {
        let mut last = None;
        for step in &view.steps {
            if let Step::Joined { .. } = step {
                last = None;
            }
            let Step::Got { entry, shown: true, at, .. } = step else { continue };
            if last == Some(entry.seq) {
                let (device, chat) = (view.device, index.chats[view.chat].name);
                report.add(Rule::C2, format!("{device} showed seq {} of {chat} again at {at} ms", entry.seq));
            }
            last = Some(entry.seq);
        }
    }
}
