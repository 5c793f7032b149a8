//! A chat as the list shows it, and what of it is held. Pure.
//!
//! Unread is counted here, as the contract says: messages above the own read mark, which an own message
//! raises. An entry's `n` counts messages, so two of them give the number between.

use std::collections::BTreeMap;

use chinwag_proto::entry::{Body, Encryption};
use chinwag_proto::rest::Summary;
use chinwag_proto::text::Name;
use chinwag_proto::{ChatId, Entry, MemberChange, MembershipChange, Role, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::follow::Follow;

/// Unread messages are shown up to this many.
pub const UNREAD_MAX: u64 = 999;

/// Another member's marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// Read up to and with this.
    pub read: Seq,
    /// Delivered up to and with this.
    pub delivered: Seq,
}

/// A chat: also the row `c/CHAT`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// Everything from `first` to `last` is held.
    pub first: Seq,
    /// See `first`.
    pub last: Seq,
    /// Nothing below `first` can be had: the history begins there.
    pub begins: bool,
    /// The title; none in direct chats.
    pub title: Option<Name>,
    /// The user's role.
    pub role: Role,
    /// Whether the content is encrypted.
    pub encryption: Encryption,
    /// The user is no longer a member; what is held stays readable.
    pub gone: bool,
    /// Members, where it is known.
    pub members: Option<u32>,
    /// The own read mark.
    pub read: Seq,
    /// Others' marks, where they show them.
    pub others: BTreeMap<UserId, Marks>,
    /// When the last entry was taken: the list is sorted by it.
    pub last_at: Timestamp,
    /// The last message that is held, as it stands.
    pub preview: Option<Entry>,
    /// What stands in the input field.
    pub draft: String,
    /// On top of the list.
    pub pinned: bool,
    /// No notice of new messages: set on this device, or for the account.
    pub muted: bool,
    /// Messages up to and with `last`, by its entry.
    pub(crate) n_last: Option<u64>,
    /// Messages that there are by the server's word, which may run ahead of what is held.
    #[serde(default)]
    pub(crate) n_told: u64,
    /// Messages up to and with `read`.
    pub(crate) n_read: Option<u64>,
    /// The head of the last summary: entries up to it say nothing new of title, role and members.
    pub(crate) told_at: Seq,
    #[serde(skip, default = "nowhere")]
    pub(crate) follow: Follow,
    /// The server could not answer a `sync` just now.
    #[serde(skip)]
    pub(crate) put_off: bool,
    /// The batch with which `last` was raised.
    #[serde(skip)]
    pub(crate) raised_in: u64,
}

fn nowhere() -> Follow {
    Follow::after(Seq::ZERO)
}

impl Chat {
    /// A chat of which what comes after a seq will be held.
    pub(crate) fn after(last: Seq) -> Self {
        let empty = last == Seq::ZERO;
        Self {
            first: last.next(),
            last,
            begins: empty,
            title: None,
            role: Role::Member,
            encryption: Encryption::None,
            gone: false,
            members: None,
            read: Seq::ZERO,
            others: BTreeMap::new(),
            last_at: Timestamp::default(),
            preview: None,
            draft: String::new(),
            pinned: false,
            muted: false,
            n_last: empty.then_some(0),
            n_told: 0,
            n_read: empty.then_some(0),
            told_at: Seq::ZERO,
            follow: Follow::after(last),
            put_off: false,
            raised_in: 0,
        }
    }

    /// From its row.
    pub(crate) fn restored(row: &str) -> Option<Self> {
        let mut chat: Self = serde_json::from_str(row).ok()?;
        chat.follow = Follow::after(chat.last);
        Some(chat)
    }

    /// Unread messages, [`UNREAD_MAX`] for that many or more.
    pub fn unread(&self) -> u64 {
        let all = self.n_last.unwrap_or(0).max(self.n_told);
        self.n_read.map_or(0, |read| all.saturating_sub(read).min(UNREAD_MAX))
    }

    /// Whether more may be had below what is held.
    pub const fn has_older(&self) -> bool {
        !self.begins && self.first.get() > 1 && !self.gone
    }

