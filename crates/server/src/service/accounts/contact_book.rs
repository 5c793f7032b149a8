//! Contacts and blocks: the caller's own, all writes idempotent.

use std::collections::HashMap;
use std::sync::Arc;

use chinwag_ports::directory::User;
use chinwag_ports::{Clock, Contacts, LiveBus, Profiles};
use chinwag_proto::UserId;
use chinwag_proto::frame::Status;
use chinwag_proto::rest::{BlockInfo, Blocks, Contact, Contacts as List};

use super::super::Failure;
use super::{Shared, profile};

/// Contacts and blocks.
pub struct ContactBook {
    shared: Arc<Shared>,
    contacts: Arc<dyn Contacts>,
    profiles: Arc<dyn Profiles>,
    live_bus: Arc<dyn LiveBus>,
    clock: Arc<dyn Clock>,
    max: usize,
}

impl ContactBook {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let services = &shared.services;
        Self {
            shared: Arc::clone(shared),
            contacts: Arc::clone(&services.ports.contacts),
            profiles: Arc::clone(&services.ports.profiles),
            live_bus: Arc::clone(&services.ports.live_bus),
            clock: Arc::clone(&services.ports.clock),
            max: services.limits.contacts_per_user,
        }
    }

    /// The user's contacts in the order of their names, with the presence of those who show it.
    pub async fn contacts(&self, user: UserId) -> Result<List, Failure> {
        let since = self.contacts.contacts(user).await?;
        let ids: Vec<_> = since.iter().map(|contact| contact.user).collect();
        let users = self.profiles.users(&ids).await?;
        let presence = self.presence_of(user, &ids).await?;
        let mut contacts: Vec<_> = since
            .into_iter()
            .zip(users)
            .map(|(contact, user)| {
                let (username, display_name) = match user {
                    Some(User { username, display_name, .. }) => (username, display_name),
                    None => (None, None),
                };
                let presence = presence.get(&contact.user).copied();
                Contact { user_id: contact.user, username, display_name, since: contact.since, presence }
            })
            .collect();
        contacts.sort_by(|one, other| (&one.username, one.user_id).cmp(&(&other.username, other.user_id)));
        Ok(List { contacts })
    }

    async fn presence_of(
        &self,
        viewer: UserId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Status>, Failure> {
        let statuses = self.shared.services.presences.status(viewer, users).await?;
        Ok(statuses.into_iter().map(|status| (status.user_id, status.status)).collect())
    }

    /// Adds a contact; he sees the user's presence from now on.
    pub async fn add(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        self.check_other(user, other).await?;
        if !self.contacts.add_contact(user, other, self.clock.now(), self.max).await? {
            return Err(Failure::Forbidden("you have as many contacts as there may be; remove one first"));
        }
        profile::announce(&*self.live_bus, user);
        Ok(())
    }

    /// Removes a contact, if he is one.
    pub async fn remove(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        self.contacts.remove_contact(user, other).await?;
        profile::announce(&*self.live_bus, user);
        Ok(())
    }

    /// Whom the user blocks, the newest first.
    pub async fn blocks(&self, user: UserId) -> Result<Blocks, Failure> {
        let blocks = self.contacts.blocks(user).await?;
        let info =
            |since: chinwag_ports::directory::Since| BlockInfo { user_id: since.user, since: since.since };
        Ok(Blocks { blocks: blocks.into_iter().map(info).collect() })
    }

    /// Blocks a user; it holds here at once, on other nodes within a second.
    pub async fn block(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        self.check_other(user, other).await?;
        if !self.contacts.add_block(user, other, self.clock.now(), self.max).await? {
            return Err(Failure::Forbidden("you have as many blocks as there may be; end one first"));
        }
        self.block_changed(user, other);
        Ok(())
    }

    /// Ends a block, if there is one.
    pub async fn unblock(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        self.contacts.remove_block(user, other).await?;
        self.block_changed(user, other);
        Ok(())
    }

    fn block_changed(&self, user: UserId, other: UserId) {
        self.shared.services.visibility.forget_block(user, other);
        profile::announce(&*self.live_bus, user);
    }

    async fn check_other(&self, user: UserId, other: UserId) -> Result<(), Failure> {
        if user == other {
            return Err(Failure::Invalid("this user is you; name another".to_owned()));
        }
        if !self.shared.services.visibility.exists(other).await? {
            return Err(Failure::NotFound("there is no such user"));
        }
        Ok(())
    }
}
