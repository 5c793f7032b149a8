//! C4 and C5: a device's view of a chat begins where it joined, goes up by one each time, and what is pushed
//! on one connection goes up too.
//!
//! Leaves out how far a view gets: C8 says that.

use std::collections::HashMap;

use crate::index::{Index, Step, View};
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    for view in &index.views {
        in_sequence(index, view, report);
        pushed_upwards(index, view, report);
    }
    for chat in &index.chats {
        for log in &chat.logs {
            let places = (1..).zip(log.iter().map(|entry| entry.seq));
            if let Some((due, seq)) = places.into_iter().find(|(due, seq)| due != seq) {
                report.add(
                    Rule::C4,
                    format!("the final log of {} has seq {seq} where {due} is due", chat.name),
                );
            }
        }
    }
}

fn in_sequence(index: &Index<'_>, view: &View<'_>, report: &mut Report) {
    let (device, chat) = (view.device, index.chats[view.chat].name);
    let mut due = None;
    // The highest seq shown so far, whenever something was.
    let mut shown: Vec<(u64, u64)> = Vec::new();
    let highest = |shown: &[(u64, u64)]| shown.last().map_or(0, |(_, seq)| *seq);
    for step in &view.steps {
        match step {
            Step::Joined { from_seq, .. } => due = Some(*from_seq),
            Step::Got { at, shown: true, entry, connection, .. } => {
                let seq = entry.seq;
                match due {
                    None => report.add(
                        Rule::C4,
                        format!("{device} showed seq {seq} of {chat} at {at} ms and never joined it"),
                    ),
                    Some(due) if seq > due => {
                        report.add(Rule::C4, format!("{device} showed seq {seq} of {chat} at {at} ms on connection {connection} where {due} was due"));
                    }
                    Some(due) if seq + 1 < due => {
                        let last = due - 1;
                        report.add(Rule::C5, format!("{device} showed seq {seq} of {chat} at {at} ms on connection {connection} after {last}"));
                    }
                    Some(_) => {}
                }
                due = due.max(Some(seq.saturating_add(1)));
                let highest = highest(&shown).max(seq);
                shown.push((*at, highest));
            }
            Step::Head { asked_at, head } => {
                let before = shown.partition_point(|(at, _)| at < asked_at);
                let had = before.checked_sub(1).map_or(0, |last| shown[last].1);
                if *head < had {
                    report.add(Rule::C5, format!("{device} asked for the head of {chat} at {asked_at} ms and was told {head} after it had {had}"));
                }
            }
            Step::Got { .. } | Step::Left { .. } => {}
        }
    }
}

/// Live entries of one chat reach one connection in the order of seq, each at most once, shown or not.
fn pushed_upwards(index: &Index<'_>, view: &View<'_>, report: &mut Report) {
    let mut last: HashMap<u64, u64> = HashMap::new();
    for step in &view.steps {
        let Step::Got { at, connection, live: true, entry, .. } = step else { continue };
        let before = last.insert(*connection, entry.seq).filter(|&before| before >= entry.seq);
        if let Some(before) = before {
            let (device, chat, seq) = (view.device, index.chats[view.chat].name, entry.seq);
            report.add(Rule::C5, format!("{device} was pushed seq {seq} of {chat} at {at} ms after {before} on connection {connection}"));
        }
    }
}
