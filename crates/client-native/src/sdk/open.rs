//! Making a client: logging a device in, or going on where it was.

use std::path::PathBuf;
use std::sync::Arc;

use chinwag_client::store::{Op, Range};
use chinwag_client::{Engine, Plain};
use chinwag_proto::text::Name;
use chinwag_proto::{Code, DeviceId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::messages::Positions;
use super::shared::Shared;
use super::{Account, COMMANDS_MAX, Client, Inner};
use crate::driver::{Address, Calls, Driver, Link, SealMaker, load, restore};
use crate::store::{self, Memory, ProfileError, Request, Rows, Store, StoreFailed, Unlock};
use crate::{ClientError, Rest, ServerAddress};

/// The row of the log-in.
const LOG_IN: &str = "l";

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
    /// The profile cannot be opened.
    #[error(transparent)]
    Profile(#[from] ProfileError),
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

impl Login {
    /// From the environment, as the program's own commands have it: `CHINWAG_SERVER` (without it
    /// `http://127.0.0.1:8080`), `CHINWAG_USER`, `CHINWAG_PASSWORD`, `CHINWAG_DEVICE` (without it `bot`).
    ///
    /// # Errors
    /// The name and what is wrong with it; the password is not repeated.
    pub fn from_env() -> Result<Self, EnvError> {
        let given = |name: &'static str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let needed =
            |name: &'static str| given(name).ok_or(EnvError { name, wrong: "is not set".to_owned() });
        let or = |name: &'static str, default: &str| given(name).unwrap_or_else(|| default.to_owned());
        let server = or("CHINWAG_SERVER", "http://127.0.0.1:8080").parse();
        let device = or("CHINWAG_DEVICE", "bot").parse();
        Ok(Self {
            server: server
                .map_err(|why: ClientError| EnvError { name: "CHINWAG_SERVER", wrong: why.to_string() })?,
            username: needed("CHINWAG_USER")?,
            password: needed("CHINWAG_PASSWORD")?,
            device: device.map_err(|why| EnvError { name: "CHINWAG_DEVICE", wrong: format!("{why}") })?,
        })
    }
}

/// A log-in cannot be taken from the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name}: {wrong}")]
pub struct EnvError {
    name: &'static str,
    wrong: String,
}

/// Where a client keeps what it knows.
pub struct Profile {
    place: Place,
    seal: SealMaker,
}

enum Place {
    Memory,
    Folder(PathBuf, Unlock),
}

impl Profile {
    /// Keeps nothing: everything is gone with the program, also what waits in the outbox.
    pub fn in_memory() -> Self {
        Self::of(Place::Memory)
    }

    /// Keeps everything in a folder, encrypted under a key that `unlock` gives; a new folder is made. One
    /// profile is one device of one user, and of one process at a time.
    pub fn at(folder: impl Into<PathBuf>, unlock: Unlock) -> Self {
        Self::of(Place::Folder(folder.into(), unlock))
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

    /// Starts the store. What it costs to open it is not paid by the caller's thread.
    async fn start(place: Place) -> Result<Store, OpenError> {
        let open = move || -> Result<Box<dyn Rows>, OpenError> {
            match place {
                Place::Memory => Ok(Box::new(Memory::default())),
                Place::Folder(folder, unlock) => Ok(store::open(&folder, &unlock)?),
            }
        };
        let rows = tokio::task::spawn_blocking(open).await.map_err(std::io::Error::other)??;
        Ok(Store::start(rows)?)
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
        let mut store = Profile::start(profile.place).await?;
        let outcome = log_in(&mut store, login).await;
        let (store, log_in) = or_close(store, outcome).await?;
        Self::start(store, log_in, profile.seal).await
    }

    /// Goes on with the log-in that the profile holds, and begins to connect. It needs no server: what is
    /// held is there at once.
    pub async fn open(profile: Profile) -> Result<Self, OpenError> {
        let mut store = Profile::start(profile.place).await?;
        let outcome = match kept(&mut store).await {
            Ok(log_in) => log_in.ok_or(OpenError::NotLoggedIn),
            Err(why) => Err(why.into()),
        };
        let (store, log_in) = or_close(store, outcome).await?;
        Self::start(store, log_in, profile.seal).await
    }

    async fn start(mut store: Store, log_in: LogIn, seal: SealMaker) -> Result<Self, OpenError> {
        let LogIn { account, token, chat_server } = log_in;
        let outcome = prepare(&mut store, &account, seal).await;
        let (store, (engine, seen, server)) = or_close(store, outcome).await?;
        let own = server.below("/ws");
        // A token that goes over TLS to the server goes nowhere without it.
        let safe = |url: &ServerAddress| url.is_tls() || !server.is_tls();
        let mut urls: Vec<ServerAddress> = chat_server.parse().into_iter().filter(safe).collect();
        if !urls.contains(&own) {
            urls.push(own);
        }
        let shared = Arc::new(Shared::new(engine));
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let link = Link::new(Address { urls, token: token.clone() });
        let rest = Rest::new(server).with_token(token);
        let calls = Calls::new(rest.clone(), account.user_id, account.device_id);
        let driver = Driver::new(Arc::clone(&shared), queue, store, link, calls);
        #[expect(
            clippy::disallowed_methods,
            reason = "the one task of a client: it ends when the last handle is dropped"
        )]
        tokio::spawn(driver.run());
        Ok(Self { inner: Arc::new(Inner { shared, commands, account, rest, seen }) })
    }
}

/// A store that is not used any more is closed, so that its profile is free when the caller hears why.
async fn or_close<T>(store: Store, outcome: Result<T, OpenError>) -> Result<(Store, T), OpenError> {
    match outcome {
        Ok(done) => Ok((store, done)),
        Err(why) => {
            store.close().await;
            Err(why)
        }
    }
}

async fn prepare(
    store: &mut Store,
    account: &Account,
    seal: SealMaker,
) -> Result<(Engine, Positions, ServerAddress), OpenError> {
    let server: ServerAddress = account.server.parse()?;
    let seen = Positions::read(load(store, vec![Positions::range()]).await?);
    Ok((restore(store, account.user_id, account.device_id, seal).await?, seen, server))
}

async fn log_in(store: &mut Store, login: &Login) -> Result<LogIn, OpenError> {
    let earlier = kept(store).await?;
    let server = login.server.to_string();
    if let Some(LogIn { account, .. }) = &earlier
        && (account.server != server || account.username != login.username)
    {
        let Account { username, server, .. } = account.clone();
        return Err(OpenError::Another { username, server });
    }
    let device = earlier.as_ref().map(|earlier| earlier.account.device_id);
    let fresh = ask_server(login, device).await?;
    let mut ops = Vec::new();
    if device.is_some_and(|device| device != fresh.account.device_id) {
        // Another device: what the removed one had held and not sent is not this one's.
        ops.push(Op::DeleteRange(Range::prefix("")));
    }
    let row = serde_json::to_string(&fresh).map_err(|why| StoreFailed(why.to_string()))?;
    ops.push(Op::Put(LOG_IN.to_owned(), row));
    keep(store, ops).await?;
    Ok(fresh)
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
