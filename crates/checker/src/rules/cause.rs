//! C9: no effect before its cause. An edit, deletion, reaction or reply stands after its message and not after
//! that message's deletion; in a group an entry stands after its sender came and before he went; a device gets
//! nothing after its user went; and nothing appears that nobody has asked for yet.
//!
//! Leaves out who may do what to whom.

use std::collections::{HashMap, HashSet};

use super::refused::fits;
use crate::event::{AtMs, Entry, Kind};
use crate::index::{ChatNo, Index, Step};
use crate::log::Chat;
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    for chat in &index.chats {
        let Some(log) = chat.logs.first() else { continue };
        for entry in *log {
            on_target(chat, entry, report);
        }
        by_members(chat, log, report);
    }
    asked_for_before(index, report);
    nothing_after_leaving(index, report);
}

fn on_target(chat: &Chat<'_>, entry: &Entry, report: &mut Report) {
    let Entry { seq, kind, target, .. } = entry;
    let Some(target) = *target else {
        if matches!(kind, Kind::Edit | Kind::Delete | Kind::Reaction) {
            report.add(Rule::C9, format!("seq {seq} of {} is a {kind:?} of nothing", chat.name));
        }
        return;
    };
    let name = chat.name;
    let what = format!("seq {seq} of {name}, a {kind:?},");
    if target >= *seq {
        report.add(Rule::C9, format!("{what} acts on seq {target}, which is not before it"));
    } else if chat.at(target).is_none_or(|message| message.kind != Kind::Message) {
        report.add(Rule::C9, format!("{what} acts on seq {target}, which is no message"));
    } else if let Some(deleted) = chat.deleted_at(target).filter(|deleted| deleted < seq) {
        report.add(Rule::C9, format!("{what} acts on seq {target}, which seq {deleted} deleted"));
    }
}

/// In a chat that begins by naming its founders, only members write.
fn by_members(chat: &Chat<'_>, log: &[Entry], report: &mut Report) {
    if log.first().is_none_or(|first| first.kind != Kind::Chat) {
        return;
    }
    let mut members: HashSet<&str> = HashSet::new();
    for (no, Entry { seq, sender, changes, .. }) in log.iter().enumerate() {
        if no > 0 && !members.contains(sender.as_str()) {
            report
                .add(Rule::C9, format!("seq {seq} of {} is by {sender}, who is no member there", chat.name));
        }
        for change in changes {
            if change.member {
                members.insert(&change.user);
            } else {
                members.remove(change.user.as_str());
            }
        }
    }
}

fn asked_for_before(index: &Index<'_>, report: &mut Report) {
    for (no, chat) in index.chats.iter().enumerate() {
        for version in chat.versions.iter().filter(|version| version.entry.client_message_id.is_some()) {
            let Some(send) = index.send_of(no, version.entry) else { continue };
            if !index.sends[send].tries.iter().any(|t| fits(version.entry, t.request)) {
                let (name, seq, reader) = (index.name(send), version.entry.seq, version.reader);
                report.add(Rule::C9, format!("{reader} was given {name} at seq {seq} with a content, kind or target that nobody asked for"));
            }
        }
    }
    for view in &index.views {
        for step in &view.steps {
            let Step::Got { at, entry, .. } = step else { continue };
            let Some(send) = index.send_of(view.chat, entry) else { continue };
            let asked_at = index.sends[send].tries.iter().map(|t| t.at).min().unwrap_or_default();
            if *at < asked_at {
                let name = index.name(send);
                report.add(
                    Rule::C9,
                    format!("{} was given {name} at {at} ms, it was sent at {asked_at} ms", view.device),
                );
            }
        }
    }
}

/// A device gets nothing after its user went, until somebody has asked for him to come again.
fn nothing_after_leaving(index: &Index<'_>, report: &mut Report) {
    let comings = comings(index);
    for view in &index.views {
        let (mut user, mut left) = ("", None);
        for step in &view.steps {
            match step {
                Step::Joined { user: joined, .. } => (user, left) = (*joined, None),
                Step::Left { last_seq } => left = Some(*last_seq),
                Step::Got { entry, at, .. } => {
                    let Some(last) = left.filter(|last| entry.seq > *last) else { continue };
                    let known = comings.get(&(view.chat, user)).map_or(&[][..], Vec::as_slice);
                    if !known.iter().any(|&(seq, asked_at)| seq > last && asked_at <= *at) {
                        let (device, seq, chat) = (view.device, entry.seq, index.chats[view.chat].name);
                        report.add(
                            Rule::C9,
                            format!(
                                "{device} was given seq {seq} of {chat} at {at} ms, after its user had left"
                            ),
                        );
                    }
                }
                Step::Head { .. } => {}
            }
        }
    }
}

/// Where each user was brought into a chat, and since when there is any sign of it.
fn comings<'h>(index: &Index<'h>) -> HashMap<(ChatNo, &'h str), Vec<(u64, AtMs)>> {
    let mut comings: HashMap<_, Vec<_>> = HashMap::new();
    let mut note = |chat: ChatNo, entry: &'h Entry, at: AtMs| {
        for change in entry.changes.iter().filter(|change| change.member) {
            let sent_at =
                index.send_of(chat, entry).and_then(|send| index.sends[send].tries.first()).map(|t| t.at);
            comings
                .entry((chat, change.user.as_str()))
                .or_default()
                .push((entry.seq, sent_at.unwrap_or(at).min(at)));
        }
    };
    for view in &index.views {
        for step in &view.steps {
            if let Step::Got { at, entry, .. } = step {
                note(view.chat, entry, *at);
            }
        }
    }
    for (no, chat) in index.chats.iter().enumerate() {
        chat.logs.first().copied().unwrap_or_default().iter().for_each(|entry| note(no, entry, AtMs::MAX));
    }
    comings
}
