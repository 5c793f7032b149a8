//! A decision is a function of earlier records alone: rows that later ones left count as absent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::{Chat, Known, Needs, Outcome, Past, Record, Refusal, Target};
use common::*;

fn row(bench: &Bench, number: u64) -> Target {
    bench.all_rows(&bench.record(ANNA, deletes(number))).target.unwrap()
}

/// The outcome at `offset` with a target row that the store hands over.
fn with(bench: &Bench, offset: u64, record: &Record, target: Target) -> Outcome {
    let past = Past { target: Some(target.clone()), reply_to: Some(target), known: None };
    bench.chat.clone().apply(offset, record, None, &past)
}

#[test]
fn an_id_of_the_same_or_a_later_record_is_unknown() {
    let mut bench = Bench::plain_group();
    let record = bench.record(ANNA, says("x")).id("one").again();
    let key = bench.id_key(&record);
    for (offset, accepted) in [(499, false), (500, true), (501, true)] {
        let known = Known { seq: seq(1), fingerprint: record.fingerprint, offset };
        let past = Past { known: Some(known), ..Past::default() };
        let outcome = bench.chat.clone().apply(500, &record, key, &past);
        assert_eq!(matches!(outcome, Outcome::Accepted(_)), accepted, "{offset}");
    }
    bench.accepts_record(record);
}

#[test]
fn a_deletion_by_the_same_or_a_later_record_has_not_happened() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("x"));
    for (offset, deleted) in [(499, true), (500, false), (501, false)] {
        let target = Target { deleted: Some((seq(4), offset)), ..row(&bench, 3) };
        let outcome = with(&bench, 500, &bench.record(ANNA, deletes(3)), target.clone());
        assert_eq!(outcome == Outcome::Duplicate { seq: seq(4) }, deleted);
        for ask in [edits(3, "y"), reacts(3, "+", true), replies("y", 3)] {
            let outcome = with(&bench, 500, &bench.record(ANNA, ask), target.clone());
            assert_eq!(outcome == Outcome::Rejected(Refusal::NoTarget), deleted);
        }
    }
}

#[test]
fn keys_that_later_records_used_do_not_count() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("x"));
    bench.limits.reaction_keys = 2;
    for (offset, full) in [(499, true), (500, false), (501, false)] {
        let keys = vec![(reaction("a"), 400), (reaction("b"), offset)];
        let target = Target { keys, ..row(&bench, 3) };
        let outcome = with(&bench, 500, &bench.record(ANNA, reacts(3, "c", true)), target);
        assert_eq!(matches!(outcome, Outcome::Rejected(_)), full, "{offset}");
    }
}

#[test]
fn a_message_of_the_same_or_a_later_record_is_not_there() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("x"));
    for (offset, there) in [(499, true), (500, false), (501, false)] {
        let target = Target { offset, ..row(&bench, 3) };
        let outcome = with(&bench, 500, &bench.record(ANNA, edits(3, "y")), target.clone());
        assert_eq!(matches!(outcome, Outcome::Accepted(_)), there);
        let beyond = Target { seq: seq(4), ..target };
        let outcome = with(&bench, 500, &bench.record(ANNA, edits(4, "y")), beyond);
        assert_eq!(outcome, Outcome::Rejected(Refusal::NoTarget));
    }
    let another = Target { seq: seq(2), ..row(&bench, 3) };
    let outcome = with(&bench, 500, &bench.record(ANNA, edits(3, "y")), another);
    assert_eq!(outcome, Outcome::Rejected(Refusal::NoTarget));
}

#[test]
fn the_store_is_asked_for_no_more_than_the_decision_needs() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("x"));
    bench.accepts(ANNA, adds(&[EVE]));
    let needs = |bench: &Bench, record: &Record| bench.chat.needs(record, bench.id_key(record));
    let target = |number| Needs { target: Some(seq(number)), ..Needs::default() };
    assert_eq!(needs(&bench, &bench.record(ANNA, says("x")).id("new").again()), Needs::default());
    assert_eq!(needs(&bench, &bench.record(ANNA, edits(3, "y"))), target(3));
    assert_eq!(needs(&bench, &bench.record(ANNA, deletes(4))), target(4));
    assert_eq!(needs(&bench, &bench.record(ANNA, reacts(5, "+", true))), Needs::default());
    assert_eq!(needs(&bench, &bench.record(EVE, reacts(3, "+", true))), Needs::default());
    let reply = Needs { reply_to: Some(seq(3)), ..Needs::default() };
    assert_eq!(needs(&bench, &bench.record(ANNA, replies("y", 3))), reply);
    bench.accepts_record(bench.record(ANNA, edits(3, "y")).id("edit"));
    assert_eq!(needs(&bench, &bench.record(ANNA, edits(3, "y")).id("edit").again()), Needs::default());
    for _ in 0..256 {
        bench.accepts(ANNA, says("more"));
    }
    let record = bench.record(ANNA, edits(3, "y")).id("edit");
    assert_eq!(needs(&bench, &record), target(3));
    assert_eq!(needs(&bench, &record.again()), Needs { id: true, ..target(3) });
    assert_eq!(needs(&bench, &bench.record(ANNA, says("x")).again()), Needs::default());
    bench.accepts(ANNA, removes(CARA));
    let former = bench.record(CARA, edits(3, "y")).id("old").again();
    assert_eq!(needs(&bench, &former), Needs { id: true, ..Needs::default() });
}

