//! Sealed content: a message, an edit, a reaction, sealed under the key of an epoch.
//!
//! Opening is a pure function of the epoch's secret, the entry and what is known of its target, in any order
//! and any number of times. Leaves out which epoch is in force (`group`) and where anything is kept.

mod cause;
mod header;
mod log_hash;
mod open;
mod padding;
mod plain;
mod reaction;
mod seal;

pub use cause::Cause;
pub use header::{EpochKey, Header, Kind};
pub use log_hash::{Compared, LogHash, entry_hash};
pub use open::{Opened, Target, open};
pub use padding::padded_len;
pub use plain::{CONTENT_BYTES_MAX, ChainHead, HeadVerdict, OtherChat, Plain};
pub use reaction::{SealedReaction, open_reaction, seal_reaction};
pub use seal::{Draft, SealFailure, Sealer, reference, seal};
