//! What travels between Chinwag's clients and servers.
//!
//! Ids, entries, frames, REST bodies, error codes and limits, as types that parse strictly and print
//! exactly. No I/O, no clock, no randomness; builds for wasm. What is *true* (who may do what, which
//! seq comes next) is not here but in `chinwag-chat`.

pub mod cbor;
pub mod content;
pub mod entry;
pub mod error;
pub mod frame;
pub mod ids;
pub mod limits;
pub mod opaque;
pub mod rest;
pub mod strict;
pub mod text;
pub mod time;

pub use content::Content;
pub use entry::{Body, Entry, MemberChange, MembershipChange, Role, Viewer};
pub use error::{Close, Code, Problem};
pub use frame::{ClientFrame, ServerFrame};
pub use ids::{ChatId, ClientMessageId, DeviceId, GroupId, MessageId, ReactionKey, Seq, UserId};
pub use limits::Limits;
pub use opaque::{BlobName, Opaque};
pub use time::Timestamp;
