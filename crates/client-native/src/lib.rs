//! The client library of Chinwag for programs of the system: a sync engine with its socket and its store.
//!
//! ```no_run
//! use chinwag_client_native::{Client, Login, Profile};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let login = Login {
//!     server: "http://127.0.0.1:8080".parse()?,
//!     username: "bob".to_owned(),
//!     password: "correct horse battery".to_owned(),
//!     device: "laptop".parse()?,
//! };
//! let bob = Client::log_in(Profile::in_memory(), &login).await?;
//! let alice = bob.direct("alice").await?;
//! bob.send(alice, "lunch?").await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Client`] is the handle: state by [`Client::read`], wishes by [`Client::wish`], news by
//! [`Client::changes`], and for bots [`Client::messages`] and [`Client::send`]. What a chat is and how it is
//! kept is the engine's ([`chinwag_client`], whose types are here as [`engine`]); `driver` runs it, `store`
//! keeps its rows. Below lies a thin layer without state: [`Rest`] and [`Socket`].

pub mod address;
pub mod backoff;
pub mod client;
pub mod clock;
mod driver;
pub mod follow;
mod net;
mod outbox;
pub mod rest;
mod sdk;
mod session;
pub mod socket;
mod store;

pub use address::ServerAddress;
pub use chinwag_client as engine;
pub use driver::SealMaker;
pub use rest::{Appended, Rest};
pub use sdk::changes::{Changes, Update};
pub use sdk::messages::{Message, Messages};
pub use sdk::open::{EnvError, Login, OpenError, Profile};
pub use sdk::{Account, Client, Ended, SendError, View, WishError, fresh_id};
pub use socket::Socket;
pub use store::{FileError, FolderError, Keyring, ProfileError, StoreFailed, Unlock, UnlockError};

use chinwag_proto::{Close, Code};

/// Why a client could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is no `http://` or `https://` URL.
    #[error("{0:?} is no server address; give one like http://127.0.0.1:8080")]
    Address(String),
    /// The server cannot be reached.
    #[error("cannot reach {address}: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke, or what came over it is not the protocol.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The server closed the connection and it is no use to come back.
    #[error("the server closed the connection: {reason} ({code})")]
    Closed {
        /// The close code.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// The server refused a request.
    #[error("{detail} ({})", .code.as_str())]
    Refused {
        /// The stable code.
        code: Code,
        /// What is wrong.
        detail: String,
        /// When to come back, milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// Whoever answers at the address does not speak this protocol, or its path is another.
    #[error("{address} answered {status} and not as a Chinwag server does; is the address right?")]
    NotChinwag {
        /// Where.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// The client was closed.
    #[error("the client was closed")]
    Stopped,
}

impl ClientError {
    /// Whether trying again, with the same client id, may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken(_) => true,
            Self::Closed { code, .. } => Close::reconnects(*code),
            Self::Refused { code, .. } => is_passing(*code),
            // A proxy before the server, not the server: busy, or the server behind it is away.
            Self::NotChinwag { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            Self::Address(_) | Self::Stopped => false,
        }
    }
}

/// Whether a refusal with this code may be none a while later.
pub(crate) const fn is_passing(code: Code) -> bool {
    matches!(code, Code::RateLimited | Code::Unavailable | Code::Internal)
}
