//! For whom a commit is news about the chat itself: to these the summary goes before the entry.

use chinwag_ports::Commit;
use chinwag_proto::{Body, MembershipChange, Seq, UserId};

/// For whom a chat appeared, or its title, role or settings changed.
pub(crate) enum News {
    /// For nobody.
    Nobody,
    /// For every member.
    Everybody,
    /// For these.
    Users(Vec<UserId>),
}

impl News {
    /// What a commit means. Encryption is settled by a chat's first entry, so that a later MLS record
    /// changes no setting.
    pub(crate) fn of(commit: &Commit) -> Self {
        let entry = &commit.entry;
        if entry.seq == Seq::ZERO.next() {
            return Self::Everybody;
        }
        match &entry.body {
            Body::Chat(_) => Self::Everybody,
            Body::Member { changes } | Body::Mls { changes, .. } if !changes.is_empty() => {
                let stays = |change: &MembershipChange| {
                    matches!(change, MembershipChange::Added | MembershipChange::Role)
                };
                let users = changes.iter().filter(|change| stays(&change.change));
                Self::Users(users.map(|change| change.user_id).collect())
            }
            _ => Self::Nobody,
        }
    }

    /// Whether it is news for a user.
    pub(crate) fn concerns(&self, user: UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Users(users) => users.contains(&user),
        }
    }
}

/// The users whom a commit has made members no longer: its entry is the last that they get.
pub(crate) fn gone(commit: &Commit) -> Vec<UserId> {
    match &commit.entry.body {
        Body::Member { changes } | Body::Mls { changes, .. } => changes
            .iter()
            .map(|change| change.user_id)
            .filter(|user| !commit.state.members.contains_key(user))
            .collect(),
        _ => Vec::new(),
    }
}
