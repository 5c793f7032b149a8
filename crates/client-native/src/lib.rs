//! A small native client of Chinwag: REST calls, a WebSocket that comes back by itself, an outbox that
//! resends until the server has acknowledged.
//!
//! It serves scripts, the load generator and tests. It keeps nothing on disk, holds no chat list and
//! knows no encryption: that is the sync engine's.

pub mod address;
pub mod backoff;
pub mod client;
pub mod follow;
mod net;
mod outbox;
pub mod rest;
mod session;
pub mod socket;

pub use address::ServerAddress;
pub use client::{Client, Happening};
pub use rest::Rest;
pub use socket::Socket;

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
