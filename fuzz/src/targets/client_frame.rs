//! A text frame of a client: refused with a short reason, or taken and printed the same way for ever.

use chinwag_proto::frame::FrameError;
use chinwag_proto::{ClientFrame, Limits};

use super::{CLIENT_JSON, golden_json, kind_of, way};
use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "client_frame",
    check,
    seeds: || golden_json(CLIENT_JSON).into_iter().map(|(_, json)| json.into_bytes()).collect(),
};

fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    takes(text)
}

/// What every text has to pass, from whichever encoding it comes.
pub(super) fn takes(text: &str) -> u64 {
    let limits = Limits::default();
    match ClientFrame::parse(text, &limits) {
        Err(FrameError::Bad) => way("bad"),
        Err(FrameError::Invalid { id, detail }) => {
            assert!(detail.len() < 1_500, "a long detail");
            way((id.is_some(), kind_of(&detail)))
        }
        Ok(frame) => {
            let printed = frame.to_json();
            assert_eq!(ClientFrame::parse(&printed, &limits), Ok(frame), "printed as {printed}");
            way((printed.len() / 16, printed.matches('"').count()))
        }
    }
}
