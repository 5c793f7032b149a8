//! Stored bytes: damaged ones are an error, and whatever is read has exactly the bytes it was read from.

use chinwag_chat::stored::{
    ChatKey, StoredError, chat_key, decode_entry, decode_head, decode_record, decode_state, decode_view,
    encode_entry, encode_head, encode_record, encode_state, encode_view,
};

use super::{STORED_ENTRIES, STORED_OTHERS, STORED_RECORDS, golden_hex, kind_of, way};
use crate::Target;

pub(super) const ENTRY: Target = Target {
    name: "stored_entry",
    check: |input| exact(input, decode_entry, encode_entry),
    seeds: || seeds(STORED_ENTRIES, ""),
};

pub(super) const RECORD: Target = Target {
    name: "stored_record",
    check: |input| exact(input, decode_record, encode_record),
    seeds: || seeds(STORED_RECORDS, ""),
};

pub(super) const HEAD: Target = Target {
    name: "stored_head",
    check: |input| exact(input, decode_head, encode_head),
    seeds: || seeds(STORED_OTHERS, "head"),
};

pub(super) const STATE: Target = Target {
    name: "stored_state",
    check: |input| exact(input, decode_state, encode_state),
    seeds: || seeds(STORED_OTHERS, "state"),
};

pub(super) const VIEW: Target = Target {
    name: "stored_view",
    check: |input| exact(input, decode_view, encode_view),
    seeds: || seeds(STORED_OTHERS, "view"),
};

pub(super) const CHAT_KEY: Target = Target {
    name: "chat_key",
    check: |input| match ChatKey::parse(input) {
        None => way(input.len()),
        Some(chat) => {
            assert_eq!(chat_key(chat).as_bytes(), input);
            way((input.len(), input.first()))
        }
    },
    seeds: || seeds(STORED_OTHERS, "key"),
};

fn seeds(file: &str, prefix: &str) -> Vec<Vec<u8>> {
    let values = golden_hex(file).into_iter().filter(|(name, _)| name.starts_with(prefix));
    values.map(|(_, bytes)| bytes).collect()
}

fn exact<T>(input: &[u8], decode: fn(&[u8]) -> Result<T, StoredError>, encode: fn(&T, &mut Vec<u8>)) -> u64 {
    match decode(input) {
        Err(error) => way(kind_of(&error)),
        Ok(value) => {
            let mut bytes = Vec::new();
            encode(&value, &mut bytes);
            assert_eq!(bytes, input);
            way((input.len(), input.get(1)))
        }
    }
}
