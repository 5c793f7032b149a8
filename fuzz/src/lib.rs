//! One target for each untrusted input: bytes in, a panic or a fingerprint out.
//!
//! Runs on a stable compiler, without instrumentation: inputs are mutated from golden texts, and an
//! input that goes a way which no input went before (another answer, another kind of error) is kept and
//! mutated further. The tests run every target briefly and always alike; for a long run
//!
//! ```text
//! CHINWAG_FUZZ_RUNS=10000000 CHINWAG_FUZZ_SEED=7 cargo test --release -p chinwag-fuzz client_frame
//! ```
//!
//! A failing input is printed in hex; put it into `regressions/TARGET/`, and it is tried first for ever.

#![allow(clippy::panic, reason = "a target panics: that is how it reports")]

mod dice;
mod mutate;
mod run;
pub mod targets;

pub use dice::Dice;
pub use mutate::mutated;
pub use run::{Budget, run};

/// An untrusted input.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its file, its test and its folder of regressions.
    pub name: &'static str,
    /// Holds one input against everything that has to be true. The number tells the ways that inputs go
    /// apart.
    pub check: fn(&[u8]) -> u64,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}
