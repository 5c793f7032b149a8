//! View rows of a busy message, whatever is folded again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::View;
use chinwag_proto::{Body, Content, Entry};
use common::*;
use proptest::prelude::*;

/// Edits and reactions of three users to message 1, and perhaps its deletion at the end.
fn life() -> impl Strategy<Value = Vec<(u64, Entry)>> {
    let step = (1_u64..=3, 0_u8..=5, any::<bool>());
    (prop::collection::vec(step, 1..40), any::<bool>()).prop_map(|(steps, deleted)| {
        let mut bench = Bench::new(group());
        let template = bench.accepts(ANNA, create(&[], Default::default()));
        let target = seq(1);
        let mut bodies: Vec<(u64, Body)> = steps
            .into_iter()
            .map(|(sender, what, on)| match what {
                0 | 1 => (1, Body::Edit { target, content: Some(text(&format!("{what}{on}"))) }),
                what => (
                    sender,
                    Body::Reaction { target, key: reaction(["a", "b", "c", "d"][usize::from(what - 2)]), on },
                ),
            })
            .collect();
        if deleted {
            bodies.push((1, Body::Delete { target }));
        }
        let entry = |(index, (sender, body)): (usize, (u64, Body))| {
            let number = index as u64 + 2;
            (number * 10, Entry { seq: seq(number), sender_id: user(sender), body, ..template.clone() })
        };
        bodies.into_iter().enumerate().map(entry).collect()
    })
}

fn folded<'a>(entries: impl IntoIterator<Item = &'a (u64, Entry)>) -> View {
    let mut view = View::default();
    entries.into_iter().for_each(|(offset, entry)| view.fold(*offset, entry));
    view
}

proptest! {
    #[test]
    fn folding_again_changes_nothing_at_any_moment(life in life(), from in 0_usize..40, to in 0_usize..40) {
        let to = to.min(life.len());
        let mut view = folded(&life[..to]);
        let before = view.clone();
        for (offset, entry) in &life[from.min(to)..to] {
            view.fold(*offset, entry);
            prop_assert_eq!(&view, &before);
        }
        for (offset, entry) in &life[from.min(to)..] {
            view.fold(*offset, entry);
        }
        prop_assert_eq!(view, folded(&life));
    }

    /// Once a message is deleted its edits are wiped wherever they stand; folding those is the same.
    #[test]
    fn wiped_entries_fold_to_the_same_view_of_a_deleted_message(life in life()) {
        let view = folded(&life);
        prop_assume!(view.deleted.is_some());
        let wiped: Vec<_> = life.iter().map(|(offset, entry)| (*offset, entry.wiped())).collect();
        prop_assert_eq!(&view, &folded(&wiped));
        prop_assert!(view.last_edit.is_none_or(|(_, content)| content.is_none()));
    }

    #[test]
    fn the_sums_of_reactions_are_those_of_the_last_word_of_each(life in life()) {
        let view = folded(&life);
        let mut last = std::collections::BTreeMap::new();
        for (_, entry) in &life {
            if let Body::Reaction { key, on, .. } = &entry.body {
                last.insert((key.clone(), entry.sender_id), *on);
            }
        }
        let standing: Vec<_> = last.into_iter().filter(|(_, on)| *on).map(|(cell, _)| cell).collect();
        let mut cells: Vec<_> = view.cells.iter().filter(|cell| cell.on).map(|cell| (cell.key.clone(), cell.user)).collect();
        cells.sort();
        prop_assert_eq!(cells, standing);
    }
}

#[test]
fn a_deletion_wipes_the_last_edit_and_keeps_its_time() {
    let mut bench = Bench::new(direct());
    bench.accepts(ANNA, says("a"));
    let edit = bench.accepts(ANNA, edits(1, "b"));
    let (offset, deletion) = {
        let entry = bench.accepts(ANNA, deletes(1));
        (bench.offset, entry)
    };
    let view = &bench.views[&seq(1)];
    assert_eq!(view.last_edit, Some((edit.created_at, None::<Content>)));
    assert_eq!(view.deleted, Some((deletion.seq, offset, deletion.created_at)));
}

#[test]
fn taking_back_what_never_stood_leaves_no_trace() {
    let mut bench = Bench::new(direct());
    bench.accepts(ANNA, says("a"));
    bench.accepts(BEN, reacts(1, "+", false));
    assert_eq!(bench.views[&seq(1)], View::default());
    bench.accepts(BEN, reacts(1, "+", true));
    bench.accepts(BEN, reacts(1, "+", false));
    let view = &bench.views[&seq(1)];
    assert_eq!((view.cells.len(), view.cells[0].on, view.cells[0].seq), (1, false, seq(4)));
    assert_eq!(view.keys.len(), 1);
}

#[test]
fn entries_that_touch_no_message_change_no_view() {
    let mut bench = Bench::plain_group();
    let entry = bench.accepts(ANNA, says("a"));
    assert_eq!(View::target(&entry), None);
    assert_eq!(folded(&[(1, entry)]), View::default());
}
