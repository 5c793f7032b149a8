//! A Chinwag server in the test's own hands, and clients that write down what they see.
//!
//! `server` is a whole node in the test's own process; `person` and `phone` are those who chat on it, over
//! REST and over WebSocket; `stranger` is a socket that keeps no rule,
//! `cutter` a network that breaks. `process` starts, kills and restarts
//! the real binary; `recording` is a device that sends, resends and records a history for
//! `chinwag-checker`. It panics where a test should fail: it is linked by tests alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod cutter;
pub mod person;
pub mod phone;
pub mod process;
pub mod recording;
pub mod server;
pub mod stranger;
pub mod wait;

use std::time::Duration;

pub use chinwag_client_native::ClientError;

/// Nothing that a test waits for takes so long, on a busy machine, unless it does not happen at all.
pub const DEADLINE: Duration = Duration::from_secs(30);
