//! `chinwag chat` in real terminals, driven as people do: keys in, screens out.
//!
//! The screens are kept in docs/terminal, times masked; `CHINWAG_GOLDEN=write` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;
mod network;
mod page;
mod talk;
