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
    /// A body that carries keys, links or backup records.
    pub keys_body_bytes: usize,
    /// A key package.
    pub key_package_bytes: usize,
    /// Key packages of one call.
    pub key_packages_per_call: usize,
    /// One-time key packages of a device that wait to be claimed.
    pub key_packages_waiting: usize,
    /// Claims of key packages each minute, by the user who claims.
    pub claims_per_minute: u32,
    /// The same, by the user who claims and the one whose they are.
    pub claims_per_user_per_minute: u32,
    /// A link of a device chain.
    pub chain_link_bytes: usize,
    /// Links of one call.
    pub chain_links_per_call: usize,
    /// Links of one device chain.
    pub chain_links: usize,
    /// A backup record.
    pub backup_record_bytes: usize,
    /// Backup records of one call.
    pub backup_records_per_call: usize,
    /// Backup records of one user.
    pub backup_records: usize,
    /// All backup records of one user together.
    pub backup_bytes: usize,
    /// Backup chains of one user: devices that have ever written one.
    pub backup_chains: usize,
    /// The data of an inbox notice, bytes of compact JSON.
    pub notice_bytes: usize,
    /// Inbox notices each minute, by sender.
    pub notices_per_minute: u32,
    /// The same, by sender and inbox.
    pub notices_per_inbox_per_minute: u32,
    /// A blob.
    pub blob_bytes: usize,
    /// Blobs that a user may put within 24 hours, together; a small one counts as 4 KiB.
    pub blob_bytes_per_day: usize,
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
            // 100 key packages of 2 KiB are 270 kB as base64; whoever has more makes two calls.
            keys_body_bytes: 1024 * 1024,
            key_package_bytes: 16 * 1024,
            key_packages_per_call: 100,
            // 200 of about 1 KiB for each of 8 devices: 1.6 MB for a user.
            key_packages_waiting: 200,
            claims_per_minute: 60,
            claims_per_user_per_minute: 20,
            chain_link_bytes: 4 * 1024,
            chain_links_per_call: 16,
            // 16 MiB at most; a device makes two links in its life.
            chain_links: 4_096,
            backup_record_bytes: 64 * 1024,
            backup_records_per_call: 100,
            // A record for each epoch of each chat: 1,000 chats with 1,000 commits.
            backup_records: 1_000_000,
            backup_bytes: 256 * 1024 * 1024,
            backup_chains: 1_000,
            notice_bytes: 8 * 1024,
            notices_per_minute: 60,
            notices_per_inbox_per_minute: 20,
            blob_bytes: 4 * 1024 * 1024,
            blob_bytes_per_day: 256 * 1024 * 1024,
        }
    }
}
