//! Profiles: the public one of anybody, the caller's own with its switches.

use std::sync::Arc;

use chinwag_ports::directory::{Account, ProfileChange, User};
use chinwag_ports::{Accounts, Channel, Event, LiveBus, Profiles};
use chinwag_proto::UserId;
use chinwag_proto::rest::{Me, Profile as Public, Switch, UpdateMe};

use super::super::Failure;
use super::Shared;

const NO_USER: Failure = Failure::NotFound("there is no such user");

/// Profiles.
pub struct Profile {
    shared: Arc<Shared>,
    accounts: Arc<dyn Accounts>,
    profiles: Arc<dyn Profiles>,
    live_bus: Arc<dyn LiveBus>,
}

impl Profile {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let ports = &shared.services.ports;
        Self {
            shared: Arc::clone(shared),
            accounts: Arc::clone(&ports.accounts),
            profiles: Arc::clone(&ports.profiles),
            live_bus: Arc::clone(&ports.live_bus),
        }
    }

    /// Anybody's public profile; that of an erased user says that he is.
    pub async fn of(&self, user: UserId) -> Result<Public, Failure> {
        self.shared.services.visibility.user(user).await?.map(public).ok_or(NO_USER)
    }

    /// The public profile of the user with exactly this name; so many look-ups a minute.
    pub async fn find(&self, asks: UserId, username: &str) -> Result<Public, Failure> {
        self.shared.throttle.look_up(asks)?;
        self.profiles.by_username(username).await?.map(public).ok_or(NO_USER)
    }

    /// The caller's own.
    pub async fn me(&self, user: UserId) -> Result<Me, Failure> {
        me(self.accounts.account(user).await?.ok_or(Failure::Unauthenticated)?)
    }

    /// Changes the caller's own and answers it.
    pub async fn update(&self, user: UserId, body: UpdateMe) -> Result<Me, Failure> {
        let change = ProfileChange {
            display_name: body.display_name,
            shows_presence: body.presence.map(Switch::is_on),
            shows_receipts: body.receipts.map(Switch::is_on),
            shows_typing: body.typing.map(Switch::is_on),
        };
        if change != ProfileChange::default() {
            self.profiles.update(user, &change).await?.ok_or(Failure::Unauthenticated)?;
            self.shared.services.visibility.forget(user);
            announce(&*self.live_bus, user);
        }
        self.me(user).await
    }
}

/// Tells the nodes where the user is connected, and those where he is watched, that what they remember
/// of him is stale.
pub(super) fn announce(live_bus: &dyn LiveBus, user: UserId) {
    let event = Arc::new(Event::Changed { user });
    live_bus.publish(Channel::User(user), Arc::clone(&event));
    live_bus.publish(Channel::Presence(user), event);
}

fn public(user: User) -> Public {
    let deleted = user.username.is_none();
    Public { user_id: user.id, username: user.username, display_name: user.display_name, deleted }
}

fn me(account: Account) -> Result<Me, Failure> {
    let Account { user, email, created_at, .. } = account;
    let (Some(username), Some(display_name)) = (user.username, user.display_name) else {
        return Err(Failure::Unauthenticated);
    };
    Ok(Me {
        user_id: user.id,
        username,
        display_name,
        email,
        created_at,
        presence: Switch::from_bool(user.shows_presence),
        receipts: Switch::from_bool(user.shows_receipts),
        typing: Switch::from_bool(user.shows_typing),
    })
}
