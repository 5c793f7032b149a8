//! The app without a server: what keys wish for, and golden screens.
//!
//! `world` makes data, `keys` looks at acts, `screens` compares whole screens with the texts in `golden`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keys;
mod screens;
mod world;
