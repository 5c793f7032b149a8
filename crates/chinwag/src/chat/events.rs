//! What happened in a chat beside messages, as a sentence.

use chinwag_proto::entry::{Body, ChatChange, History, WhoMayAdd};
use chinwag_proto::{MemberChange, MembershipChange, Role, UserId};

use super::blocks::listed;
use super::data::Data;
use super::text;

/// The sentence.
pub(super) fn sentence(data: &Data, who: UserId, event: &Body) -> String {
    let name = if who == data.me { "You".to_owned() } else { data.names.of(who) };
    match event {
        Body::Member { changes } => members(data, &name, changes),
        Body::Mls { changes, .. } if !changes.is_empty() => members(data, &name, changes),
        Body::Mls { .. } => "The keys of this chat were renewed".to_owned(),
        Body::Chat(change) => settings(data, &name, change),
        _ => "Something happened that this version does not know".to_owned(),
    }
}

fn members(data: &Data, who: &str, changes: &[MemberChange]) -> String {
    let of = |change: MembershipChange| -> Vec<UserId> {
        changes.iter().filter(|c| c.change == change).map(|c| c.user_id).collect()
    };
    let (added, removed, left) =
        (of(MembershipChange::Added), of(MembershipChange::Removed), of(MembershipChange::Left));
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("{who} added {}", listed(data, &added)));
    }
    if !removed.is_empty() {
        parts.push(format!("{who} removed {}", listed(data, &removed)));
    }
    if !left.is_empty() {
        parts.push(format!("{who} left"));
    }
    let roles = changes.iter().filter(|c| c.change == MembershipChange::Role);
    parts.extend(roles.map(|change| {
        let whom = listed(data, &[change.user_id]);
        match change.role {
            Some(Role::Owner) => format!("{whom}: now owner"),
            Some(Role::Admin) => format!("{whom}: now admin"),
            Some(Role::Member) | None => format!("{whom}: now member"),
        }
    }));
    parts.join("; ")
}

fn settings(data: &Data, who: &str, change: &ChatChange) -> String {
    let mut parts = Vec::new();
    if let Some(founders) = &change.members {
        let others: Vec<UserId> = founders.iter().skip(1).map(|founder| founder.user_id).collect();
        let with = if others.is_empty() { String::new() } else { format!(" with {}", listed(data, &others)) };
        parts.push(match &change.title {
            Some(title) => format!("{who} began “{}”{with}", text::one_line(title.as_str())),
            None => format!("{who} began this group{with}"),
        });
    } else if let Some(title) = &change.title {
        parts.push(format!("{who} named the group “{}”", text::one_line(title.as_str())));
    }
    if change.members.is_none() {
        match change.history {
            Some(History::All) => parts.push(format!("{who}: new members see the whole history")),
            Some(History::Joined) => parts.push(format!("{who}: new members see what comes after them")),
            None => {}
        }
        match change.who_may_add {
            Some(WhoMayAdd::Members) => parts.push(format!("{who}: all members may add others")),
            Some(WhoMayAdd::Admins) => parts.push(format!("{who}: admins may add members")),
            None => {}
        }
    }
    if parts.is_empty() { format!("{who} changed the group's settings") } else { parts.join("; ") }
}
