//! Stored bytes: what goes in comes out, and nothing else is taken for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::stored::{
    decode_entry, decode_head, decode_record, decode_state, decode_view, encode_entry, encode_head,
    encode_record, encode_state, encode_view,
};
use common::*;

#[test]
fn everything_of_a_chat_comes_back() {
    let mut bench = Bench::plain_group();
    bench.accepts_record(bench.record(ANNA, says("a")).id("Az09-_x"));
    bench.accepts(ANNA, edits(3, "b"));
    bench.accepts(BEN, reacts(3, "+", true));
    bench.accepts(ANNA, removes(DAN));
    bench.accepts(ANNA, deletes(3));
    for (_, entry, _, record) in &bench.entries {
        for entry in [entry.clone(), entry.wiped()] {
            let mut bytes = Vec::new();
            encode_entry(&entry, &mut bytes);
            assert_eq!(decode_entry(&bytes), Ok(entry));
        }
        let mut bytes = Vec::new();
        encode_record(record, &mut bytes);
        assert_eq!(decode_record(&bytes).as_ref(), Ok(record));
    }
    let (mut head, mut state, mut view) = (Vec::new(), Vec::new(), Vec::new());
    encode_head(bench.chat.head(), &mut head);
    encode_state(bench.chat.state(), &mut state);
    encode_view(&bench.views[&seq(3)], &mut view);
    assert_eq!(decode_head(&head).as_ref(), Ok(bench.chat.head()));
    assert_eq!(decode_state(&state).as_ref(), Ok(&**bench.chat.state()));
    assert_eq!(decode_view(&view).as_ref(), Ok(&bench.views[&seq(3)]));
}
