//! The client library: what a program (terminal, bot, another's app) holds in its hands.
//!
//! [`Client`] is the handle; `open` makes one, `changes` says what is new, `messages` is the bot's view,
//! `groups` the calls over REST. It decides nothing about chats: that is the engine's ([`chinwag_client`]).

pub(crate) mod changes;
pub(crate) mod groups;
pub(crate) mod messages;
pub(crate) mod open;
pub(crate) mod shared;

use std::sync::Arc;

use chinwag_client::{Engine, Failure, Record, Refusal, Shown, Wish};
use chinwag_proto::{ChatId, ClientMessageId, Code, Content, DeviceId, Seq, UserId};
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::driver::{Command, Found, Settled};
use crate::{Rest, ServerAddress};
use changes::Changes;
use shared::Shared;

/// Commands that may wait for the driver; more wait at their callers.
const COMMANDS_MAX: usize = 64;

/// The client has stopped, or its store has failed: see [`Client::trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client has stopped")]
pub struct Ended;

/// Why a wish was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// The engine refused it: keep what the user typed.
    #[error("not taken: {}", refusal_text(*.0))]
    Refused(Refusal),
    /// The client has stopped.
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// Why a message does not stand in its chat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It was not taken, and nothing of it is kept.
    #[error("not taken: {}", refusal_text(*.0))]
    NotTaken(Refusal),
    /// The server has refused it, for good.
    #[error("{detail} ({})", .code.as_str())]
    Refused {
        /// The stable code.
        code: Code,
        /// What is wrong.
        detail: String,
    },
    /// It could not be encrypted.
    #[error("it cannot be encrypted: {0}")]
    Seal(String),
    /// It could not be stored, and was not sent.
    #[error("it could not be stored, and was not sent")]
    Store,
    /// The client has stopped. What was stored goes out when the profile is opened again.
    #[error(transparent)]
    Ended(#[from] Ended),
}

const fn refusal_text(why: Refusal) -> &'static str {
    match why {
        Refusal::Full => "too many messages wait already",
        Refusal::Used => "the id is in use in this chat",
        Refusal::Content => "it is empty, or too long",
        Refusal::NoStore => "the store takes no more",
    }
}

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The user.
    pub user_id: UserId,
    /// The user's name, as it was given at log-in.
    pub username: String,
    /// This installation.
    pub device_id: DeviceId,
    /// The server's address.
    pub server: String,
}

/// A client: cheap to clone, every clone is the same client. It works in a task of its own until
/// [`Client::close`] or until the last clone is dropped.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    account: Account,
    rest: Rest,
    /// How far [`Client::messages`] had come when the profile was opened.
    seen: messages::Positions,
}

impl Client {
    /// Who this is.
    pub fn account(&self) -> &Account {
        &self.inner.account
    }

    /// The user.
    pub fn me(&self) -> UserId {
        self.inner.account.user_id
    }

    /// REST calls with this device's token.
    pub fn rest(&self) -> &Rest {
        &self.inner.rest
    }

    /// The server.
    pub fn server(&self) -> &ServerAddress {
        self.inner.rest.address()
    }

