//! Keys, chains, recovery, linking and safety numbers: each rule, and each way to break it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod chain;
mod chain_faults;
mod common;
mod golden;
mod linking;
mod properties;
mod recovery;
mod safety;
