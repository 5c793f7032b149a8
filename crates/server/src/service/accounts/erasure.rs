//! The end of an account: the log-in dies, the groups are left, what was kept for the user goes, the messages
//! stay as from a deleted user, and so does the device chain.

use std::net::IpAddr;
use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_ports::{Accounts, Devices, LiveBus, Memberships};
use chinwag_proto::{ChatId, DeviceId, UserId};

use super::super::sending::Request;
use super::super::{Caller, Failure};
use super::{Shared, own_password, profile};

/// Chats of one look at the directory.
const PAGE: usize = 100;

/// The end of an account.
pub struct Erasure {
    shared: Arc<Shared>,
    accounts: Arc<dyn Accounts>,
    devices: Arc<dyn Devices>,
    memberships: Arc<dyn Memberships>,
    live_bus: Arc<dyn LiveBus>,
}

impl Erasure {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let ports = &shared.services.ports;
        Self {
            shared: Arc::clone(shared),
            accounts: Arc::clone(&ports.accounts),
            devices: Arc::clone(&ports.devices),
            memberships: Arc::clone(&ports.memberships),
            live_bus: Arc::clone(&ports.live_bus),
        }
    }

    /// Erases the caller's own account, after his password.
    pub async fn erase_own(&self, caller: Caller, password: String, from: IpAddr) -> Result<(), Failure> {
        own_password::prove(&self.shared, caller.user, password, from).await?;
        self.erase(caller).await
    }

    /// Erases a user: leaves his groups, ends the account, tells the nodes. What a crash interrupts is
    /// repeated by asking again.
    pub async fn erase(&self, caller: Caller) -> Result<(), Failure> {
        let user = caller.user;
        self.leave_groups(caller).await?;
        let services = &self.shared.services;
        // Before the account: whoever is told that it failed can still ask again.
        services.chains.erase(user).await?;
        services.blobs.erase(user).await?;
        let devices: Vec<DeviceId> =
            self.devices.devices(user).await?.into_iter().map(|device| device.id).collect();
        self.accounts.erase(user).await?;
        services.visibility.forget(user);
        self.shared.revocation.announce(user, devices);
        profile::announce(&*self.live_bus, user);
        // What he put, and whoever added him to a group, between the first look and the end.
        services.blobs.erase(user).await?;
        self.leave_groups(caller).await
    }

    async fn leave_groups(&self, caller: Caller) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let chats = self.memberships.chats_of(caller.user, after, PAGE).await?;
            for &chat in &chats {
                self.leave(caller, chat).await?;
            }
            match chats.last() {
                Some(&last) if chats.len() == PAGE => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    async fn leave(&self, caller: Caller, chat: ChatId) -> Result<(), Failure> {
        if !matches!(chat, ChatId::Group(_)) {
            return Ok(());
        }
        let ask = Ask::Remove { user: caller.user };
        let request = Request { chat, id: None, resend: false, after: None, ask };
        match self.shared.services.sending.send(caller, request).await {
            Err(Failure::Unavailable(why)) => Err(why.into()),
            // He is a member no longer, or the group's own rules keep the entry: the account ends all the same.
            Err(refused) => {
                tracing::debug!(code = refused.code().as_str(), "a group was not left by an erased user");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// As whom records are made for a user who is not himself there.
    pub(super) async fn on_behalf_of(&self, user: UserId) -> Result<Caller, Failure> {
        Ok(Caller { user, device: self.shared.services.ids.device().await? })
    }
}