    /// What the server says of the chat.
    pub(crate) fn on_summary(&mut self, summary: &Summary) {
        self.follow.known = self.follow.known.max(summary.head);
        if summary.head < self.told_at {
            return;
        }
        self.told_at = summary.head;
        self.title.clone_from(&summary.title);
        self.role = summary.role;
        self.encryption = summary.encryption;
        self.gone = false;
        self.members = summary.members;
        self.muted |= summary.muted;
        self.last_at = self.last_at.max(summary.last_at);
        for other in summary.others.iter().flatten() {
            self.on_mark(other.user_id, other.read, other.delivered);
        }
        self.n_told = self.n_told.max(summary.last.as_ref().map_or(0, |last| last.n));
        if summary.read < self.read {
            return;
        }
        let counted = summary.last.as_ref().map(|last| last.n.saturating_sub(u64::from(summary.unread)));
        // Above the maximum the server does not count; a mark that stands where it stood is counted here.
        let here = self.n_read.is_some() && summary.read == self.read;
        if !here && counted.is_some() {
            self.n_read = counted;
        }
        self.read = summary.read;
    }

    /// Another's marks; whether they moved.
    pub(crate) fn on_mark(&mut self, user: UserId, read: Option<Seq>, delivered: Option<Seq>) -> bool {
        let marks = self.others.entry(user).or_default();
        let before = *marks;
        marks.read = marks.read.max(read.unwrap_or_default());
        marks.delivered = marks.delivered.max(delivered.unwrap_or_default()).max(marks.read);
        *marks != before
    }

    /// Raises the own read mark; whether it moved. `n`: messages up to and with `seq`, where it is known.
    pub(crate) fn raise_read(&mut self, seq: Seq, n: Option<u64>) -> bool {
        if seq <= self.read {
            return false;
        }
        self.read = seq;
        if seq >= self.last && self.n_last.is_some() {
            self.n_read = self.n_last;
        } else if n.is_some() {
            self.n_read = n;
        }
        true
    }

    /// A newly held entry, in the order of seq.
    pub(crate) fn on_entry(&mut self, me: UserId, entry: &Entry) {
        // The read mark may stand above what was held when it was raised.
        let read_above = self.read >= entry.seq;
        self.last = entry.seq;
        self.n_last = Some(entry.n);
        if read_above {
            self.n_read = Some(entry.n);
        }
        self.last_at = entry.created_at;
        match &entry.body {
            Body::Message { .. } => {
                if entry.sender_id == me {
                    self.raise_read(entry.seq, Some(entry.n));
                } else if self.others.contains_key(&entry.sender_id) {
                    // Whoever writes has read what stands above: no cursor tells of that.
                    self.on_mark(entry.sender_id, Some(entry.seq), None);
                }
                self.preview = Some(entry.clone());
            }
            Body::Edit { target, content: Some(content) } => self.change_preview(*target, |body| {
                if let Body::Message { content: shown, .. } = body
                    && shown.is_some()
                {
                    *shown = Some(content.clone());
                }
            }),
            Body::Delete { target } => self.change_preview(*target, |body| {
                if let Body::Message { content, .. } = body {
                    *content = None;
                }
            }),
            _ if entry.seq <= self.told_at => {}
            Body::Member { changes } => self.on_members(me, changes),
            Body::Mls { changes, .. } => {
                self.encryption = Encryption::Mls;
                self.on_members(me, changes);
            }
            Body::Chat(change) => {
                if change.title.is_some() {
                    self.title.clone_from(&change.title);
                }
                if let Some(founders) = &change.members {
                    self.members = u32::try_from(founders.len()).ok();
                    if let Some(founder) = founders.iter().find(|founder| founder.user_id == me) {
                        self.role = founder.role;
                    }
                }
                self.encryption = change.encryption.unwrap_or(self.encryption);
            }
            _ => {}
        }
    }

    fn change_preview(&mut self, target: Seq, change: impl FnOnce(&mut Body)) {
        if let Some(preview) = self.preview.as_mut().filter(|preview| preview.seq == target) {
            change(&mut preview.body);
        }
    }

    fn on_members(&mut self, me: UserId, changes: &[MemberChange]) {
        for change in changes {
            let count = self.members.unwrap_or(0);
            match change.change {
                MembershipChange::Added => self.members = self.members.map(|_| count.saturating_add(1)),
                MembershipChange::Removed | MembershipChange::Left => {
                    self.members = self.members.map(|_| count.saturating_sub(1));
                }
                MembershipChange::Role => {}
            }
            if change.user_id == me {
                self.gone = matches!(change.change, MembershipChange::Removed | MembershipChange::Left);
                self.role = change.role.unwrap_or(self.role);
            }
        }
    }
}

