//! A Chinwag server in the test's own hands, and clients that write down what they see.
//!
//! `process` starts, kills and restarts the real binary; `recording` is a device that sends, resends and
//! records a history for `chinwag-checker`. It panics where a test should fail: it is linked by tests alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod process;
pub mod recording;
pub mod wait;
