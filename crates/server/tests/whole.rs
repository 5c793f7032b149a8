//! The server as a whole, in the test's own process: real sockets, REST, the engines of one machine on a
//! temporary folder. One file for each part of the contract; what a single part does is tested beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "whole/accounts.rs"]
mod accounts;
#[path = "whole/bad_input.rs"]
mod bad_input;
#[path = "whole/clock.rs"]
mod clock;
#[path = "whole/closing.rs"]
mod closing;
#[path = "whole/devices.rs"]
mod devices;
#[path = "whole/frames.rs"]
mod frames;
#[path = "whole/history.rs"]
mod history;
#[path = "whole/keys.rs"]
mod keys;
#[path = "whole/membership.rs"]
mod membership;
#[path = "whole/mls.rs"]
mod mls;
#[path = "whole/outside.rs"]
mod outside;
#[path = "whole/pages.rs"]
mod pages;
#[path = "whole/retries.rs"]
mod retries;
#[path = "whole/screen.rs"]
mod screen;
