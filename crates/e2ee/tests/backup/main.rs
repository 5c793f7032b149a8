//! The sealed backup: what devices write, what a reader accepts, and what comes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../identity/common.rs"]
mod common;
mod faults;
mod history;
mod state;
mod writer;
