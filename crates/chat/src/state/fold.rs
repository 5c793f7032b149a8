//! How an accepted entry moves a chat on. Whether it may is decided elsewhere.

use std::sync::Arc;

use chinwag_proto::entry::{ChatChange, Encryption};
use chinwag_proto::{Body, ChatId, Entry, MemberChange, MembershipChange, Role, Seq, UserId};

use super::{Chat, FORMER_MAX, MemberState, RECENT_ENTRIES, State};
use crate::fingerprint::{Fingerprint, IdKey};

impl Chat {
    /// Moves head, state and recent ids on by the next entry; any other changes nothing.
    pub(super) fn take(&mut self, offset: u64, entry: &Entry, id: Option<(IdKey, Fingerprint)>) {
        let next = self.head.seq.get().checked_add(1).and_then(Seq::new);
        if entry.chat_id != self.id || Some(entry.seq) != next {
            return;
        }
        if State::is_changed_by(entry) {
            Arc::make_mut(&mut self.state).fold(entry);
            self.head.state_seq = entry.seq;
        }
        match entry.body {
            Body::Message { .. } => self.head.n = self.head.n.saturating_add(1),
            Body::Mls { .. } => self.head.mls_seq = entry.seq,
            _ => {}
        }
        self.head.seq = entry.seq;
        self.head.last_offset = offset;
        self.head.last_at = entry.created_at;
        if let Some((key, fingerprint)) = id {
            self.recent.push_back((key, fingerprint, entry.seq));
        }
        self.forget_old_ids();
    }

    pub(super) fn forget_old_ids(&mut self) {
        let oldest = self.head.seq.get().saturating_sub(RECENT_ENTRIES);
        while self.recent.front().is_some_and(|(_, _, seq)| seq.get() <= oldest) {
            self.recent.pop_front();
        }
    }
}

impl State {
    /// Whether an entry is one that changes members, roles or settings. The first entry of a chat is.
    pub fn is_changed_by(entry: &Entry) -> bool {
        let first = entry.seq == Seq::ZERO.next();
        match &entry.body {
            Body::Member { .. } | Body::Chat(_) => true,
            Body::Mls { changes, .. } => first || !changes.is_empty(),
            _ => first,
        }
    }

    /// Moves members, roles and settings on by an entry; entries are folded in the order of seq.
    pub fn fold(&mut self, entry: &Entry) {
        if entry.seq == Seq::ZERO.next() {
            self.begin(entry);
        }
        match &entry.body {
            Body::Member { changes } | Body::Mls { changes, .. } => {
                changes.iter().for_each(|change| self.fold_member(entry, change));
            }
            Body::Chat(change) => self.fold_settings(entry, change),
            _ => {}
        }
    }

    /// A chat whose members come from its id has them from its first entry on, and is encrypted if
    /// that is an MLS one.
    fn begin(&mut self, entry: &Entry) {
        for member in self.members.values_mut() {
            member.joined_at = entry.created_at;
        }
        if matches!(entry.chat_id, ChatId::Direct(..)) && matches!(entry.body, Body::Mls { .. }) {
            self.settings.encryption = Encryption::Mls;
        }
    }

    fn fold_member(&mut self, entry: &Entry, change: &MemberChange) {
        let user = change.user_id;
        match change.change {
            MembershipChange::Added => {
                let since = match self.settings.history {
                    chinwag_proto::entry::History::All => Seq::ZERO.next(),
                    chinwag_proto::entry::History::Joined => entry.seq,
                };
                self.join(user, change.role.unwrap_or(Role::Member), since, entry);
            }
            MembershipChange::Removed | MembershipChange::Left => {
                if self.members.remove(&user).is_some() {
                    self.former.insert(user, entry.seq);
                    self.forget_old_members();
                }
            }
            MembershipChange::Role => {
                if let (Some(member), Some(role)) = (self.members.get_mut(&user), change.role) {
                    member.role = role;
                }
            }
        }
    }

    fn fold_settings(&mut self, entry: &Entry, change: &ChatChange) {
        for founder in change.members.iter().flatten() {
            self.join(founder.user_id, founder.role, Seq::ZERO.next(), entry);
        }
        let settings = &mut self.settings;
        if change.title.is_some() {
            settings.title.clone_from(&change.title);
        }
        settings.encryption = change.encryption.unwrap_or(settings.encryption);
        settings.history = change.history.unwrap_or(settings.history);
        settings.who_may_add = change.who_may_add.unwrap_or(settings.who_may_add);
    }

    fn join(&mut self, user: UserId, role: Role, since: Seq, entry: &Entry) {
        let member = MemberState { role, since, joined: entry.seq, joined_at: entry.created_at };
        self.members.entry(user).or_insert(member);
        self.former.remove(&user);
    }

    fn forget_old_members(&mut self) {
        if self.former.len() > FORMER_MAX {
            let oldest = self.former.iter().min_by_key(|(user, seq)| (**seq, **user)).map(|(user, _)| *user);
            oldest.map(|user| self.former.remove(&user));
        }
    }
}
