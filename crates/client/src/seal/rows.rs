//! The seal's rows: their keys, and bytes as base64url.
//!
//! | key | row |
//! |---|---|
//! | `s/me` | this device's private keys |
//! | `s/setup` | the link by which this device becomes one of its user's, until the server has it |
//! | `s/u/USER` | a user's device chain, and the root that is trusted |
//! | `s/d/NAME` | a row of the MLS library that belongs to the device: key packages |
//! | `s/k/CHAT/SEQ` | the key and leaves of the epoch that the commit at this seq began |
//! | `s/c/CHAT` | the chat is encrypted, and followed up to this seq |
//! | `s/b` | the own backup chain's end, what is read of others, the history keys |
//! | `s/t/CHAT/SEQ` | an epoch that the own backup chain does not hold yet |
//! | `s/g/GROUP/SEQ` | an epoch of the backup whose chat is not known yet |
//! | `s/plain/CHAT` | the user wants this direct chat unencrypted |
//! | `g/backup/INDEX` | a record of the own backup chain |
//! | `g/CHAT/p` | the hash chain over the log |
//! | `g/CHAT/m/NAME` | a row of the MLS library that belongs to the chat's group |
//! | `g/CHAT/q/SEQ` | an entry that is held and not followed yet |
//! | `g/CHAT/w` | what this device wants to commit |

use chinwag_proto::{ChatId, Opaque, Seq, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::Op;

pub(super) const ME: &str = "s/me";
pub(super) const SETUP: &str = "s/setup";
pub(super) const BACKUP: &str = "s/b";
pub(super) const BACKUP_RECORDS: &str = "g/backup/";

/// This device's keys.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    pub(super) keys: Opaque,
    pub(super) created_at_ms: i64,
}

/// A link on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) after: u64,
    pub(super) link: Opaque,
    /// It revokes a device.
    #[serde(default)]
    pub(super) revokes: bool,
}

/// A chain as it is held.
#[derive(Serialize, Deserialize)]
pub(super) struct UserRow {
    pub(super) root: Opaque,
    pub(super) links: Vec<Opaque>,
}

/// How far an encrypted chat is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) position: Seq,
    /// Something is under way there: it is loaded at start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) busy: bool,
    /// The group may hold a device that this one has revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) check: bool,
    /// The MLS groups that the log names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<Opaque>,
}

pub(super) fn user(user: UserId) -> String {
    format!("s/u/{user}")
}

pub(super) fn device_row(name: &[u8]) -> String {
    format!("s/d/{}", Opaque(name.to_vec()))
}

pub(super) fn epoch(chat: ChatId, commit: Seq) -> String {
    format!("s/k/{chat}/{:014x}", commit.get())
}

pub(super) fn todo(chat: ChatId, commit: Seq) -> String {
    format!("s/t/{chat}/{:014x}", commit.get())
}

pub(super) fn unclaimed(group: &[u8; 16], commit: Seq) -> String {
    format!("s/g/{}/{:014x}", Opaque(group.to_vec()), commit.get())
}

pub(super) fn backup_record(index: u64) -> String {
    format!("{BACKUP_RECORDS}{index:014x}")
}

pub(super) fn mark(chat: ChatId) -> String {
    format!("s/c/{chat}")
}

pub(super) fn plain(chat: ChatId) -> String {
    format!("s/plain/{chat}")
}

/// All rows of a chat's group.
pub(super) fn of_chat(chat: ChatId) -> String {
    format!("g/{chat}/")
}

pub(super) fn log(chat: ChatId) -> String {
    format!("g/{chat}/p")
}

pub(super) fn wish(chat: ChatId) -> String {
    format!("g/{chat}/w")
}

pub(super) fn mls_row(chat: ChatId, name: &[u8]) -> String {
    format!("{}{}", mls_rows(chat), Opaque(name.to_vec()))
}

/// All rows of the MLS library of a chat's group.
pub(super) fn mls_rows(chat: ChatId) -> String {
    format!("g/{chat}/m/")
}

pub(super) fn queued(chat: ChatId, seq: Seq) -> String {
    format!("g/{chat}/q/{:014x}", seq.get())
}

/// A row with a JSON value; none where it has no form.
pub(super) fn put<T: Serialize + ?Sized>(key: String, value: &T) -> Option<Op> {
    serde_json::to_string(value).ok().map(|value| Op::Put(key, value))
}

pub(super) fn put_bytes(key: String, bytes: &[u8]) -> Op {
    Op::Put(key, Opaque(bytes.to_vec()).to_string())
}

pub(super) fn get<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_str(value).ok()
}

pub(super) fn get_bytes(value: &str) -> Option<Vec<u8>> {
    value.parse::<Opaque>().ok().map(|opaque| opaque.0)
}
