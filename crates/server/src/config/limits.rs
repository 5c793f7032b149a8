//! `[limits]`: every limit of the contract. The numbers stand in `chinwag-proto`; here are their words.

use chinwag_proto::Limits;

use super::key::{Form, Invalid, Key, Outline, Section};

const fn number(name: &'static str, unit: &'static str, meaning: &'static [&'static str]) -> Key {
    Key { name, form: Form::Number, unit, meaning }
}

const KEYS: &[Key] = &[
    number("text_bytes", "bytes of UTF-8", &["Text content."]),
    number("object_bytes", "bytes of compact JSON", &["Object content."]),
    number("client_frame_bytes", "bytes", &["A frame from a client."]),
    number("server_frame_bytes", "bytes", &["A frame from the server: the cap of a page."]),
    number("body_bytes", "bytes", &["The body of a REST request."]),
    number("group_members", "members", &["A plain group."]),
    number("encrypted_group_members", "members", &["An encrypted group."]),
    number(
        "members_per_call",
        "users",
        &["Founders beside the creator, and users of one call that adds members."],
    ),
    number("page", "entries", &["Entries or messages of one page."]),
    number("offset_max", "messages", &["The largest `offset` of a page of messages."]),
    number("heads_chats", "chats", &["Chats of one `heads` frame."]),
    number("watch_users", "users", &["Users of one `watch` frame."]),
    number("presence_users", "users", &["Users of one presence request."]),
    number(
        "intimate_group_members",
        "members",
        &["Groups above this size show no read marks, typing or presence."],
    ),
    number("reaction_keys", "keys", &["Different reactions of one message."]),
    number("sends_per_second", "sends/s", &["Sends that a device may make in the long run."]),
    number("sends_burst", "sends", &["Sends that a device may make at once after a rest."]),
    number(
        "send_refusals_per_minute",
        "refusals/min",
        &["Refused sends after which the connection is closed (4029)."],
    ),
    number("sends_in_flight", "sends", &["Sends of one connection that may await their acknowledgment."]),
    number(
        "live_queue_frames",
        "frames",
        &["Live frames that may wait for a slow connection before it is told to resync."],
    ),
    number(
        "login_failures_per_name_and_address",
        "failures/min",
        &["Failed log-ins by name and address together."],
    ),
    number("login_failures_per_name", "failures/min", &["Failed log-ins by name."]),
    number("login_failures_per_address", "failures/min", &["Failed log-ins by address."]),
    number("registrations_per_address", "accounts/min", &["Registrations by address."]),
    number("lookups_per_minute", "look-ups/min", &["Look-ups of users by name, by user."]),
    number(
        "password_queue",
        "computations",
        &["Password computations that may wait; beyond, `unavailable`."],
    ),
    number("auth_ms", "ms", &["Time until a socket must have authenticated."]),
    number(
        "heartbeat_ms",
        "ms",
        &["A client sends something at least this often; after twice that it is closed (4000)."],
    ),
    number("devices_per_user", "devices", &["Devices of one user."]),
    number("contacts_per_user", "users", &["Contacts, and blocks, of one user."]),
    number("connections_per_address", "connections", &["Connections of one address at once."]),
    number("token_days", "days", &["Time after which a token that is not used dies."]),
    number("keys_body_bytes", "bytes", &["A body that carries keys, links or backup records."]),
    number("key_package_bytes", "bytes", &["A key package."]),
    number("key_packages_per_call", "packages", &["Key packages of one call."]),
    number("key_packages_waiting", "packages", &["One-time key packages of a device that wait."]),
    number("claims_per_minute", "claims/min", &["Claims of key packages, by the user who claims."]),
    number(
        "claims_per_user_per_minute",
        "claims/min",
        &["The same, by the user who claims and the one whose they are."],
    ),
    number("chain_link_bytes", "bytes", &["A link of a device chain."]),
    number("chain_links_per_call", "links", &["Links of one call."]),
    number("chain_links", "links", &["Links of one device chain."]),
    number("backup_record_bytes", "bytes", &["A backup record."]),
    number("backup_records_per_call", "records", &["Backup records of one call."]),
    number("backup_records", "records", &["Backup records of one user."]),
    number("backup_bytes", "bytes", &["All backup records of one user together."]),
    number("backup_chains", "chains", &["Backup chains of one user: devices that have ever written one."]),
    number("notice_bytes", "bytes of compact JSON", &["The data of an inbox notice."]),
    number("notices_per_minute", "notices/min", &["Inbox notices by sender."]),
    number("notices_per_inbox_per_minute", "notices/min", &["The same, by sender and inbox."]),
    number("blob_bytes", "bytes", &["A blob."]),
    number(
        "blob_bytes_per_day",
        "bytes",
        &["Blobs that a user may put within 24 hours, together; a small one counts as 4 KiB."],
    ),
];

