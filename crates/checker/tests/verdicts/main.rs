//! The judge is judged: a small chat system in memory whose correct runs must pass, and in which one fault at
//! a time is planted and must be found, by the right rule.
//!
//! Leaves out the real system: what runs here is [`model`], some hundred lines that are plainly right or
//! plainly wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod correct;
mod faults;
mod model;
mod planted;
mod random;
mod single;
