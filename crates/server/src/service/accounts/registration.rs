//! Registration: who may make an account, and how one comes to be.

use std::net::IpAddr;
use std::sync::Arc;

use chinwag_ports::Profiles;
use chinwag_ports::directory::{CreateUser, CreateUserError};
use chinwag_proto::UserId;
use chinwag_proto::rest::{Register, Registered};
use chinwag_proto::text::{Email, Name, Username};
use sha2::{Digest, Sha256};

use super::super::Failure;
use super::super::passwords::check_new;
use super::Shared;

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhoMayRegister {
    /// Anybody.
    #[default]
    Anybody,
    /// Whoever has an invitation.
    Invited,
    /// Nobody; an administrator makes the accounts.
    Nobody,
}

/// Makes accounts for those who may have one.
pub struct Registration {
    shared: Arc<Shared>,
    profiles: Arc<dyn Profiles>,
    who: WhoMayRegister,
}

impl Registration {
    pub(super) fn new(shared: &Arc<Shared>, who: WhoMayRegister) -> Self {
        Self { shared: Arc::clone(shared), profiles: Arc::clone(&shared.services.ports.profiles), who }
    }

    /// Registers somebody from an address. An invitation is used up in the same step as the account is
    /// made, and not looked at where none is asked for.
    pub async fn register(&self, body: Register, from: IpAddr) -> Result<Registered, Failure> {
        let invite = match (self.who, body.invite) {
            (WhoMayRegister::Anybody, _) => None,
            (WhoMayRegister::Invited, Some(invite)) => Some(hash_invite(&invite)),
            (WhoMayRegister::Invited, None) => {
                return Err(Failure::Forbidden(
                    "this server takes registrations with an invitation only; give `invite`",
                ));
            }
            (WhoMayRegister::Nobody, _) => {
                return Err(Failure::Forbidden(
                    "this server takes no registrations; ask its administrator for an account",
                ));
            }
        };
        check_new(&body.password)?;
        self.shared.throttle.register(from)?;
        // A taken name is told before the password is computed; the directory decides in the end.
        if self.profiles.by_username(body.username.as_str()).await?.is_some() {
            return Err(Failure::UsernameTaken);
        }
        let username = body.username.clone();
        let user =
            create(&self.shared, body.username, body.display_name, body.email, body.password, invite).await?;
        Ok(Registered { user_id: Some(user), username })
    }
}

/// Hashes the password and makes the account.
pub(super) async fn create(
    shared: &Shared,
    username: Username,
    display_name: Option<Name>,
    email: Option<Email>,
    password: String,
    invite: Option<[u8; 32]>,
) -> Result<UserId, Failure> {
    let services = &shared.services;
    let display_name = match display_name {
        Some(name) => name,
        None => username.as_str().parse().map_err(|_| Failure::Invalid("give a `displayName`".to_owned()))?,
    };
    let password_hash = shared.passwords.hash(password).await?;
    let id = services.ids.user().await?;
    let created_at = services.ports.clock.now();
    let user = CreateUser { id, username, display_name, email, password_hash, created_at, invite };
    match services.ports.accounts.create(user).await {
        Ok(()) => Ok(id),
        Err(CreateUserError::UsernameTaken) => Err(Failure::UsernameTaken),
        Err(CreateUserError::EmailTaken) => Err(Failure::EmailTaken),
        Err(CreateUserError::InviteInvalid) => {
            Err(Failure::Forbidden("this invitation is unknown, used up or expired; ask for another"))
        }
        Err(CreateUserError::Unavailable(why)) => Err(why.into()),
    }
}

/// The hash under which an invitation is stored; its 128 random bits cannot be guessed backwards.
pub(super) fn hash_invite(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