impl Section for Limits {
    const OUTLINE: Outline =
        Outline { name: "limits", about: &["Every limit of the contract with clients."], keys: KEYS };

    fn validate(&self) -> Result<(), Invalid> {
        let least = |key, value: u64, least: u64| {
            if value >= least { Ok(()) } else { Err(Invalid::new(key, format!("must be at least {least}"))) }
        };
        let whole = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        for (key, value) in [
            ("text_bytes", whole(self.text_bytes)),
            ("object_bytes", whole(self.object_bytes)),
            ("group_members", whole(self.group_members)),
            ("encrypted_group_members", whole(self.encrypted_group_members)),
            ("members_per_call", whole(self.members_per_call)),
            ("page", whole(self.page)),
            ("sends_per_second", self.sends_per_second.into()),
            ("sends_burst", self.sends_burst.into()),
            ("sends_in_flight", whole(self.sends_in_flight)),
            ("live_queue_frames", whole(self.live_queue_frames)),
            ("password_queue", whole(self.password_queue)),
            ("devices_per_user", whole(self.devices_per_user)),
            ("connections_per_address", whole(self.connections_per_address)),
            ("token_days", self.token_days.into()),
            ("key_package_bytes", whole(self.key_package_bytes)),
            ("key_packages_per_call", whole(self.key_packages_per_call)),
            ("key_packages_waiting", whole(self.key_packages_waiting)),
            ("chain_link_bytes", whole(self.chain_link_bytes)),
            ("chain_links_per_call", whole(self.chain_links_per_call)),
            ("chain_links", whole(self.chain_links)),
            ("backup_record_bytes", whole(self.backup_record_bytes)),
            ("backup_records_per_call", whole(self.backup_records_per_call)),
            ("backup_chains", whole(self.backup_chains)),
            ("blob_bytes", whole(self.blob_bytes)),
        ] {
            least(key, value, 1)?;
        }
        least("auth_ms", self.auth_ms, 100)?;
        least("heartbeat_ms", self.heartbeat_ms, 100)?;
        // A frame holds the largest content with every byte escaped, and its envelope.
        let frame = 2 * whole(self.text_bytes.max(self.object_bytes));
        least("client_frame_bytes", whole(self.client_frame_bytes), frame)?;
        least("body_bytes", whole(self.body_bytes), frame)?;
        // One of each kind as base64, and what stands around it.
        let key = self.key_package_bytes.max(self.chain_link_bytes).max(self.backup_record_bytes);
        least("keys_body_bytes", whole(self.keys_body_bytes), whole(key) / 3 * 4 + 1_024)?;
        least("server_frame_bytes", whole(self.server_frame_bytes), whole(key) / 3 * 4 + 1_024)?;
        // A page of one entry has to fit: its content, its envelope, and the slack that pages keep free.
        least("server_frame_bytes", whole(self.server_frame_bytes), 2 * frame + 128 * 1024)
    }
}
