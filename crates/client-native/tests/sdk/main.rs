//! The client library against a real server in the test's own process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bot;
mod chatting;
mod keeping;
mod killed;
mod trouble;
mod user;
