//! Messages, edits, deletions, reactions and retries in plain chats.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::{Chat, Outcome, Past, Refusal};
use chinwag_proto::entry::Notice;
use chinwag_proto::{Body, ReactionKey};
use common::*;

#[test]
fn a_direct_chat_begins_with_its_first_message() {
    let mut bench = Bench::new(direct());
    assert_eq!(bench.refuses(BEN, edits(1, "x")), Refusal::NoChat);
    let entry = bench.accepts(ANNA, says("hi"));
    assert_eq!((entry.seq.get(), entry.n, entry.after, entry.digest), (1, 1, None, None));
    assert_eq!(entry.body, Body::Message { content: Some(text("hi")), reply_to: None });
    assert_eq!(bench.accepts(BEN, replies("hello", 1)).n, 2);
    assert_eq!(bench.chat.head().state_seq, seq(1));
    assert_eq!(bench.chat.state().members[&user(BEN)].joined_at, bench.entries[0].1.created_at);
}

#[test]
fn messages_alone_count() {
    let mut bench = Bench::plain_group();
    let counts: Vec<u64> = [says("a"), edits(3, "b"), reacts(3, "+", true), says("c"), deletes(3)]
        .into_iter()
        .map(|ask| bench.accepts(ANNA, ask).n)
        .collect();
    assert_eq!(counts, [1, 1, 1, 2, 2]);
}

#[test]
fn a_stranger_learns_nothing_of_a_chat() {
    for mut bench in [Bench::plain_group(), Bench::new(group())] {
        for ask in [
            says("a"),
            edits(1, "a"),
            deletes(1),
            adds(&[EVE]),
            removes(EVE),
            titles("t"),
            notices(Notice::Invite),
        ] {
            let record = bench.record(EVE, ask).id("known").again();
            assert_eq!(bench.chat.needs(&record, bench.id_key(&record)), Default::default());
            assert_eq!(bench.refuses_record(record), Refusal::NoChat);
        }
    }
    let mut bench = Bench::new(direct());
    bench.accepts(ANNA, says("hi"));
    assert_eq!(bench.refuses(EVE, says("hi")), Refusal::NoChat);
    let elsewhere = Bench::new(direct()).record(ANNA, says("hi"));
    assert_eq!(
        Chat::new(group()).apply(1, &elsewhere, None, &Past::default()),
        Outcome::Rejected(Refusal::NoChat)
    );
}

#[test]
fn a_former_member_is_told_so() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, removes(CARA));
    assert_eq!(bench.refuses(CARA, says("hi")), Refusal::NotMember);
    assert_eq!(bench.refuses(CARA, removes(CARA)), Refusal::NotMember);
}

#[test]
fn a_retry_is_the_first_result_even_for_a_former_member() {
    let mut bench = Bench::plain_group();
    let record = bench.record(CARA, says("hi")).id("one");
    bench.accepts_record(record.clone());
    assert_eq!(bench.duplicates(record.clone()), 3);
    bench.accepts(ANNA, removes(CARA));
    assert_eq!(bench.duplicates(record.clone()), 3);
    let other = bench.record(CARA, says("other")).id("one");
    assert_eq!(bench.refuses_record(other), Refusal::NotMember);
}

#[test]
fn an_id_belongs_to_one_request_of_one_user() {
    let mut bench = Bench::plain_group();
    bench.accepts_record(bench.record(CARA, says("hi")).id("one"));
    assert_eq!(bench.refuses_record(bench.record(CARA, says("ho")).id("one")), Refusal::IdempotencyConflict);
    assert_eq!(bench.refuses_record(bench.record(CARA, deletes(3)).id("one")), Refusal::IdempotencyConflict);
    assert_eq!(bench.accepts_record(bench.record(DAN, says("hi")).id("one")).seq, seq(4));
    let key = bench.accepts_record(bench.record(DAN, reacts(3, "+", true)).id("two")).client_message_id;
    assert_eq!(key.unwrap().as_str(), "two");
}

#[test]
fn an_id_older_than_256_entries_is_known_to_who_says_that_he_resends() {
    let mut bench = Bench::new(direct());
    let record = bench.record(ANNA, says("first")).id("first");
    bench.accepts_record(record.clone());
    for number in 2..=256 {
        bench.accepts_record(bench.record(BEN, says("more")).id(&format!("m{number}")));
    }
    assert_eq!(bench.duplicates(record.clone()), 1);
    bench.accepts(BEN, says("one more"));
    assert_eq!(bench.duplicates(record.clone().again()), 1);
    assert!(!bench.chat.needs(&record, bench.id_key(&record)).id);
}

#[test]
fn what_may_be_replied_to_or_reacted_to_is_a_message_in_sight() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("early"));
    bench.accepts(ANNA, adds(&[EVE]));
    for target in [0, 1, 4, 5, 99] {
        assert_eq!(bench.refuses(ANNA, replies("to", target)), Refusal::NoTarget, "{target}");
        assert_eq!(bench.refuses(ANNA, reacts(target, "+", true)), Refusal::NoTarget, "{target}");
        assert_eq!(bench.refuses(ANNA, edits(target, "+")), Refusal::NoTarget, "{target}");
        assert_eq!(bench.refuses(ANNA, deletes(target)), Refusal::NoTarget, "{target}");
    }
    assert_eq!(bench.refuses(EVE, replies("to", 3)), Refusal::NoTarget);
    assert_eq!(bench.refuses(EVE, reacts(3, "+", true)), Refusal::NoTarget);
    bench.accepts(DAN, replies("to", 3));
}

