//! The client against a server that does what the test says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod coming_back;
mod fake;
mod following;
mod sending;
