//! The targets, a file each, and what they share.

mod backup;
mod cbor_frame;
mod chat_records;
mod client_frame;
mod content;
mod groups;
mod ids;
mod keys;
mod linking;
mod rest_body;
mod server_frame;
mod stored;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::Target;

/// All targets.
pub const TARGETS: &[Target] = &[
    client_frame::TARGET,
    cbor_frame::TARGET,
    server_frame::TARGET,
    rest_body::TARGET,
    content::TARGET,
    ids::TARGET,
    stored::ENTRY,
    stored::RECORD,
    stored::HEAD,
    stored::STATE,
    stored::VIEW,
    stored::CHAT_KEY,
    chat_records::TARGET,
    keys::CERTIFICATE,
    keys::LINK,
    keys::CHAIN,
    keys::BOX,
    keys::TEXT,
    backup::RECORD,
    backup::ENTRY,
    linking::TARGET,
    groups::DATA,
    groups::COMMIT,
    groups::WELCOME,
    groups::GROUP_INFO,
    groups::PACKAGE,
    groups::ENVELOPE,
    groups::EPOCH,
];

/// A way: equal for what is equal.
fn way(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A text without its digits, so that errors differ by kind and not by place.
fn kind_of(error: &impl ToString) -> String {
    error.to_string().chars().filter(|c| !c.is_ascii_digit()).take(60).collect()
}

/// The values of a golden file of JSON: one object, a name and a value on each line.
fn golden_json(file: &str) -> Vec<(String, String)> {
    let lines = file.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix('"')?.split_once("\": ")?;
        Some((name.to_owned(), value.trim_end_matches(',').to_owned()))
    });
    lines.collect()
}

/// The values of a golden file of bytes: a name and hex on each line.
fn golden_hex(file: &str) -> Vec<(String, Vec<u8>)> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let lines = file.lines().filter_map(|line| {
        let (name, hex) = line.rsplit_once(": ")?;
        Some((name.to_owned(), hex.as_bytes().chunks(2).filter_map(byte).collect()))
    });
    lines.collect()
}

const CLIENT_JSON: &str = include_str!("../../../crates/proto/tests/fixtures/client.json");
const SERVER_JSON: &str = include_str!("../../../crates/proto/tests/fixtures/server.json");
const ENTRIES_JSON: &str = include_str!("../../../crates/proto/tests/fixtures/entries.json");
const REQUESTS_JSON: &str = include_str!("../../../crates/proto/tests/fixtures/requests.json");
const FRAMES_CBOR: &str = include_str!("../../../crates/proto/tests/fixtures/frames.cbor.txt");
const STORED_ENTRIES: &str = include_str!("../../../crates/chat/tests/fixtures/entry.1.txt");
const STORED_RECORDS: &str = include_str!("../../../crates/chat/tests/fixtures/record.1.txt");
const STORED_OTHERS: &str = include_str!("../../../crates/chat/tests/fixtures/others.1.txt");
const E2EE_KEYS: &str = include_str!("../../../crates/e2ee/tests/fixtures/keys.1.txt");
