//! A binary frame: no CBOR with a JSON form, or a text frame with a twin.

use chinwag_proto::cbor;

use super::{FRAMES_CBOR, client_frame, golden_hex, way};
use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "cbor_frame",
    check,
    seeds: || golden_hex(FRAMES_CBOR).into_iter().map(|(_, bytes)| bytes).collect(),
};

fn check(input: &[u8]) -> u64 {
    let Ok(json) = cbor::to_json(input) else { return way("no JSON form") };
    match cbor::from_json(&json) {
        Ok(twin) => assert_eq!(cbor::to_json(&twin).as_deref(), Ok(&*json)),
        Err(error) => panic!("{json} has no twin: {error}"),
    }
    client_frame::takes(&json)
}
