//! Log-in: a name and a password become a token of a device, and the address of a chat server.

use std::net::IpAddr;
use std::sync::Arc;

use chinwag_ports::directory::{Credential, LoginName, NewDevice};
use chinwag_ports::{Accounts, Devices, Discovery, Unavailable};
use chinwag_proto::rest::{ChatServer, Login as Body, LoginDevice, LoginDone};
use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::super::auth::Auth;
use super::super::passwords::Verdict;
use super::super::throttle::NameKey;
use super::super::{Failure, Ports};
use super::activity::token_ms;
use super::{Shared, entropy};

const TOKEN_BYTES: usize = 32;

/// Log-in.
pub struct Login {
    shared: Arc<Shared>,
    accounts: Arc<dyn Accounts>,
    devices: Arc<dyn Devices>,
    discovery: Arc<dyn Discovery>,
}

/// What was typed at a log-in.
enum Typed {
    /// A name or address that somebody may have.
    Name(LoginName),
    /// What nobody can have: it has no form of a name.
    Nobodys,
}

impl Login {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let Ports { accounts, devices, discovery, .. } = &shared.services.ports;
        Self {
            shared: Arc::clone(shared),
            accounts: Arc::clone(accounts),
            devices: Arc::clone(devices),
            discovery: Arc::clone(discovery),
        }
    }

    /// Logs in from an address. An unknown user and a wrong password are the same in answer and cost.
    pub async fn log_in(&self, body: Body, from: IpAddr) -> Result<LoginDone, Failure> {
        let typed = typed(body.username, body.email)?;
        let credential = match &typed {
            Typed::Name(name) => self.accounts.credential(name).await?,
            Typed::Nobodys => None,
        };
        let credential = self.prove(&typed, credential, body.password, from).await?;
        if credential.suspended {
            return Err(Failure::Forbidden("this account is suspended; ask the server's administrator"));
        }
        let user = credential.user;
        let url = self.assign().await?;
        let (token, expires_at) = self.new_token()?;
        let device_id = self.give_token(user, body.device, &token, expires_at).await?;
        self.shared.throttle.authenticated(user, from);
        Ok(LoginDone { token, user_id: user, device_id, expires_at, chat_server: ChatServer { url } })
    }

    /// Holds the password against the credential, if there is one, and pays for the guess.
    async fn prove(
        &self,
        typed: &Typed,
        credential: Option<Credential>,
        password: String,
        from: IpAddr,
    ) -> Result<Credential, Failure> {
        let user = credential.as_ref().map(|credential| credential.user);
        let guess = self.shared.throttle.guess(key_of(typed, from), from, user)?;
        let hash = credential.as_ref().map(|credential| credential.password_hash.clone());
        let verdict = match self.shared.passwords.verify(password, hash).await {
            Ok(verdict) => verdict,
            Err(failure) => {
                guess.give_back();
                return Err(failure);
            }
        };
        let (Verdict::Right { rehashed }, Some(credential)) = (verdict, credential) else {
            return Err(Failure::WrongLogin);
        };
        guess.give_back();
        if let Some(hash) = rehashed
            && let Err(why) = self.accounts.set_password(credential.user, &hash).await
        {
            tracing::debug!(reason = %why, "a password was not hashed anew at today's cost");
        }
        Ok(credential)
    }

    /// The chat server that the client is sent to: alive, not draining, least loaded.
    async fn assign(&self) -> Result<String, Failure> {
        let nodes = self.discovery.nodes().await?;
        let node = nodes
            .into_iter()
            .filter(|node| !node.load.draining)
            .min_by_key(|node| (node.load.connections, node.number))
            .ok_or_else(|| Unavailable("no chat server takes connections".to_owned()))?;
        Ok(node.url)
    }

    /// A new device of a user for whom the operator vouches, with its token and when that dies.
    pub(super) async fn vouched(
        &self,
        user: UserId,
        name: Name,
    ) -> Result<(DeviceId, String, Timestamp), Failure> {
        let (token, expires_at) = self.new_token()?;
        let device = self.give_token(user, LoginDevice { name, id: None }, &token, expires_at).await?;
        Ok((device, token, expires_at))
    }

    fn new_token(&self) -> Result<(String, Timestamp), Unavailable> {
        let token = entropy::secret::<TOKEN_BYTES>(&*self.shared.entropy)?;
        let services = &self.shared.services;
        let expires_at = services.ports.clock.now().plus_ms(token_ms(services.limits.token_days));
        Ok((token, expires_at))
    }

    /// Gives the token to a new device, or to the one named; its old token dies with its sockets.
    async fn give_token(
        &self,
        user: UserId,
        device: LoginDevice,
        token: &str,
        expires_at: Timestamp,
    ) -> Result<DeviceId, Failure> {
        let services = &self.shared.services;
        let token = Auth::hash(token);
        if let Some(id) = device.id {
            if !self.devices.renew_token(user, id, token, expires_at).await? {
                return Err(Failure::NotFound("you have no device with this id; log in without `device.id`"));
            }
            self.shared.revocation.announce(user, vec![id]);
            return Ok(id);
        }
        let id = services.ids.device().await?;
        let created_at = services.ports.clock.now();
        let device = NewDevice { id, user, name: device.name, token, expires_at, created_at };
        if !self.devices.add_device(device, services.limits.devices_per_user).await? {
            return Err(Failure::Forbidden(
                "you have as many devices as there may be; remove one, or log in with the `device.id` of one",
            ));
        }
        Ok(id)
    }
}

fn typed(username: Option<String>, email: Option<String>) -> Result<Typed, Failure> {
    match (username, email) {
        (Some(name), None) if name.parse::<Username>().is_ok() => Ok(Typed::Name(LoginName::Username(name))),
        (None, Some(email)) => {
            let email = email.parse::<Email>();
            Ok(email.map_or(Typed::Nobodys, |email| Typed::Name(LoginName::Email(email.folded()))))
        }
        (Some(_), None) => Ok(Typed::Nobodys),
        _ => Err(Failure::Invalid("give either `username` or `email`".to_owned())),
    }
}

/// Under which guesses are counted; what nobody can have is counted by address alone.
fn key_of(typed: &Typed, from: IpAddr) -> NameKey {
    match typed {
        Typed::Name(LoginName::Username(name)) => name.as_str().into(),
        Typed::Name(LoginName::Email(email)) => email.as_str().into(),
        Typed::Nobodys => format!("?{from}").into(),
    }
}
