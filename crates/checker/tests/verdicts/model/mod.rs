//! A chat system in memory: one server with a disk, clients with an outbox and views, connections that break.
//!
//! Everything that happens is drawn from a seed. Leaves out real time and real bytes.

mod chat;
mod client;
mod server;
mod wire;
mod world;

pub(crate) use world::{Plan, run};