#[test]
fn the_ids_of_the_last_256_entries_are_in_memory() {
    let mut bench = Bench::new(direct());
    for number in 1..=300 {
        bench.accepts_record(bench.record(ANNA, says("x")).id(&format!("m{number}")));
    }
    let held: Vec<u64> = bench.chat.recent().map(|(_, _, seq)| seq.get()).collect();
    assert_eq!(held, (45..=300).collect::<Vec<_>>());
    for number in [45, 46, 300] {
        assert_eq!(bench.duplicates(bench.record(ANNA, says("x")).id(&format!("m{number}"))), number);
    }
    let all =
        bench.entries.iter().map(|(_, entry, key, record)| (key.unwrap(), record.fingerprint, entry.seq));
    let restored = Chat::restore(bench.chat.id(), *bench.chat.head(), (**bench.chat.state()).clone(), all);
    assert_eq!(restored, bench.chat);
}

#[test]
fn a_chat_that_is_full_damaged_or_newer_takes_nothing() {
    let bench = Bench::plain_group();
    let state = (**bench.chat.state()).clone();
    let head = *bench.chat.head();
    let full = chinwag_chat::Head { seq: chinwag_proto::Seq::clamped(u64::MAX), ..head };
    let newer = chinwag_chat::Head { rule_version: 2, ..head };
    let damaged = [
        chinwag_chat::Head { state_seq: seq(3), ..head },
        chinwag_chat::Head { mls_seq: seq(3), ..head },
        chinwag_chat::Head { n: 3, ..head },
        chinwag_chat::Head { floor: seq(0), ..head },
        chinwag_chat::Head { floor: seq(4), ..head },
        chinwag_chat::Head { state_seq: seq(0), ..head },
    ];
    for head in damaged.iter().chain([&full, &newer]) {
        let mut chat = Chat::restore(group(), *head, state.clone(), []);
        let before = chat.clone();
        let outcome = chat.apply(500, &bench.record(ANNA, says("x")), None, &Past::default());
        assert!(matches!(outcome, Outcome::Rejected(Refusal::Invalid(_))), "{outcome:?}");
        let stranger = chat.apply(500, &bench.record(EVE, says("x")), None, &Past::default());
        assert_eq!(stranger, Outcome::Rejected(Refusal::NoChat));
        chat.replay(501, &bench.entries[0].1, None);
        assert_eq!(chat, before);
    }
    for head in damaged {
        assert!(Chat::restore(group(), head, state.clone(), []).invariant().is_err());
    }
}

#[test]
fn damage_to_the_state_is_seen() {
    let bench = Bench::plain_group();
    let whole = (**bench.chat.state()).clone();
    let damage: [fn(&mut chinwag_chat::State); 8] = [
        |state| state.members.get_mut(&user(ANNA)).unwrap().role = chinwag_proto::Role::Member,
        |state| state.members.get_mut(&user(BEN)).unwrap().joined = seq(9),
        |state| state.members.get_mut(&user(BEN)).unwrap().joined = seq(0),
        |state| state.members.get_mut(&user(BEN)).unwrap().since = seq(2),
        |state| state.members.get_mut(&user(BEN)).unwrap().since = seq(0),
        |state| state.former = [(user(BEN), seq(1))].into(),
        |state| state.former = [(user(EVE), seq(9))].into(),
        |state| state.settings.encryption = chinwag_proto::entry::Encryption::Mls,
    ];
    assert_eq!(whole.invariant(group(), seq(2)), Ok(()));
    for (number, damage) in damage.into_iter().enumerate() {
        let mut state = whole.clone();
        damage(&mut state);
        let restored = Chat::restore(group(), *bench.chat.head(), state, []);
        assert!(restored.invariant().is_err(), "{number}");
    }
    let mut state = chinwag_chat::State::of(direct());
    state.members.remove(&user(ANNA));
    assert!(state.invariant(direct(), seq(1)).is_err());
    let mut state = chinwag_chat::State::of(direct());
    state.members.get_mut(&user(ANNA)).unwrap().role = chinwag_proto::Role::Owner;
    assert!(state.invariant(direct(), seq(1)).is_err());
}

#[test]
fn a_trimmed_chat_keeps_its_floor() {
    let mut bench = Bench::new(inbox());
    for _ in 0..3 {
        bench.accepts(EVE, notices(chinwag_proto::entry::Notice::Invite));
    }
    for (asked, floor) in [(2, 2), (1, 2), (99, 4)] {
        bench.chat.trim(seq(asked));
        assert_eq!(bench.chat.head().floor, seq(floor));
        bench.chat.invariant().unwrap();
    }
}

#[test]
fn an_entry_of_another_chat_or_out_of_turn_is_not_taken() {
    let bench = Bench::plain_group();
    let mut chat = Chat::new("g.78".parse().unwrap());
    chat.replay(101, &bench.entries[0].1, None);
    assert_eq!(chat, Chat::new(chat.id()));
    let mut chat = Chat::new(group());
    chat.replay(102, &bench.entries[1].1, None);
    assert_eq!(chat, Chat::new(group()));
}
