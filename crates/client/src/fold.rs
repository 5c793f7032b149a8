//! One line of a timeline: an entry and all that has changed it. Pure.
//!
//! Folding is idempotent and does not depend on the order in which changes come: of two for the same place
//! the one with the higher seq stands. So rows of the store, pages and live entries may overlap.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::entry::{Body, Entry};
use chinwag_proto::{Content, ReactionKey, Seq, Timestamp, UserId};

/// An entry that stands in the timeline by itself, with its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) entry: Entry,
    /// The edit that stands.
    pub(crate) edit: Option<Entry>,
    pub(crate) deleted: Option<Seq>,
    reactions: BTreeMap<(ReactionKey, UserId), (Seq, bool)>,
}

/// The message that an entry changes; `None` for one that stands by itself.
pub(crate) const fn target(entry: &Entry) -> Option<Seq> {
    match &entry.body {
        Body::Edit { target, .. } | Body::Delete { target } | Body::Reaction { target, .. } => Some(*target),
        _ => None,
    }
}

/// Whether an entry stands in the timeline by itself.
pub(crate) const fn stands(entry: &Entry) -> bool {
    target(entry).is_none() && !matches!(entry.body, Body::Unknown { .. })
}

impl Line {
    pub(crate) const fn new(entry: Entry) -> Self {
        Self { entry, edit: None, deleted: None, reactions: BTreeMap::new() }
    }

    /// Takes a change of this message in; whether it made a difference.
    pub(crate) fn fold(&mut self, amend: &Entry) -> bool {
        match &amend.body {
            // A wiped edit belongs to a deleted message, whose deletion comes as well.
            Body::Edit { content: Some(_), .. } if self.deleted.is_none() => {
                let newer = self.edit.as_ref().is_none_or(|edit| edit.seq < amend.seq);
                if newer {
                    self.edit = Some(amend.clone());
                }
                newer
            }
            Body::Delete { .. } if self.deleted.is_none() => {
                self.deleted = Some(amend.seq);
                self.entry = self.entry.wiped();
                self.edit = None;
                self.reactions.clear();
                true
            }
            Body::Reaction { key, on, .. } if self.deleted.is_none() => {
                let place =
                    self.reactions.entry((key.clone(), amend.sender_id)).or_insert((Seq::ZERO, false));
                let newer = place.0 < amend.seq;
                if newer {
                    *place = (amend.seq, *on);
                }
                newer
            }
            _ => false,
        }
    }

    /// The content as it stands, with the entry that carries it; `None` when deleted, or no message.
    pub(crate) fn content(&self) -> Option<(&Entry, &Content)> {
        let standing = self.edit.as_ref().unwrap_or(&self.entry);
        match &standing.body {
            Body::Message { content: Some(content), .. } | Body::Edit { content: Some(content), .. }
                if self.deleted.is_none() =>
            {
                Some((standing, content))
            }
            _ => None,
        }
    }

    /// When it was edited last.
    pub(crate) fn edited_at(&self) -> Option<Timestamp> {
        self.edit.as_ref().map(|edit| edit.created_at)
    }

    /// Who reacts how.
    pub(crate) fn reactions(&self) -> BTreeMap<ReactionKey, BTreeSet<UserId>> {
        let mut sums: BTreeMap<ReactionKey, BTreeSet<UserId>> = BTreeMap::new();
        for ((key, user), (_, on)) in &self.reactions {
            if *on {
                sums.entry(key.clone()).or_default().insert(*user);
            }
        }
        sums
    }
}

/// Rows of entries and amends as lines; rows that cannot be read are left out.
pub(crate) fn lines<'a>(values: impl Iterator<Item = &'a str>) -> (BTreeMap<Seq, Line>, Vec<Entry>) {
    let mut lines = BTreeMap::new();
    let mut amends = Vec::new();
    for entry in values.filter_map(|value| serde_json::from_str::<Entry>(value).ok()) {
        if target(&entry).is_some() {
            amends.push(entry);
        } else {
            lines.insert(entry.seq, Line::new(entry));
        }
    }
    (lines, amends)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{entry, message};
    use serde_json::json;

    fn changes() -> Vec<Entry> {
        vec![
            entry(2, 1, json!({ "kind": "edit", "target": 1, "content": "two" })),
            entry(3, 1, json!({ "kind": "edit", "target": 1, "content": "three" })),
            entry(4, 2, json!({ "kind": "reaction", "target": 1, "key": "+", "on": true })),
            entry(5, 2, json!({ "kind": "reaction", "target": 1, "key": "+", "on": false })),
            entry(6, 1, json!({ "kind": "reaction", "target": 1, "key": "+", "on": true })),
        ]
    }

    #[test]
    fn the_order_and_repetition_of_changes_make_no_difference() {
        let mut forwards = Line::new(message(1, "one"));
        changes().iter().for_each(|change| assert!(forwards.fold(change)));
        let mut backwards = Line::new(message(1, "one"));
        for change in changes().iter().rev().chain(&changes()) {
            backwards.fold(change);
        }
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.content().unwrap().1.fallback(), "three");
        assert_eq!(forwards.reactions().values().next().unwrap().len(), 1);
    }

    #[test]
    fn a_deletion_leaves_nothing_whatever_comes_before_or_after() {
        let deletion = entry(9, 1, json!({ "kind": "delete", "target": 1 }));
        let mut early = Line::new(message(1, "one"));
        early.fold(&deletion);
        changes().iter().for_each(|change| assert!(!early.fold(change)));
        let mut late = Line::new(message(1, "one"));
        changes().iter().for_each(|change| assert!(late.fold(change)));
        late.fold(&deletion);
        assert_eq!(early, late);
        assert!(late.content().is_none() && late.reactions().is_empty());
        assert!(!format!("{:?}", serde_json::to_string(&late.entry)).contains("one"));
    }
}
