//! The golden texts: each file is one JSON object, a name and a value on each line.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt;

use chinwag_proto::rest::*;
use chinwag_proto::{Limits, Problem};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

pub const CLIENT: &str = include_str!("../fixtures/client.json");
pub const SERVER: &str = include_str!("../fixtures/server.json");
pub const ENTRIES: &str = include_str!("../fixtures/entries.json");
pub const REQUESTS: &str = include_str!("../fixtures/requests.json");
pub const ANSWERS: &str = include_str!("../fixtures/answers.json");

struct Fixtures(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fixtures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fixtures;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fixtures, A::Error> {
                let mut fixtures = Vec::new();
                while let Some(member) = members.next_entry()? {
                    fixtures.push(member);
                }
                Ok(Fixtures(fixtures))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The names and texts of a file.
pub fn fixtures(file: &str) -> Vec<(String, String)> {
    let Fixtures(fixtures) = serde_json::from_str(file).unwrap();
    fixtures.into_iter().map(|(name, json)| (name, json.get().to_owned())).collect()
}

/// The first word of a fixture's name: its type.
pub fn first_word(name: &str) -> &str {
    name.split([' ', ',']).next().unwrap()
}

/// Parses a body as its type and prints it again.
pub type Reprint = fn(&str) -> Result<String, String>;

/// As the server reads a request.
pub fn request<T: DeserializeOwned + Serialize>(json: &str) -> Result<String, String> {
    chinwag_proto::strict::parse_object::<T>(json).map(|body| serde_json::to_string(&body).unwrap())
}

/// As a client reads an answer.
pub fn answer<T: DeserializeOwned + Serialize>(json: &str) -> Result<String, String> {
    serde_json::from_str::<T>(json)
        .map(|body| serde_json::to_string(&body).unwrap())
        .map_err(|error| error.to_string())
}

macro_rules! bodies {
    ($read:ident: $($name:ident)+) => { &[$((stringify!($name), $read::<$name> as Reprint)),+] };
}

pub const REQUEST_TYPES: &[(&str, Reprint)] = bodies!(request: Register LoginDevice Login UpdateMe EraseAccount
    ChangePassword RenameDevice CreateChat UpdateChat AddMembers SetRole MarkRead SendMessage EditMessage
    PublishKeys ClaimKeys AppendLinks AppendBackup PutNotice);

pub const ANSWER_TYPES: &[(&str, Reprint)] = bodies!(answer: Registered ChatServer LoginDone Profile Me DeviceInfo
    Devices Contact Contacts BlockInfo Blocks PresenceList Other Summary ChatList HeadDone Member Members Sent
    EditDone ReactionCount Message MessagePage EntryPage Problem KeyStock ClaimedKey ClaimedKeys DeviceChain ChainVersion
    BackupInfo Backups BackupPage BackupHead NoticeDone);

/// The reader of a fixture's type.
pub fn reader(types: &[(&str, Reprint)], name: &str) -> Reprint {
    let known = types.iter().find(|(known, _)| *known == first_word(name));
    known.unwrap_or_else(|| panic!("{name} is no known body")).1
}

pub fn limits() -> Limits {
    Limits::default()
}
