//! C1: every acknowledged send is in the final log, as it was sent, and could be read from the moment of its
//! acknowledgement on.
//!
//! Leaves out acknowledgements that contradict each other: they cannot both be in the log, and C2 and C3 name them.

use crate::index::{Ack, Index, Step};
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    for ack in &index.acks {
        if let Some(what) = missing(index, ack) {
            let (name, seq, id) = (index.name(ack.send), ack.seq, ack.message_id);
            report.add(Rule::C1, format!("{name} was acknowledged at seq {seq} as {id}, {what}"));
        }
    }
    wiped_without_deletion(index, report);
    stale_heads(index, report);
}

/// What is wrong with the place that an acknowledgement names.
fn missing(index: &Index<'_>, ack: &Ack<'_>) -> Option<String> {
    let send = &index.sends[ack.send];
    let chat = &index.chats[send.chat];
    if chat.logs.is_empty() {
        return None;
    }
    let Some(entry) = chat.at(ack.seq) else {
        return Some("and the final log has nothing there".to_owned());
    };
    if entry.message_id != ack.message_id {
        return Some(format!("and the final log has {} there", entry.message_id));
    }
    let differs = if entry.kind != ack.request.kind {
        Some("kind")
    } else if entry.target != ack.request.target {
        Some("target")
    } else if ack.may_name_anothers_entry() {
        None
    } else if entry.sender != send.user {
        Some("sender")
    } else if send.tries.iter().all(|t| t.device != entry.device) {
        Some("device")
    } else if entry.client_message_id.as_ref().is_some_and(|id| id != send.id) {
        Some("client message id")
    } else if entry.digest.is_some() && entry.digest != ack.request.digest {
        Some("content")
    } else {
        None
    };
    differs.map(|what| format!("and the final log has another {what} there"))
}

/// Content may be gone from the final log only where the log says that it was deleted.
fn wiped_without_deletion(index: &Index<'_>, report: &mut Report) {
    for ack in &index.acks {
        let chat = &index.chats[index.sends[ack.send].chat];
        let Some(entry) = chat.at(ack.seq) else { continue };
        let lost = entry.digest.is_none() && ack.request.digest.is_some() && !chat.may_be_wiped(entry);
        if lost && entry.message_id == ack.message_id && !ack.may_name_anothers_entry() {
            let evidence = format!(
                "{} lost its content at seq {} and nothing deleted it",
                index.name(ack.send),
                ack.seq
            );
            report.add(Rule::C1, evidence);
        }
    }
}

/// Who asks after an acknowledgement how far the chat goes must not be told less.
fn stale_heads(index: &Index<'_>, report: &mut Report) {
    let mut acked: Vec<Vec<(u64, u64)>> = vec![Vec::new(); index.chats.len()];
    for ack in &index.acks {
        acked[index.sends[ack.send].chat].push((ack.at, ack.seq));
    }
    for acks in &mut acked {
        acks.sort_unstable();
        let mut highest = 0;
        for (_, seq) in acks {
            highest = highest.max(*seq);
            *seq = highest;
        }
    }
    for view in &index.views {
        for step in &view.steps {
            let Step::Head { asked_at, head } = *step else { continue };
            let acks = &acked[view.chat];
            let before = acks.partition_point(|&(at, _)| at < asked_at);
            let due = before.checked_sub(1).map_or(0, |last| acks[last].1);
            if head < due {
                let (device, chat) = (view.device, index.chats[view.chat].name);
                let evidence = format!(
                    "{device} asked for the head of {chat} at {asked_at} ms and was told {head} when {due} was acknowledged"
                );
                report.add(Rule::C1, evidence);
            }
        }
    }
}
