//! Every limit of the contract (protocol §5) with its default; each is a setting under `[limits]`.

use serde::{Deserialize, Serialize};

/// Limits that a deployment may set. Sizes are bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Text content, bytes of UTF-8.
    pub text_bytes: usize,
    /// Object content, bytes of compact JSON.
    pub object_bytes: usize,
    /// A frame from a client.
    pub client_frame_bytes: usize,
    /// A frame from the server: the cap of a page.
    pub server_frame_bytes: usize,
    /// A REST request body.
    pub body_bytes: usize,
    /// Members of a plain group.
    pub group_members: usize,
    /// Members of an encrypted group.
    pub encrypted_group_members: usize,
    /// Founders beside the creator, and users of one call that adds members.
    pub members_per_call: usize,
    /// Entries or messages of one page.
    pub page: usize,
    /// The largest `offset` of a message page, in messages.
    pub offset_max: u64,
    /// Chats of one `heads` frame.
    pub heads_chats: usize,
    /// Users of one `watch` frame.
    pub watch_users: usize,
    /// Users of one presence request.
    pub presence_users: usize,
    /// Groups above this size show no read marks, typing or presence.
    pub intimate_group_members: usize,
    /// Reaction keys of one message.
    pub reaction_keys: usize,
    /// Sends a device may make each second, in the long run.
    pub sends_per_second: u32,
    /// Sends a device may make at once after a rest.
    pub sends_burst: u32,
    /// Refused sends within 60 s after which the connection is closed with 4029.
    pub send_refusals_per_minute: u32,
    /// Sends of one connection that may await their acknowledgment; more waits unread in the socket.
    pub sends_in_flight: usize,
    /// Live frames that may wait for a slow connection before it is told to resync.
    pub live_queue_frames: usize,
    /// Log-in failures each minute, by name and address together.
    pub login_failures_per_name_and_address: u32,
    /// Log-in failures each minute, by name.
    pub login_failures_per_name: u32,
    /// Log-in failures each minute, by address.
    pub login_failures_per_address: u32,
    /// Registrations each minute, by address.
    pub registrations_per_address: u32,
    /// User look-ups each minute, by user.
    pub lookups_per_minute: u32,
    /// Password computations that may wait; beyond, `unavailable`.
    pub password_queue: usize,
    /// Milliseconds until a socket must have authenticated.
    pub auth_ms: u64,
    /// A client sends something at least this often; after twice that the server closes 4000.
    pub heartbeat_ms: u64,
    /// Devices of one user.
    pub devices_per_user: usize,
    /// Contacts, and blocks, of one user.
    pub contacts_per_user: usize,
    /// Connections of one address.
    pub connections_per_address: usize,
    /// Days after which a token that is not used dies.
    pub token_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 16 * 1024,
            object_bytes: 64 * 1024,
            // 64 KiB of content, JSON-escaped at worst twice, with room for the envelope.
            client_frame_bytes: 128 * 1024,
            server_frame_bytes: 1024 * 1024,
            body_bytes: 128 * 1024,
            group_members: 10_000,
            encrypted_group_members: 1_000,
            members_per_call: 100,
            page: 200,
            offset_max: 10_000,
            heads_chats: 1_000,
            watch_users: 200,
            presence_users: 100,
            intimate_group_members: 100,
            reaction_keys: 20,
            sends_per_second: 20,
            sends_burst: 60,
            send_refusals_per_minute: 1_000,
            // One burst in flight; 64 records of 300 bytes are 20 kB held for the connection.
            sends_in_flight: 64,
            // 256 shared frames: 2 KiB of pointers, allocated only while the reader is slow.
            live_queue_frames: 256,
            login_failures_per_name_and_address: 10,
            login_failures_per_name: 100,
            login_failures_per_address: 100,
            registrations_per_address: 100,
            lookups_per_minute: 120,
            // At about 20 ms of one core each, 64 waiting log-ins are 1.3 s of queue.
            password_queue: 64,
            auth_ms: 10_000,
            heartbeat_ms: 30_000,
            devices_per_user: 32,
            contacts_per_user: 5_000,
            connections_per_address: 100_000,
            token_days: 365,
        }
    }
}
