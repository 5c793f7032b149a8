//! Groups and content against a small model of the server: rules, attacks, failures, churn, vectors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod attacks;
mod basics;
mod churn;
mod content;
mod failures;
mod garbage;
mod golden;
mod people;
mod rules;
mod vectors;
mod world;
