//! A text frame of a server, as a client reads it: entries of every kind among them.

use chinwag_proto::ServerFrame;

use super::{ENTRIES_JSON, SERVER_JSON, golden_json, kind_of, way};
use crate::Target;

pub(super) const TARGET: Target = Target { name: "server_frame", check, seeds };

fn seeds() -> Vec<Vec<u8>> {
    let frames = golden_json(SERVER_JSON).into_iter().map(|(_, json)| json);
    let entries = golden_json(ENTRIES_JSON).into_iter();
    let entries = entries.map(|(_, json)| json.replacen('{', "{\"type\":\"entry\",", 1));
    frames.chain(entries).map(String::into_bytes).collect()
}

fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    match ServerFrame::parse(text) {
        Err(error) => way(kind_of(&error)),
        Ok(ServerFrame::Unknown) => way("unknown"),
        Ok(frame) => {
            let printed = frame.to_json();
            let again = ServerFrame::parse(&printed);
            assert_eq!(again.ok(), Some(frame), "printed as {printed}");
            way((printed.len() / 16, printed.matches('"').count()))
        }
    }
}
