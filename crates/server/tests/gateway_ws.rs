//! The WebSocket gateway over in-memory engines, frame by frame and rule by rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "gateway_ws/access.rs"]
mod access;
#[path = "gateway_ws/cbor.rs"]
mod cbor;
#[path = "gateway_ws/client.rs"]
mod client;
#[path = "gateway_ws/connecting.rs"]
mod connecting;
#[path = "gateway_ws/kit.rs"]
mod kit;
#[path = "gateway_ws/marks.rs"]
mod marks;
#[path = "gateway_ws/members.rs"]
mod members;
#[path = "gateway_ws/nodes.rs"]
mod nodes;
#[path = "gateway_ws/presence.rs"]
mod presence;
#[path = "gateway_ws/reading.rs"]
mod reading;
#[path = "gateway_ws/sending.rs"]
mod sending;
#[path = "gateway_ws/slow.rs"]
mod slow;
#[path = "gateway_ws/typing.rs"]
mod typing;