/// The order of the list: pinned first, then by the last entry, newest first.
pub(crate) fn list(chats: &BTreeMap<ChatId, Chat>) -> Vec<ChatId> {
    let mut order: Vec<(bool, std::cmp::Reverse<Timestamp>, ChatId)> =
        chats.iter().map(|(id, chat)| (!chat.pinned, std::cmp::Reverse(chat.last_at), *id)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, id)| id).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{entry, message, seq};
    use serde_json::json;

    fn user(number: u64) -> UserId {
        UserId::new(number).unwrap()
    }

    fn with(count: u64) -> Chat {
        let mut chat = Chat::after(Seq::ZERO);
        (1..=count).for_each(|n| chat.on_entry(user(2), &message(n, "hi")));
        chat
    }

    #[test]
    fn unread_counts_messages_above_the_mark() {
        let mut chat = with(5);
        assert_eq!(chat.unread(), 5);
        assert!(chat.raise_read(seq(3), Some(3)));
        assert_eq!(chat.unread(), 2);
        assert!(!chat.raise_read(seq(2), Some(2)), "marks only grow");
        let mut edit = entry(6, 1, json!({ "kind": "edit", "target": 5, "content": "x" }));
        edit.n = 5;
        chat.on_entry(user(2), &edit);
        assert_eq!(chat.unread(), 2);
    }

    #[test]
    fn an_own_message_raises_the_own_mark() {
        let mut chat = with(5);
        chat.on_entry(user(2), &entry(6, 2, json!({ "kind": "message", "content": "me" })));
        assert_eq!((chat.read, chat.unread()), (seq(6), 0));
    }

    #[test]
    fn whoever_answers_has_read_if_he_shows_that() {
        let mut chat = with(1);
        let answer = |n| entry(n, 3, json!({ "kind": "message", "content": "yes" }));
        chat.on_entry(user(2), &answer(2));
        assert!(chat.others.is_empty());
        chat.on_mark(user(3), Some(seq(1)), None);
        chat.on_entry(user(2), &answer(3));
        assert_eq!(chat.others[&user(3)], Marks { read: seq(3), delivered: seq(3) });
    }

    #[test]
    fn a_mark_may_run_ahead_of_what_is_held() {
        let mut chat = with(2);
        chat.raise_read(seq(4), None);
        for n in 3..=5 {
            chat.on_entry(user(2), &message(n, "hi"));
        }
        assert_eq!(chat.unread(), 1);
    }

    #[test]
    fn the_preview_shows_edits_and_forgets_what_is_deleted() {
        let mut chat = with(1);
        chat.on_entry(user(2), &entry(2, 1, json!({ "kind": "edit", "target": 1, "content": "new" })));
        assert!(serde_json::to_string(&chat.preview).unwrap().contains("new"));
        chat.on_entry(user(2), &entry(3, 1, json!({ "kind": "delete", "target": 1 })));
        let row = serde_json::to_string(&chat).unwrap();
        assert!(!row.contains("new") && Chat::restored(&row).is_some());
    }

    #[test]
    fn being_removed_and_added_again_shows() {
        let mut chat = with(1);
        let change = |what: &str| json!({ "kind": "member", "changes": [{ "userId": "2", "change": what, "role": "admin" }] });
        chat.on_entry(user(2), &entry(2, 1, change("removed")));
        assert!(chat.gone);
        chat.on_entry(user(2), &entry(3, 1, change("added")));
        assert!(!chat.gone && chat.role == Role::Admin);
    }

    #[test]
    fn the_list_is_sorted_by_the_last_entry_below_the_pinned() {
        let mut chats = BTreeMap::new();
        for (id, ms, pinned) in [("g.1", 10, false), ("g.2", 30, false), ("g.3", 20, true)] {
            let mut chat = Chat::after(Seq::ZERO);
            (chat.last_at, chat.pinned) = (Timestamp::from_ms(ms), pinned);
            chats.insert(id.parse().unwrap(), chat);
        }
        let order: Vec<String> = list(&chats).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["g.3", "g.2", "g.1"]);
    }
}
