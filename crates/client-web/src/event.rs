//! Events as the driver tells them.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Told {
    Started,
    Disconnected {
        code: Option<u16>,
    },
    /// A timer, by the name that its effect gave it.
    Fired(String),
    Stored(u64),
    StoreFailed,
    Loaded {
        number: u64,
        rows: Vec<(String, String)>,
    },
}
