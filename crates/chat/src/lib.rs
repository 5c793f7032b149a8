//! What is true in a chat: the state machine that turns records into entries, and its rules.
//!
//! Pure, deterministic and total: no clock, no randomness, no I/O; any bytes give an outcome. Time and
//! ids are in the record, put there before it was appended. What a store has to look up first is said
//! by [`Chat::needs`] and handed in as [`Past`]. Blocks, accounts and presence are not here.

mod fingerprint;
mod outcome;
mod past;
mod record;
mod state;
pub mod stored;
mod view;

pub use fingerprint::{Fingerprint, FingerprintKey, IdKey};
pub use outcome::{Outcome, Refusal};
pub use past::{Known, Needs, Past, Target};
pub use record::{Ask, RECORD_VERSION, Record, RuleLimits};
pub use state::{Broken, Chat, FORMER_MAX, Head, MemberState, RECENT_ENTRIES, RULE_VERSION, Settings, State};
pub use view::{Cell, View};
