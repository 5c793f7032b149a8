//! The power goes, between any two steps on either file, and what was acknowledged is there: on a disk
//! that keeps what was synced and any part of the rest.
//!
//! Every run is one script of records on a simulated disk; then images of that disk after each step are
//! opened and judged ([`verdict`]). Faults planted into the ledger are found by the same judgement.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "../ledger_common/mod.rs"]
mod ledger_common;
mod planted;
mod script;
mod survival;
mod verdict;
