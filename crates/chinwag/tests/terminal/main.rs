//! `chinwag login`, `send`, `tail`, `logout` as processes, against the real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod person;
mod send;
mod sessions;
mod tail;
