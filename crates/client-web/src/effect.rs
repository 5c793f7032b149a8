//! Effects as the driver gets them. What is different on screen is left out: that goes to the screens.

use chinwag_client::store::{Batch, Op, Range};
use chinwag_client::{Effect, Timer};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Due {
    Connect { url: Option<String> },
    Disconnect,
    Send { text: String },
    Store { number: u64, ops: Vec<Change> },
    Load { number: u64, ranges: Vec<Stretch> },
    Timer { timer: String, at_ms: u64 },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Change {
    Put(String, String),
    Delete(String),
    Clear(String, String),
}

#[derive(Serialize)]
pub(crate) struct Stretch {
    from: String,
    to: String,
    limit: usize,
    backwards: bool,
}

impl From<Range> for Stretch {
    fn from(range: Range) -> Self {
        let Range { from, to, limit, backwards } = range;
        Self { from, to, limit, backwards }
    }
}

impl From<Op> for Change {
    fn from(op: Op) -> Self {
        match op {
            Op::Put(key, value) => Self::Put(key, value),
            Op::Delete(key) => Self::Delete(key),
            Op::DeleteRange(range) => Self::Clear(range.from, range.to),
        }
    }
}

/// What the driver has to do for an effect; nothing for what concerns the screens alone.
pub(crate) fn due(effect: Effect) -> Option<Due> {
    Some(match effect {
        Effect::Connect { url } => Due::Connect { url },
        Effect::Disconnect => Due::Disconnect,
        Effect::Send(frame) => Due::Send { text: frame.to_json() },
        Effect::Store(Batch { number, ops }) => {
            Due::Store { number, ops: ops.into_iter().map(Change::from).collect() }
        }
        Effect::Load(load) => {
            let ranges = load.ranges.into_iter().map(Stretch::from).collect();
            Due::Load { number: load.number, ranges }
        }
        Effect::SetTimer { timer, at_ms } => Due::Timer { timer: name(timer), at_ms },
        // The plain seal, the only one here, makes no calls.
        Effect::Call { .. } | Effect::Changed(_) => return None,
    })
}

/// A timer's name for the driver, which knows no more of it.
pub(crate) fn name(timer: Timer) -> String {
    format!("{timer:?}")
}
