//! The user's sealed backup: a chain of records for each device, from which a new or recovered device gets
//! every epoch key and everything known of others.
//!
//! Each device appends to its own chain alone, so no two ever write the same place. Leaves out how records
//! travel and are acknowledged, and files.

mod chain;
mod entry;
mod history;
mod record;
mod state;

pub use chain::{BackupChain, BackupError, BackupSet};
pub use entry::{CHANGES_MAX, CHANGES_PER_ENTRY, ENTRY_BYTES_MAX, Entry, EpochKey, Leaf, LeafChange, Peer};
pub use history::{HistoryKey, HistoryKeyId, KeyRing, OLD_KEYS_MAX, Recipient, Rotation};
pub use record::{Body, HEADS_PER_RECORD, Head, OwnChain, RECORD_BYTES_MAX, Record};
pub use state::{BackupState, Epoch, KEYS_PER_EPOCH};
