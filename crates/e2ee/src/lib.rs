//! End-to-end encryption: what only clients know and check.
//!
//! Bytes in, bytes and verdicts out: no I/O and no clock; time comes in as a parameter. Leaves out how
//! things travel and where they are kept (the sync engine's and the store's).

pub mod backup;
pub mod canonical;
pub mod content;
pub mod group;
pub mod identity;
