//! Accounts: who there is, and how he proves it.

use async_trait::async_trait;
use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{Timestamp, UserId};

use crate::Unavailable;

/// The public side of a user, and his switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// His id; never used again.
    pub id: UserId,
    /// His name; `None` once erased.
    pub username: Option<Username>,
    /// The name shown; `None` once erased.
    pub display_name: Option<Name>,
    /// Whether others see his presence.
    pub shows_presence: bool,
    /// Whether others see his marks.
    pub shows_receipts: bool,
    /// Whether others see him type.
    pub shows_typing: bool,
}

/// The private side of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The public side.
    pub user: User,
    /// His address.
    pub email: Option<Email>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether an administrator has suspended it.
    pub suspended: bool,
}

/// What a password is held against.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub user: UserId,
    /// The hash in PHC form.
    pub password_hash: String,
    /// Whether the account is suspended.
    pub suspended: bool,
}

/// Never prints the hash.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("user", &self.user)
            .field("suspended", &self.suspended)
            .finish_non_exhaustive()
    }
}

/// A user to be made.
#[derive(Clone)]
pub struct CreateUser {
    /// From the id generator.
    pub id: UserId,
    /// The name.
    pub username: Username,
    /// The name shown.
    pub display_name: Name,
    /// The address; unique in its folded form.
    pub email: Option<Email>,
    /// The hash in PHC form.
    pub password_hash: String,
    /// Now.
    pub created_at: Timestamp,
    /// The invitation that is used up, where one is asked for: SHA-256 of its secret.
    pub invite: Option<[u8; 32]>,
}

/// Why a user was not made. Nothing was changed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CreateUserError {
    /// Somebody has the name, or had it: names are never given twice.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Somebody has the address.
    #[error("the email address is taken")]
    EmailTaken,
    /// The invitation is unknown, used up or expired.
    #[error("the invitation is not valid")]
    InviteInvalid,
    /// The engine failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// By what a user is looked up at log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// The user name.
    Username(String),
    /// The address, in its folded form.
    Email(String),
}

/// Accounts. Each call is atomic.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Makes a user, and uses up the invitation in the same step. An invitation is good until, not at, its
    /// end.
    async fn create(&self, user: CreateUser) -> Result<(), CreateUserError>;

    /// What the password of a log-in name is held against.
    async fn credential(&self, name: &LoginName) -> Result<Option<Credential>, Unavailable>;

    /// The same by user.
    async fn credential_of(&self, user: UserId) -> Result<Option<Credential>, Unavailable>;

    /// Sets the password. `false`: no such user.
    async fn set_password(&self, user: UserId, password_hash: &str) -> Result<bool, Unavailable>;

    /// Suspends or restores. His tokens are dead while it lasts, and live again unless they were ended
    /// meanwhile. `false`: no such user.
    async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<bool, Unavailable>;

    /// Erases: name, address, password, switches, devices and their key packages, contacts and blocks (his and
    /// those of him) go; the id stays as that of an erased user who shows nothing, the name stays taken, and
    /// so does his device chain. Idempotent.
    async fn erase(&self, user: UserId) -> Result<(), Unavailable>;

    /// One account.
    async fn account(&self, user: UserId) -> Result<Option<Account>, Unavailable>;

    /// Accounts in the order of their ids, after one.
    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Account>, Unavailable>;
}

/// Changes of a profile; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// The name shown.
    pub display_name: Option<Name>,
    /// Whether others see his presence.
    pub shows_presence: Option<bool>,
    /// Whether others see his marks.
    pub shows_receipts: Option<bool>,
    /// Whether others see him type.
    pub shows_typing: Option<bool>,
}

/// Public profiles.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// Many users, in the order asked; `None` for one who never was. Erased users are found.
    async fn users(&self, users: &[UserId]) -> Result<Vec<Option<User>>, Unavailable>;

    /// The user with exactly this name; erased users are not found.
    async fn by_username(&self, username: &str) -> Result<Option<User>, Unavailable>;

    /// Changes a profile and answers it. `None`: no such user, or erased.
    async fn update(&self, user: UserId, change: &ProfileChange) -> Result<Option<User>, Unavailable>;
}

/// An invitation to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its number, for people.
    pub id: u64,
    /// What it is for.
    pub note: String,
    /// How many may still use it.
    pub uses_left: u32,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// What it is for.
    pub note: String,
    /// How many may use it.
    pub uses: u32,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Invitations to register.
#[async_trait]
pub trait Invites: Send + Sync {
    /// Makes one; answers its number.
    async fn create_invite(&self, invite: NewInvite) -> Result<u64, Unavailable>;

    /// All that are not used up, the newest first, at most 1,000.
    async fn invites(&self) -> Result<Vec<Invite>, Unavailable>;

    /// Takes one back. `false`: no such invitation.
    async fn revoke_invite(&self, id: u64) -> Result<bool, Unavailable>;
}