    /// Asks the engine for its state, under a lock that holds everything else up: take what the screen needs
    /// and return. Calling the client inside is a deadlock.
    pub fn read<T>(&self, ask: impl FnOnce(&mut View<'_>) -> T) -> T {
        ask(&mut View(&mut self.inner.shared.engine()))
    }

    /// Why there is no connection, or why the store takes no more; `None` while all is well.
    pub fn trouble(&self) -> Option<String> {
        self.inner.shared.what_troubles()
    }

    /// What changes from now on. Make it before the first [`Client::read`], so that nothing falls between.
    pub fn changes(&self) -> Changes {
        Changes(self.inner.shared.listen())
    }

    /// Wishes something. When this returns, [`Client::read`] shows it. Wishes with a ticket
    /// ([`Wish::Search`], [`Wish::Look`]) have calls of their own.
    pub async fn wish(&self, wish: Wish) -> Result<(), WishError> {
        let (taken, answer) = oneshot::channel();
        self.command(Command::Wish(wish, taken)).await?;
        answer.await.map_err(|_| Ended)?.map_err(WishError::Refused)
    }

    /// Sends a text; resolves when it stands in the chat, with its seq, however often the connection breaks
    /// in between. Whoever gives up waiting takes nothing back: the message goes out all the same. One that
    /// was refused is not kept.
    pub async fn send(&self, chat: ChatId, text: &str) -> Result<Seq, SendError> {
        self.put(chat, Record::Message { content: Content::text(text), reply_to: None }).await
    }

    /// Sends a text as the answer to a message.
    pub async fn reply(&self, chat: ChatId, to: Seq, text: &str) -> Result<Seq, SendError> {
        self.put(chat, Record::Message { content: Content::text(text), reply_to: Some(to) }).await
    }

    /// Puts any record into a chat, as [`Client::send`] does.
    pub async fn put(&self, chat: ChatId, record: Record) -> Result<Seq, SendError> {
        let id = fresh_id().map_err(|_| SendError::NotTaken(Refusal::Used))?;
        let wish = Wish::Record { chat, id: id.clone(), at_ms: clock::wall_ms(), record };
        let (fate, answer) = oneshot::channel();
        self.command(Command::Record { chat, id: id.clone(), wish, fate }).await?;
        match answer.await.map_err(|_| Ended)? {
            Settled::Stands(seq) => Ok(seq),
            Settled::NotTaken(why) => Err(SendError::NotTaken(why)),
            Settled::Failed(failure) => {
                // Nobody retries it by hand, and it must not fill the outbox.
                let _ = self.wish(Wish::Discard { chat, id }).await;
                Err(match failure {
                    Failure::Refused { code, detail } => SendError::Refused { code, detail },
                    Failure::Seal(why) => SendError::Seal(why),
                    Failure::Store => SendError::Store,
                })
            }
        }
    }

    /// Messages held that contain all these beginnings of words, newest first, at most 200.
    pub async fn search(&self, query: &str) -> Result<Vec<(ChatId, Seq)>, Ended> {
        let query = query.to_owned();
        match self.ask(Box::new(|ticket| Wish::Search { ticket, query })).await? {
            Found::Hits(hits) => Ok(hits),
            Found::Lines(_) => Ok(Vec::new()),
        }
    }

    /// Lines of a chat from a seq to a seq, without opening it: at most 200 seqs from the first on, oldest
    /// first; what is not held is left out.
    pub async fn look(&self, chat: ChatId, from: Seq, to: Seq) -> Result<Vec<Shown>, Ended> {
        match self.ask(Box::new(move |ticket| Wish::Look { ticket, chat, from, to })).await? {
            Found::Lines(lines) => Ok(lines),
            Found::Hits(_) => Ok(Vec::new()),
        }
    }

    /// Returns when everything that was wished before is on disk: it goes out even if the program dies now.
    pub async fn flush(&self) -> Result<(), Ended> {
        let (flushed, done) = oneshot::channel();
        self.command(Command::Flush(flushed)).await?;
        done.await.map_err(|_| Ended)
    }

    /// Stops: closes the connection in good order and returns when everything is on disk. What waits in the
    /// outbox goes out when the profile is opened again. Every clone has stopped then.
    pub async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.command(Command::Close(closed)).await.is_ok() {
            // An error means that another call was first; then the driver is gone too.
            let _ = done.await;
        }
        self.inner.commands.closed().await;
    }

    async fn ask(&self, wish: Box<dyn FnOnce(u64) -> Wish + Send>) -> Result<Found, Ended> {
        let (answer, found) = oneshot::channel();
        self.command(Command::Ask(wish, answer)).await?;
        found.await.map_err(|_| Ended)
    }

    async fn command(&self, command: Command) -> Result<(), Ended> {
        self.inner.commands.send(command).await.map_err(|_| Ended)
    }
}

/// The engine as a screen sees it: state, no events.
pub struct View<'a>(&'a mut Engine);

impl View<'_> {
    /// The lines of the open chat that are in memory, oldest first, what is on its way last.
    pub fn timeline(&mut self) -> Vec<Shown> {
        self.0.timeline()
    }
}

impl std::ops::Deref for View<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        self.0
    }
}

/// 128 random bits as an id: no two records ever get the same.
///
/// # Errors
/// The system has no random numbers.
#[expect(clippy::disallowed_methods, reason = "the one place of this library that makes ids")]
pub fn fresh_id() -> Result<ClientMessageId, getrandom::Error> {
    let text = format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?);
    // 32 hexadecimal digits are a valid id.
    text.parse().map_err(|_| getrandom::Error::UNEXPECTED)
}
