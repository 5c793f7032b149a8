//! C8: after the faults stop, every acknowledged entry is at every member device within 30 s.
//!
//! Leaves out entries that nobody was told about, and devices that are gone for good.

use std::collections::HashMap;

use crate::event::AtMs;
use crate::index::{Index, Step, View};
use crate::report::{Report, Rule};

/// How long an acknowledged entry may take to a member device, in milliseconds, counted from the last of:
/// its acknowledgement, the end of the faults, the device's joining.
pub const ARRIVAL_MS_MAX: u64 = 30_000;

/// A stretch of seqs that a device is to get.
struct Span {
    joined_at: AtMs,
    from_seq: u64,
    last_seq: u64,
}

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    let mut acked: Vec<HashMap<u64, AtMs>> = vec![HashMap::new(); index.chats.len()];
    for ack in &index.acks {
        let first = acked[index.sends[ack.send].chat].entry(ack.seq).or_insert(ack.at);
        *first = ack.at.min(*first);
    }
    let mut acked: Vec<Vec<(u64, AtMs)>> = acked.into_iter().map(|acks| acks.into_iter().collect()).collect();
    acked.iter_mut().for_each(|acks| acks.sort_unstable());
    for view in index.views.iter().filter(|view| !index.retired.contains_key(view.device)) {
        arrived(index, view, &acked[view.chat], report);
    }
}

fn arrived(index: &Index<'_>, view: &View<'_>, acked: &[(u64, AtMs)], report: &mut Report) {
    let (device, chat) = (view.device, index.chats[view.chat].name);
    let mut shown: HashMap<u64, AtMs> = HashMap::new();
    for step in &view.steps {
        if let Step::Got { at, shown: true, entry, .. } = step {
            shown.entry(entry.seq).or_insert(*at);
        }
    }
    let (mut missing, mut late) = (Vec::new(), Vec::new());
    for Span { joined_at, from_seq, last_seq } in spans(view) {
        let due = acked.iter().filter(|(seq, _)| (from_seq..=last_seq).contains(seq));
        for &(seq, acked_at) in due {
            let from = acked_at.max(index.faults_stopped_at).max(joined_at);
            match shown.get(&seq) {
                None => missing.push(seq),
                Some(&at) if at > from.saturating_add(ARRIVAL_MS_MAX) => late.push((seq, at - from)),
                Some(_) => {}
            }
        }
    }
    if let Some(first) = missing.first() {
        let count = missing.len();
        report.add(
            Rule::C8,
            format!("{device} never got {count} acknowledged entries of {chat}, the first is seq {first}"),
        );
    }
    if let Some((first, ms)) = late.first() {
        let count = late.len();
        report.add(Rule::C8, format!("{device} got {count} acknowledged entries of {chat} late, the first is seq {first} after {ms} ms"));
    }
}

fn spans(view: &View<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for step in &view.steps {
        match *step {
            Step::Joined { at, from_seq, .. } => {
                spans.push(Span { joined_at: at, from_seq, last_seq: u64::MAX })
            }
            Step::Left { last_seq } => {
                if let Some(span) = spans.last_mut() {
                    span.last_seq = last_seq;
                }
            }
            Step::Got { .. } | Step::Head { .. } => {}
        }
    }
    spans
}
