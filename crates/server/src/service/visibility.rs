//! Who may see whose presence, marks and typing, and who may write to whom. Answers about users are
//! directory state and at most a second old.

use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::directory::User;
use chinwag_ports::{Contacts, Memberships, Profiles, Unavailable};
use chinwag_proto::{Limits, UserId};
use tokio::time::Instant;

use super::Ports;
use super::recall::Recall;

/// Users and pairs of users remembered at once: 50,000 of about 200 bytes.
const REMEMBERED: usize = 50_000;
const AGE_MAX: Duration = Duration::from_secs(1);

/// Who may see and reach whom.
pub struct Visibility {
    profiles: Arc<dyn Profiles>,
    contacts: Arc<dyn Contacts>,
    memberships: Arc<dyn Memberships>,
    group_max: usize,
    users: Recall<UserId, Option<User>>,
    blocks: Recall<(UserId, UserId), bool>,
}

impl Visibility {
    pub(super) fn new(ports: &Ports, limits: &Limits) -> Self {
        Self {
            profiles: Arc::clone(&ports.profiles),
            contacts: Arc::clone(&ports.contacts),
            memberships: Arc::clone(&ports.memberships),
            group_max: limits.intimate_group_members,
            users: Recall::new(REMEMBERED, AGE_MAX),
            blocks: Recall::new(REMEMBERED, AGE_MAX),
        }
    }

    /// A user, erased or not; at most a second old.
    pub async fn user(&self, user: UserId) -> Result<Option<User>, Unavailable> {
        if let Some(found) = self.users.get(&user) {
            return Ok(found);
        }
        let asked = Instant::now();
        let found = self.profiles.users(&[user]).await?.into_iter().next().flatten();
        self.users.put(user, asked, found.clone());
        Ok(found)
    }

    /// Whether there is such a user, not erased.
    pub async fn exists(&self, user: UserId) -> Result<bool, Unavailable> {
        Ok(self.user(user).await?.is_some_and(|user| user.username.is_some()))
    }

    /// Whether `blocker` blocks `user`; at most a second old.
    pub async fn blocks(&self, blocker: UserId, user: UserId) -> Result<bool, Unavailable> {
        if blocker == user {
            return Ok(false);
        }
        if let Some(blocks) = self.blocks.get(&(blocker, user)) {
            return Ok(blocks);
        }
        let asked = Instant::now();
        let blocks = !self.contacts.blocked_by(user, &[blocker]).await?.is_empty();
        self.blocks.put((blocker, user), asked, blocks);
        Ok(blocks)
    }

    /// Which of `others` show their presence to `viewer`: those who have not switched it off, whom he
    /// does not block, and who have a direct chat or a common small group with him, or have him among
    /// their contacts. Oneself is always among them.
    pub async fn presence_shown(
        &self,
        viewer: UserId,
        others: &[UserId],
    ) -> Result<Vec<UserId>, Unavailable> {
        let acquainted = self.memberships.acquainted(viewer, others, self.group_max).await?;
        let contact_of = self.contacts.contact_of(viewer, others).await?;
        let mut shown = Vec::with_capacity(others.len());
        for &other in others {
            let near = other == viewer || acquainted.contains(&other) || contact_of.contains(&other);
            let visible = near
                && (other == viewer
                    || self
                        .user(other)
                        .await?
                        .is_some_and(|user| user.shows_presence && user.username.is_some())
                        && !self.blocks(viewer, other).await?);
            if visible && !shown.contains(&other) {
                shown.push(other);
            }
        }
        Ok(shown)
    }

    /// Forgets what is remembered of a user, after he changed it here.
    pub fn forget(&self, user: UserId) {
        self.users.forget(&user);
    }

    /// Forgets what is remembered of a block, after it changed here.
    pub fn forget_block(&self, blocker: UserId, user: UserId) {
        self.blocks.forget(&(blocker, user));
    }
}
