//! Accounts, profiles and invitations.

use async_trait::async_trait;
use chinwag_proto::UserId;

use super::{InviteRow, MemoryDirectory, Tables, UserRow};
use crate::Unavailable;
use crate::directory::{
    Account, Accounts, CreateUser, CreateUserError, Credential, Invite, Invites, LoginName, NewInvite,
    ProfileChange, Profiles, User,
};

/// The most invitations of one answer.
const INVITES_MAX: usize = 1_000;

#[async_trait]
impl Accounts for MemoryDirectory {
    async fn create(&self, user: CreateUser) -> Result<(), CreateUserError> {
        let mut tables = self.write()?;
        let used = match &user.invite {
            None => None,
            Some(hash) => Some(tables.usable_invite(hash, &user).ok_or(CreateUserError::InviteInvalid)?),
        };
        if tables.names.contains(user.username.as_str()) {
            return Err(CreateUserError::UsernameTaken);
        }
        if let Some(email) = &user.email
            && tables.by_email(&email.folded()).is_some()
        {
            return Err(CreateUserError::EmailTaken);
        }
        if tables.users.contains_key(&user.id) {
            return Err(Unavailable("a user id was given twice".to_owned()).into());
        }
        if let Some(id) = used {
            tables.use_up(id);
        }
        tables.names.insert(user.username.as_str().to_owned());
        tables.users.insert(user.id, UserRow::new(user));
        Ok(())
    }

    async fn credential(&self, name: &LoginName) -> Result<Option<Credential>, Unavailable> {
        let tables = self.read()?;
        let row = match name {
            LoginName::Username(name) => tables.by_name(name),
            LoginName::Email(folded) => tables.by_email(folded),
        };
        Ok(row.and_then(UserRow::credential))
    }

    async fn credential_of(&self, user: UserId) -> Result<Option<Credential>, Unavailable> {
        Ok(self.read()?.users.get(&user).and_then(UserRow::credential))
    }

    async fn set_password(&self, user: UserId, password_hash: &str) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        let row = tables.user(user);
        Ok(row.map(|row| row.password_hash = Some(password_hash.to_owned())).is_some())
    }

    async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        Ok(tables.user(user).map(|row| row.account.suspended = suspended).is_some())
    }

    async fn erase(&self, user: UserId) -> Result<(), Unavailable> {
        let mut tables = self.write()?;
        if let Some(row) = tables.users.get_mut(&user) {
            row.erase();
        }
        tables.devices.retain(|_, row| row.device.user != user);
        tables.contacts.retain(|&(whose, whom), _| whose != user && whom != user);
        tables.blocks.retain(|&(whose, whom), _| whose != user && whom != user);
        Ok(())
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, Unavailable> {
        Ok(self.read()?.users.get(&user).map(|row| row.account.clone()))
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Account>, Unavailable> {
        let tables = self.read()?;
        let rows = tables.users.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        Ok(rows.take(limit).map(|(_, row)| row.account.clone()).collect())
    }
}

#[async_trait]
impl Profiles for MemoryDirectory {
    async fn users(&self, users: &[UserId]) -> Result<Vec<Option<User>>, Unavailable> {
        let tables = self.read()?;
        Ok(users.iter().map(|user| tables.users.get(user).map(|row| row.account.user.clone())).collect())
    }

    async fn by_username(&self, username: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.read()?.by_name(username).map(|row| row.account.user.clone()))
    }

    async fn update(&self, user: UserId, change: &ProfileChange) -> Result<Option<User>, Unavailable> {
        let mut tables = self.write()?;
        let Some(row) = tables.user(user) else {
            return Ok(None);
        };
        let user = &mut row.account.user;
        if let Some(name) = &change.display_name {
            user.display_name = Some(name.clone());
        }
        user.shows_presence = change.shows_presence.unwrap_or(user.shows_presence);
        user.shows_receipts = change.shows_receipts.unwrap_or(user.shows_receipts);
        user.shows_typing = change.shows_typing.unwrap_or(user.shows_typing);
        Ok(Some(user.clone()))
    }
}

#[async_trait]
impl Invites for MemoryDirectory {
    async fn create_invite(&self, invite: NewInvite) -> Result<u64, Unavailable> {
        let mut tables = self.write()?;
        tables.last_invite += 1;
        let id = tables.last_invite;
        let NewInvite { hash, note, uses, expires_at, created_at } = invite;
        if uses > 0 {
            let invite = Invite { id, note, uses_left: uses, expires_at, created_at };
            tables.invites.insert(id, InviteRow { hash, invite });
        }
        Ok(id)
    }

    async fn invites(&self) -> Result<Vec<Invite>, Unavailable> {
        let tables = self.read()?;
        Ok(tables.invites.values().rev().take(INVITES_MAX).map(|row| row.invite.clone()).collect())
    }

    async fn revoke_invite(&self, id: u64) -> Result<bool, Unavailable> {
        Ok(self.write()?.invites.remove(&id).is_some())
    }
}

impl Tables {
    fn by_name(&self, name: &str) -> Option<&UserRow> {
        let named =
            |row: &&UserRow| row.account.user.username.as_ref().is_some_and(|own| own.as_str() == name);
        self.users.values().find(named)
    }

    fn by_email(&self, folded: &str) -> Option<&UserRow> {
        let addressed = |row: &&UserRow| row.account.email.as_ref().is_some_and(|own| own.folded() == folded);
        self.users.values().find(addressed)
    }

    /// An invitation is good until, not at, its end.
    fn usable_invite(&self, hash: &[u8; 32], user: &CreateUser) -> Option<u64> {
        let row = self.invites.values().find(|row| row.hash == *hash)?;
        (user.created_at < row.invite.expires_at).then_some(row.invite.id)
    }

    /// One that is used up is gone.
    fn use_up(&mut self, id: u64) {
        if let Some(row) = self.invites.get_mut(&id) {
            row.invite.uses_left -= 1;
            if row.invite.uses_left == 0 {
                self.invites.remove(&id);
            }
        }
    }
}

impl UserRow {
    fn new(user: CreateUser) -> Self {
        let account = Account {
            user: User {
                id: user.id,
                username: Some(user.username),
                display_name: Some(user.display_name),
                shows_presence: true,
                shows_receipts: true,
                shows_typing: true,
            },
            email: user.email,
            created_at: user.created_at,
            suspended: false,
        };
        Self { account, password_hash: Some(user.password_hash) }
    }

    fn credential(&self) -> Option<Credential> {
        let Account { user, suspended, .. } = &self.account;
        let password_hash = self.password_hash.clone()?;
        Some(Credential { user: user.id, password_hash, suspended: *suspended })
    }

    fn erase(&mut self) {
        self.password_hash = None;
        self.account.email = None;
        self.account.suspended = false;
        self.account.user = User {
            id: self.account.user.id,
            username: None,
            display_name: None,
            shows_presence: false,
            shows_receipts: false,
            shows_typing: false,
        };
    }
}
