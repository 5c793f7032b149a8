//! What an operator does: accounts made, listed, suspended, erased; passwords, devices, invitations.
//! No rights are looked at here: whoever calls is the operator.

use std::sync::Arc;

use chinwag_ports::directory::{Account, Device, Invite, LoginName, NewInvite};
use chinwag_ports::{Accounts, Devices, Invites};
use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::super::Failure;
use super::erasure::Erasure;
use super::login::Login;
use super::own_devices::NO_DEVICE;
use super::registration::{create, hash_invite};
use super::{Shared, entropy};

const NO_USER: Failure = Failure::NotFound("there is no such user");
const INVITE_BYTES: usize = 16;
/// Of a password that the server makes: 144 bits, 24 characters.
const PASSWORD_BYTES: usize = 18;
/// Most uses of one invitation.
const INVITE_USES_MAX: u32 = 10_000;
/// Most characters of an invitation's note.
const NOTE_CHARS_MAX: usize = 200;

/// An account to be made by an operator.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The user name.
    pub username: Username,
    /// The name shown; the user name where absent.
    pub display_name: Option<Name>,
    /// The address.
    pub email: Option<Email>,
    /// 8–1024 bytes.
    pub password: String,
}

/// An invitation that was made. Its secret is shown once and not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteMade {
    /// Its number.
    pub id: u64,
    /// What a newcomer gives as `invite`.
    pub secret: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What an operator does.
pub struct Administration {
    shared: Arc<Shared>,
    accounts: Arc<dyn Accounts>,
    devices: Arc<dyn Devices>,
    invites: Arc<dyn Invites>,
    erasure: Erasure,
    login: Login,
}

impl Administration {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let ports = &shared.services.ports;
        Self {
            shared: Arc::clone(shared),
            accounts: Arc::clone(&ports.accounts),
            devices: Arc::clone(&ports.devices),
            invites: Arc::clone(&ports.invites),
            erasure: Erasure::new(shared),
            login: Login::new(shared),
        }
    }

    /// Makes an account, whoever may register.
    pub async fn create_user(&self, account: NewAccount) -> Result<UserId, Failure> {
        let NewAccount { username, display_name, email, password } = account;
        create(&self.shared, username, display_name, email, password, None).await
    }

    /// A password that nobody can guess.
    pub fn new_password(&self) -> Result<String, Failure> {
        Ok(entropy::secret::<PASSWORD_BYTES>(&*self.shared.entropy)?)
    }

    /// A new device of a user, logged in without his password (for bots): its token and when that dies.
    pub async fn log_in(&self, user: UserId, device: Name) -> Result<(DeviceId, String, Timestamp), Failure> {
        self.user(user).await?;
        self.login.vouched(user, device).await
    }

    /// Accounts in the order of their ids, after one; erased ones included.
    pub async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Account>, Failure> {
        Ok(self.accounts.list(after, limit).await?)
    }

    /// One account by its id.
    pub async fn user(&self, user: UserId) -> Result<Account, Failure> {
        self.accounts.account(user).await?.ok_or(NO_USER)
    }

    /// The id of the user with exactly this name.
    pub async fn find_user(&self, username: &str) -> Result<UserId, Failure> {
        let name = LoginName::Username(username.to_owned());
        Ok(self.accounts.credential(&name).await?.ok_or(NO_USER)?.user)
    }

    /// Suspends a user: his tokens die, his sockets close, he cannot log in. Or restores him.
    pub async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<(), Failure> {
        let devices = self.device_ids(user).await?;
        if !self.accounts.set_suspended(user, suspended).await? {
            return Err(NO_USER);
        }
        if suspended {
            self.shared.revocation.announce(user, devices);
        }
        Ok(())
    }

    /// Sets another password; all tokens of the user die.
    pub async fn reset_password(&self, user: UserId, password: String) -> Result<(), Failure> {
        let hash = self.shared.passwords.hash(password).await?;
        if !self.accounts.set_password(user, &hash).await? {
            return Err(NO_USER);
        }
        self.log_out(user).await
    }

    /// Ends all tokens of a user.
    pub async fn log_out(&self, user: UserId) -> Result<(), Failure> {
        let ended = self.devices.end_other_tokens(user, None).await?;
        self.shared.revocation.announce(user, ended);
        Ok(())
    }

    /// Erases a user as he could himself.
    pub async fn erase(&self, user: UserId) -> Result<(), Failure> {
        self.user(user).await?;
        self.erasure.erase(self.erasure.on_behalf_of(user).await?).await
    }

    /// A user's devices, the oldest first.
    pub async fn devices(&self, user: UserId) -> Result<Vec<Device>, Failure> {
        self.user(user).await?;
        Ok(self.devices.devices(user).await?)
    }

    /// Removes a device of a user and its token.
    pub async fn revoke_device(&self, user: UserId, device: DeviceId) -> Result<(), Failure> {
        if !self.devices.remove_device(user, device).await? {
            return Err(NO_DEVICE);
        }
        self.shared.revocation.announce(user, vec![device]);
        Ok(())
    }

    /// Makes an invitation that so many may use within so many hours.
    pub async fn create_invite(&self, note: &str, uses: u32, hours: u32) -> Result<InviteMade, Failure> {
        if uses == 0 || uses > INVITE_USES_MAX || hours == 0 || note.chars().count() > NOTE_CHARS_MAX {
            return Err(Failure::Invalid(format!(
                "an invitation has 1 to {INVITE_USES_MAX} uses, at least an hour, and a note of up to {NOTE_CHARS_MAX} characters"
            )));
        }
        let secret = entropy::secret::<INVITE_BYTES>(&*self.shared.entropy)?;
        let created_at = self.shared.services.ports.clock.now();
        let expires_at = created_at.plus_ms(i64::from(hours) * 3_600_000);
        let invite =
            NewInvite { hash: hash_invite(&secret), note: note.to_owned(), uses, expires_at, created_at };
        let id = self.invites.create_invite(invite).await?;
        Ok(InviteMade { id, secret, expires_at })
    }

    /// All invitations that are not used up, the newest first, at most 1,000.
    pub async fn invites(&self) -> Result<Vec<Invite>, Failure> {
        Ok(self.invites.invites().await?)
    }

    /// Takes an invitation back.
    pub async fn revoke_invite(&self, id: u64) -> Result<(), Failure> {
        if self.invites.revoke_invite(id).await? {
            Ok(())
        } else {
            Err(Failure::NotFound("there is no such invitation"))
        }
    }

    async fn device_ids(&self, user: UserId) -> Result<Vec<DeviceId>, Failure> {
        Ok(self.devices.devices(user).await?.into_iter().map(|device| device.id).collect())
    }
}
