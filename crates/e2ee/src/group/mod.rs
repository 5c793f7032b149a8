//! The MLS group of an encrypted chat: which commit counts, who is in it, the keys of its epochs.
//!
//! One [`Group`] follows the log of one chat. It is handed every entry in the order of seq and answers what
//! became of it; what it wants to commit it keeps, byte for byte, until the log has decided. Nothing here
//! asks a clock or a network. Randomness for MLS itself comes from the library's own source, the system's.
//!
//! Leaves out content (`content`), device chains (`identity`), and when anything is asked or sent.

pub mod data;
pub mod epoch;
mod event;
pub mod evidence;
pub mod facts;
mod found;
pub mod hand_over;
mod join;
pub mod key_package;
mod process;
mod rejoin;
mod reset;
pub mod rows;
pub mod rules;
mod stage;
mod staged;
mod state;
mod storage;
pub mod suite;
mod verdict;
mod watch;
mod wish;

pub use data::{Blobs, Data, Seen};
pub use epoch::{EpochRecord, EpochSecret, Epochs, SenderLeaf};
pub use event::Event;
pub use evidence::{Chains, Links};
pub use facts::{Facts, Member};
pub use found::{Founded, judge_create};
pub use join::JoinError;
pub use process::{Outcome, Verdict};
pub use rejoin::{Base, RejoinError};
pub use rows::{Change, Key, RowError, Rows, Scope};
pub use stage::{GROUP_INFO_LEAVES_MAX, StageError, Supply};
pub use state::{Group, GroupError, Outgoing, Standing};
pub use storage::Provider;
pub use suite::Me;
pub use verdict::{OutOfStep, Void};
pub use watch::{Alarm, Behind, strangers};
pub use wish::Wish;

pub(crate) use verdict::stable_words;
