//! The sync engine for JavaScript: [`Core`] wraps [`chinwag_client::Engine`] so that only JSON text passes in
//! and out, and `bind` makes a WebAssembly module of it. The npm package in `npm/` is its driver.
//!
//! ```text
//!   driver ── event, frame, wish (JSON) ──▶ Core ── effects (JSON) ──▶ driver: socket, store, timers
//!                                            │
//!   screens (one for each tab) ◀── update (JSON): what is different since the screen's last one
//! ```
//!
//! Several screens share one engine. Each has its own open chat; the engine shows the one of the screen that
//! was used last. Leaves out I/O, clock, randomness, and all chat logic: that is the engine's.

#[cfg(target_arch = "wasm32")]
mod bind;
mod core;
mod effect;
mod event;
mod patch;
mod screen;
mod shown;
mod wish;

pub use crate::core::{Core, CoreError};
