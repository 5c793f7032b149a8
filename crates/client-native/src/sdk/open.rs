//! Making a client: logging a device in, or going on where it was.

use std::sync::Arc;

use chinwag_client::Plain;
use chinwag_client::store::{Op, Range};
use chinwag_proto::text::Name;
use chinwag_proto::{Code, DeviceId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::messages::Positions;
use super::shared::Shared;
use super::{Account, COMMANDS_MAX, Client, Inner};
use crate::driver::{Address, Driver, Link, SealMaker, load, restore};
use crate::store::{Memory, Request, Rows, Store, StoreFailed};
use crate::{ClientError, Rest, ServerAddress};

/// The row of the log-in.
const LOG_IN: &str = "p/login";

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server refused the log-in, or cannot be reached.
    #[error(transparent)]
    Server(#[from] ClientError),
    /// The profile has no log-in.
    #[error("nobody is logged in with this profile: log in first")]
    NotLoggedIn,
    /// The profile is another's.
    #[error("this profile is that of {username} at {server}; take another one for another account")]
    Another {
        /// Whose.
        username: String,
        /// Where.
        server: String,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreFailed),
    /// The store's thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Who logs in, and where.
#[derive(Clone)]
pub struct Login {
    /// The server.
    pub server: ServerAddress,
    /// The user's name.
    pub username: String,
    /// The password.
    pub password: String,
    /// What the user calls this installation.
    pub device: Name,
}

/// Where a client keeps what it knows.
pub struct Profile {
    place: Place,
    seal: SealMaker,
}

enum Place {
    Memory,
}

impl Profile {
    /// Keeps nothing: everything is gone with the program, also what waits in the outbox.
    pub fn in_memory() -> Self {
        Self::of(Place::Memory)
    }

    fn of(place: Place) -> Self {
        Self { place, seal: Box::new(|_, _, _| Box::new(Plain)) }
    }

    /// With another seal than [`Plain`].
    #[must_use]
    pub fn sealed_by(mut self, seal: SealMaker) -> Self {
        self.seal = seal;
        self
    }

    fn rows(&self) -> Box<dyn Rows> {
        match self.place {
            Place::Memory => Box::new(Memory::default()),
        }
    }
}

/// A log-in as it is kept; the token never leaves the store but to its server.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogIn {
    account: Account,
    token: String,
    chat_server: String,
}

impl Client {
    /// Logs a device in and begins to connect. A profile that was logged in before stays the same device
    /// and keeps all it holds; its old token dies.
    pub async fn log_in(profile: Profile, login: &Login) -> Result<Self, OpenError> {
        let mut store = Store::start(profile.rows())?;
        let earlier = kept(&mut store).await?;
        let server = login.server.to_string();
        if let Some(LogIn { account, .. }) = &earlier
            && (account.server != server || account.username != login.username)
        {
            let Account { username, server, .. } = account.clone();
            return Err(OpenError::Another { username, server });
        }
        let device = earlier.as_ref().map(|earlier| earlier.account.device_id);
        let fresh = ask_server(login, device).await?;
        if earlier.is_some_and(|earlier| earlier.account.device_id != fresh.account.device_id) {
            // Another device: what the removed one had held and not sent is not this one's.
            keep(&mut store, vec![Op::DeleteRange(Range::prefix(""))]).await?;
        }
        let row = serde_json::to_string(&fresh).map_err(|why| StoreFailed(why.to_string()))?;
        keep(&mut store, vec![Op::Put(LOG_IN.to_owned(), row)]).await?;
        Self::start(store, fresh, profile.seal).await
    }

    /// Goes on with the log-in that the profile holds, and begins to connect. It needs no server: what is
    /// held is there at once.
    pub async fn open(profile: Profile) -> Result<Self, OpenError> {
        let mut store = Store::start(profile.rows())?;
        let log_in = kept(&mut store).await?.ok_or(OpenError::NotLoggedIn)?;
        Self::start(store, log_in, profile.seal).await
    }

    async fn start(mut store: Store, log_in: LogIn, seal: SealMaker) -> Result<Self, OpenError> {
        let LogIn { account, token, chat_server } = log_in;
        let server: ServerAddress = account.server.parse()?;
        let own: ServerAddress = format!("{server}/ws").parse()?;
        let mut urls: Vec<ServerAddress> = chat_server.parse().into_iter().collect();
        if !urls.contains(&own) {
            urls.push(own);
        }
        let seen = Positions::read(load(&mut store, vec![Positions::range()]).await?);
        let engine = restore(&mut store, account.user_id, account.device_id, seal).await?;
        let shared = Arc::new(Shared::new(engine));
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let link = Link::new(Address { urls, token: token.clone() });
        let driver = Driver::new(Arc::clone(&shared), queue, store, link);
        #[expect(
            clippy::disallowed_methods,
            reason = "the one task of a client: it ends when the last handle is dropped"
        )]
        tokio::spawn(driver.run());
        let rest = Rest::new(server).with_token(token);
        Ok(Self { inner: Arc::new(Inner { shared, commands, account, rest, seen }) })
    }
}

async fn ask_server(login: &Login, device: Option<DeviceId>) -> Result<LogIn, ClientError> {
    let rest = Rest::new(login.server.clone());
    let (name, password) = (&login.username, &login.password);
    let done = match rest.login_again(name, password, login.device.clone(), device).await {
        // The device was removed meanwhile.
        Err(ClientError::Refused { code: Code::NotFound, .. }) if device.is_some() => {
            rest.login(name, password, login.device.clone()).await?
        }
        done => done?,
    };
    let account = Account {
        user_id: done.user_id,
        username: login.username.clone(),
        device_id: done.device_id,
        server: login.server.to_string(),
    };
    Ok(LogIn { account, token: done.token, chat_server: done.chat_server.url })
}

async fn kept(store: &mut Store) -> Result<Option<LogIn>, StoreFailed> {
    let rows = load(store, vec![Range::prefix(LOG_IN)]).await?;
    let row = rows.into_iter().find(|(key, _)| key == LOG_IN);
    let parse = |(_, row): (String, String)| serde_json::from_str(&row);
    row.map(parse).transpose().map_err(|why| StoreFailed(format!("its log-in cannot be read: {why}")))
}

/// Writes rows before there is a driver.
async fn keep(store: &mut Store, ops: Vec<Op>) -> Result<(), StoreFailed> {
    let ended = |_| StoreFailed("its thread has ended".to_owned());
    store.requests.send(Request::Keep(ops)).await.map_err(ended)?;
    // A read after it tells whether it went well.
    load(store, vec![Range::prefix(LOG_IN)]).await.map(drop)
}