#[test]
fn its_sender_edits_a_message_and_nobody_else() {
    let mut bench = Bench::plain_group();
    bench.accepts(CARA, says("a"));
    for other in [ANNA, BEN, DAN] {
        assert!(matches!(bench.refuses(other, edits(3, "b")), Refusal::Forbidden(_)));
    }
    bench.accepts(CARA, edits(3, "b"));
    assert_eq!(bench.views[&seq(3)].last_edit.as_ref().unwrap().1, Some(text("b")));
}

#[test]
fn its_sender_or_a_moderator_deletes_a_message() {
    let mut bench = Bench::plain_group();
    for _ in 0..3 {
        bench.accepts(CARA, says("a"));
    }
    assert!(matches!(bench.refuses(DAN, deletes(3)), Refusal::Forbidden(_)));
    bench.accepts(CARA, deletes(3));
    bench.accepts(BEN, deletes(4));
    bench.accepts(ANNA, deletes(5));
    let mut bench = Bench::new(direct());
    bench.accepts(CARA - 1, says("a"));
    assert!(matches!(bench.refuses(ANNA, deletes(1)), Refusal::Forbidden(_)));
}

#[test]
fn deleting_what_is_deleted_answers_as_before() {
    let mut bench = Bench::plain_group();
    bench.accepts(CARA, says("a"));
    bench.accepts(CARA, deletes(3));
    for allowed in [CARA, BEN, ANNA] {
        assert_eq!(bench.duplicates(bench.record(allowed, deletes(3))), 4);
    }
    assert!(matches!(bench.refuses(DAN, deletes(3)), Refusal::Forbidden(_)));
    for ask in [edits(3, "b"), reacts(3, "+", true), replies("to", 3)] {
        assert_eq!(bench.refuses(CARA, ask), Refusal::NoTarget);
    }
}

#[test]
fn a_message_has_a_bounded_number_of_reaction_keys() {
    let mut bench = Bench::plain_group();
    bench.limits.reaction_keys = 2;
    bench.accepts(ANNA, says("a"));
    bench.accepts(ANNA, reacts(3, "one", true));
    bench.accepts(ANNA, reacts(3, "gone", false));
    bench.accepts(BEN, reacts(3, "two", true));
    assert!(matches!(bench.refuses(CARA, reacts(3, "three", true)), Refusal::Invalid(_)));
    bench.accepts(BEN, reacts(3, "two", false));
    assert!(matches!(bench.refuses(CARA, reacts(3, "three", true)), Refusal::Invalid(_)));
    bench.accepts(CARA, reacts(3, "three", false));
    bench.accepts(CARA, reacts(3, "one", true));
    let keys: Vec<&ReactionKey> = bench.views[&seq(3)].keys.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [&reaction("one"), &reaction("two")]);
    bench.limits.reaction_keys = 0;
    bench.accepts(ANNA, says("b"));
    let next = bench.chat.head().seq.get();
    assert!(matches!(bench.refuses(ANNA, reacts(next, "one", true)), Refusal::Invalid(_)));
}

#[test]
fn an_inbox_takes_notices_from_anybody_and_nothing_else() {
    let mut bench = Bench::new(inbox());
    bench.accepts(EVE, notices(Notice::Welcome));
    let entry = bench.accepts_record(bench.record(ANNA, notices(Notice::Device)).id("d"));
    assert_eq!((entry.seq, entry.n, entry.body.kind()), (seq(2), 0, "device"));
    assert_eq!(bench.duplicates(bench.record(ANNA, notices(Notice::Device)).id("d")), 2);
    assert!(matches!(bench.refuses(ANNA, says("x")), Refusal::Invalid(_)));
    assert!(matches!(
        bench.refuses_record(bench.record(ANNA, notices(Notice::Invite)).after(0)),
        Refusal::Invalid(_)
    ));
    assert_eq!(bench.refuses(EVE, says("x")), Refusal::NoChat);
    let mut group = Bench::plain_group();
    assert!(matches!(group.refuses(ANNA, notices(Notice::Invite)), Refusal::Invalid(_)));
}

#[test]
fn what_a_kind_of_chat_does_not_know_is_invalid() {
    let mut bench = Bench::new(direct());
    bench.accepts(ANNA, says("a"));
    for ask in [
        adds(&[EVE]),
        removes(ANNA),
        gives(BEN, chinwag_proto::Role::Owner),
        titles("t"),
        create(&[BEN], Default::default()),
    ] {
        assert!(matches!(bench.refuses(ANNA, ask), Refusal::Invalid(_)));
    }
    assert!(matches!(bench.refuses_record(bench.record(ANNA, says("x")).after(0)), Refusal::Invalid(_)));
    assert!(matches!(bench.refuses_record(bench.record(ANNA, commits(&[])).after(0)), Refusal::Invalid(_)));
    let mut newer = bench.record(ANNA, says("x"));
    newer.v += 1;
    assert!(matches!(bench.refuses_record(newer), Refusal::Invalid(_)));
}
