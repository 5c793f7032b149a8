//! The Chinwag server.
//!
//! `api` answers REST, `gateway` holds WebSocket connections, `service` is what both share, `config`
//! reads the settings, `node` wires it all to the engines and runs it. Engines are named in
//! `node/wiring.rs` alone; the rules of chats are in `chinwag-chat`.

pub mod api;
pub mod config;
pub mod gateway;
pub mod node;
pub mod service;
