//! What follows a commit: the membership projection before the acknowledgment, the live bus after it.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_ports::directory::{Membership, MembershipRow};
use chinwag_ports::{Channel, Commit, Commits, Event, LiveBus, Memberships, Unavailable};
use chinwag_proto::{Body, ChatId, MemberChange, MembershipChange, Role, Seq, UserId};

/// Hears of commits and passes them on.
pub struct Fanout {
    memberships: Arc<dyn Memberships>,
    live_bus: Arc<dyn LiveBus>,
}

impl Fanout {
    /// Between a ledger and the two ports that it feeds.
    pub fn new(memberships: Arc<dyn Memberships>, live_bus: Arc<dyn LiveBus>) -> Self {
        Self { memberships, live_bus }
    }
}

#[async_trait]
impl Commits for Fanout {
    async fn project(&self, commits: &[Commit]) -> Result<(), Unavailable> {
        let rows: Vec<_> = commits.iter().flat_map(rows_of).collect();
        if rows.is_empty() { Ok(()) } else { self.memberships.project(&rows).await }
    }

    fn publish(&self, commits: &[Commit]) {
        for commit in commits {
            let event = Arc::new(Event::Commit(commit.clone()));
            match commit.entry.chat_id {
                ChatId::Direct(low, high) => {
                    self.live_bus.publish(Channel::User(low), Arc::clone(&event));
                    if high != low {
                        self.live_bus.publish(Channel::User(high), event);
                    }
                }
                ChatId::Inbox(owner) => self.live_bus.publish(Channel::User(owner), event),
                chat @ ChatId::Group(_) => {
                    self.live_bus.publish(Channel::Group(chat), Arc::clone(&event));
                    for user in affected(&commit.entry.body) {
                        self.live_bus.publish(Channel::User(user), Arc::clone(&event));
                    }
                }
            }
        }
    }
}

/// The users whose membership or role an entry changes, each once.
pub fn affected(body: &Body) -> Vec<UserId> {
    let mut users: Vec<_> = match body {
        Body::Member { changes } | Body::Mls { changes, .. } => {
            changes.iter().map(|change| change.user_id).collect()
        }
        Body::Chat(change) => change.members.iter().flatten().map(|founder| founder.user_id).collect(),
        _ => Vec::new(),
    };
    users.sort_unstable();
    users.dedup();
    users
}

fn rows_of(commit: &Commit) -> Vec<MembershipRow> {
    let (chat, seq) = (commit.entry.chat_id, commit.entry.seq);
    let row = |user, membership| MembershipRow { user, chat, seq, membership };
    let first = seq == Seq::ZERO.next();
    match (chat, &commit.entry.body) {
        (ChatId::Direct(low, high), _) if first => {
            let mut rows = vec![row(low, Membership::Member(Role::Member))];
            if high != low {
                rows.push(row(high, Membership::Member(Role::Member)));
            }
            rows
        }
        (ChatId::Inbox(owner), _) if first => vec![row(owner, Membership::Member(Role::Member))],
        (ChatId::Group(_), Body::Chat(change)) => change
            .members
            .iter()
            .flatten()
            .map(|founder| row(founder.user_id, Membership::Member(founder.role)))
            .collect(),
        (ChatId::Group(_), Body::Member { changes } | Body::Mls { changes, .. }) => {
            changes.iter().map(|change| row(change.user_id, membership_after(change))).collect()
        }
        _ => Vec::new(),
    }
}

fn membership_after(change: &MemberChange) -> Membership {
    match change.change {
        MembershipChange::Removed | MembershipChange::Left => Membership::Former,
        MembershipChange::Added | MembershipChange::Role => {
            Membership::Member(change.role.unwrap_or(Role::Member))
        }
    }
}
