//! A timeline as the difference from the one that a screen has: lines that are the same are named by their
//! old place, so that a screen keeps the very objects it has drawn.

use std::collections::HashMap;

use chinwag_client::Shown;
use serde::Serialize;

use crate::shown::{LineShown, key};

/// A line that the screen has, or a new one.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Part<'a> {
    Kept(usize),
    Line(Box<LineShown<'a>>),
}

/// The new timeline, in order; `None` where it is the old one.
pub(crate) fn patch<'a>(before: &[Shown], after: &'a [Shown]) -> Option<Vec<Part<'a>>> {
    if before == after {
        return None;
    }
    let places: HashMap<String, usize> =
        before.iter().enumerate().map(|(place, line)| (key(line), place)).collect();
    let part = |line: &'a Shown| match places.get(&key(line)) {
        Some(&place) if before.get(place) == Some(line) => Part::Kept(place),
        _ => Part::Line(Box::new(LineShown::of(line))),
    };
    Some(after.iter().map(part).collect())
}
