//! The body of a REST request: its first byte chooses the type, the rest is the text.

use chinwag_proto::rest::{
    AddMembers, AppendBackup, AppendLinks, ChangePassword, ClaimKeys, CreateChat, EditMessage, EraseAccount,
    Login, LoginDevice, MarkRead, PublishKeys, PutNotice, Register, RenameDevice, SendMessage, SetRole,
    UpdateChat, UpdateMe,
};
use chinwag_proto::strict::parse_object;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{REQUESTS_JSON, golden_json, kind_of, way};
use crate::Target;

pub(super) const TARGET: Target = Target { name: "rest_body", check, seeds };

type Takes = fn(&str) -> u64;

macro_rules! bodies {
    ($($name:ident)+) => { &[$((stringify!($name), takes::<$name> as Takes)),+] };
}

const BODIES: &[(&str, Takes)] = bodies!(Register LoginDevice Login UpdateMe EraseAccount ChangePassword
    RenameDevice CreateChat UpdateChat AddMembers SetRole MarkRead SendMessage EditMessage
    PublishKeys ClaimKeys AppendLinks AppendBackup PutNotice);

fn seeds() -> Vec<Vec<u8>> {
    let seed = |(name, json): (String, String)| {
        let kind = BODIES.iter().position(|(known, _)| Some(*known) == name.split([' ', ',']).next())?;
        Some([&[kind as u8], json.as_bytes()].concat())
    };
    golden_json(REQUESTS_JSON).into_iter().filter_map(seed).collect()
}

fn check(input: &[u8]) -> u64 {
    let Some((first, rest)) = input.split_first() else { return way("empty") };
    let Ok(text) = std::str::from_utf8(rest) else { return way("not UTF-8") };
    let kind = usize::from(*first) % BODIES.len();
    BODIES.get(kind).map_or(0, |(_, takes)| way((kind, takes(text))))
}

fn takes<T: DeserializeOwned + Serialize>(text: &str) -> u64 {
    match parse_object::<T>(text) {
        Err(detail) => {
            assert!(detail.len() < 1_500, "a long detail");
            way(kind_of(&detail))
        }
        Ok(body) => {
            let printed = serde_json::to_string(&body).unwrap_or_default();
            let again =
                parse_object::<T>(&printed).map(|body| serde_json::to_string(&body).unwrap_or_default());
            assert_eq!(again.as_ref(), Ok(&printed));
            way((printed.len() / 16, printed.matches('"').count()))
        }
    }
}
