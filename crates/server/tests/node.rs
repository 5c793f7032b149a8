//! The node as a whole, on a data folder and a port of its own: start and stop, connections that misbehave,
//! TLS, figures. What requests mean is tested with api and gateway.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "node/connections.rs"]
mod connections;
#[path = "node/discovery.rs"]
mod discovery;
#[path = "node/figures.rs"]
mod figures;
#[path = "node/kit.rs"]
mod kit;
#[path = "node/lifecycle.rs"]
mod lifecycle;
#[path = "node/tls.rs"]
mod tls;
