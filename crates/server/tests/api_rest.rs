//! REST as a client sees it: the whole router over the in-memory ports and a clock that is moved by hand.
//! Engines, sockets and the node around it are tested elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "api_rest/access.rs"]
mod access;
#[path = "api_rest/accounts.rs"]
mod accounts;
#[path = "api_rest/bench/mod.rs"]
mod bench;
#[path = "api_rest/blobs.rs"]
mod blobs;
#[path = "api_rest/chains.rs"]
mod chains;
#[path = "api_rest/chats.rs"]
mod chats;
#[path = "api_rest/contacts.rs"]
mod contacts;
#[path = "api_rest/description.rs"]
mod description;
#[path = "api_rest/devices.rs"]
mod devices;
#[path = "api_rest/erasure.rs"]
mod erasure;
#[path = "api_rest/http.rs"]
mod http;
#[path = "api_rest/inbox.rs"]
mod inbox;
#[path = "api_rest/keys.rs"]
mod keys;
#[path = "api_rest/members.rs"]
mod members;
#[path = "api_rest/messages.rs"]
mod messages;
#[path = "api_rest/operator.rs"]
mod operator;
#[path = "api_rest/presence.rs"]
mod presence;
#[path = "api_rest/retries.rs"]
mod retries;
#[path = "api_rest/roles.rs"]
mod roles;
#[path = "api_rest/strictness.rs"]
mod strictness;
#[path = "api_rest/throttle.rs"]
mod throttle;
