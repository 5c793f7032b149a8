//! What endpoints take from a request, checked strictly: who asks, from where, path, query, body.

mod address;
mod body;
mod caller;
mod path;
mod query;

pub use address::ClientAddr;
pub(super) use body::{JsonBody, KeysBody, announced, is_media_type};
pub(super) use path::{OwnPath, PathIds};
pub(super) use query::{QueryOf, page_size};

/// Most characters of a client's own words that an error repeats.
const QUOTED_MAX: usize = 64;

/// The beginning of a client's own words, fit for an error text.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(QUOTED_MAX).collect()
}
