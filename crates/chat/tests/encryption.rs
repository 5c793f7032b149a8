//! Encrypted chats: what they take, on which epoch it stands, and that nothing falls back to plain.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::{Ask, Outcome, Refusal};
use chinwag_proto::entry::{Encryption, History, WhoMayAdd};
use chinwag_proto::{Body, Content, MembershipChange, Role};
use common::*;
use sha2::{Digest, Sha256};

fn sha(text: &str) -> Option<[u8; 32]> {
    Some(Sha256::digest(text).into())
}

#[test]
fn a_direct_chat_whose_first_record_is_mls_is_encrypted() {
    let mut bench = Bench::new(direct());
    assert!(matches!(bench.refuses(ANNA, commits(&[])), Refusal::Invalid(_)));
    assert_eq!(
        bench.refuses_record(bench.record(ANNA, commits(&[])).after(1)),
        Refusal::StaleEpoch { after: seq(0) }
    );
    let entry = bench.accepts_record(bench.record(ANNA, commits(&[])).after(0));
    assert_eq!((entry.seq, entry.n, entry.after), (seq(1), 0, Some(seq(0))));
    assert_eq!(bench.chat.head().mls_seq, seq(1));
    assert_eq!(bench.chat.state().settings.encryption, Encryption::Mls);
    assert_eq!(bench.refuses(BEN, says("plain")), Refusal::EncryptionRequired);
    bench.accepts_record(bench.record(BEN, says_sealed("c2VjcmV0")).after(1));
    let one_more = bench.record(BEN, commits(&[added(CARA)])).after(1);
    assert!(matches!(bench.refuses_record(one_more), Refusal::Invalid(_)));
}

#[test]
fn a_plain_chat_never_becomes_encrypted() {
    for mut bench in [Bench::plain_group(), {
        let mut b = Bench::new(direct());
        b.accepts(ANNA, says("a"));
        b
    }] {
        for after in [None, Some(0)] {
            let mut record = bench.record(ANNA, commits(&[]));
            record.after = after.map(seq);
            assert!(matches!(bench.refuses_record(record), Refusal::Invalid(_)));
        }
    }
}

#[test]
fn plain_content_titles_and_membership_changes_are_refused() {
    let mut bench = Bench::encrypted_group();
    bench.accepts_record(bench.record(CARA, says_sealed("x")).after(2));
    let plain = [
        says("x"),
        edits(3, "x"),
        adds(&[EVE]),
        removes(DAN),
        removes(EVE),
        gives(CARA, Role::Admin),
        gives(ANNA, Role::Member),
        titles("x"),
    ];
    for ask in plain {
        for after in [None, Some(2), Some(1)] {
            let mut record = bench.record(ANNA, ask.clone());
            record.after = after.map(seq);
            assert_eq!(bench.refuses_record(record), Refusal::EncryptionRequired, "{ask:?}");
        }
    }
    let mut new = Bench::new(group());
    let Ask::Create { members, .. } = create(&[BEN], Encryption::Mls) else { panic!() };
    let titled = Ask::Create {
        title: Some("x".parse().unwrap()),
        members,
        encryption: Encryption::Mls,
        history: History::Joined,
    };
    assert_eq!(new.refuses(ANNA, titled), Refusal::EncryptionRequired);
    let early = new.record(ANNA, create(&[BEN], Encryption::Mls)).after(0);
    assert!(matches!(new.refuses_record(early), Refusal::Invalid(_)));
}

#[test]
fn who_names_no_epoch_has_not_encrypted() {
    let mut bench = Bench::encrypted_group();
    bench.accepts_record(bench.record(CARA, says_sealed("x")).after(2));
    for ask in [says_sealed("x"), Ask::Edit { target: seq(3), content: sealed("y") }, reacts(3, "x", true)] {
        assert_eq!(bench.refuses(CARA, ask), Refusal::EncryptionRequired);
    }
    assert!(matches!(bench.refuses(CARA, commits(&[])), Refusal::Invalid(_)));
}

#[test]
fn what_stands_on_an_older_epoch_is_stale() {
    let mut bench = Bench::encrypted_group();
    bench.accepts_record(bench.record(CARA, says_sealed("x")).after(2));
    bench.accepts_record(bench.record(BEN, commits(&[])).after(2));
    assert_eq!(bench.chat.head().mls_seq, seq(4));
    let asks = [
        says_sealed("x"),
        Ask::Edit { target: seq(3), content: sealed("y") },
        reacts(3, "x", true),
        commits(&[added(EVE)]),
        deletes(3),
        removes(CARA),
    ];
    for ask in asks {
        for wrong in [0, 2, 3, 5] {
            let record = bench.record(CARA, ask.clone()).after(wrong);
            assert_eq!(bench.refuses_record(record), Refusal::StaleEpoch { after: seq(4) }, "{ask:?}");
        }
        let outcome = bench.clone().apply(bench.record(CARA, ask.clone()).after(4));
        let accepted = matches!(outcome, Outcome::Accepted(_));
        assert_eq!(accepted, !matches!(ask, Ask::Mls { .. }), "{ask:?}");
    }
}

#[test]
fn a_retry_is_recognised_after_the_epoch_has_moved_on() {
    let mut bench = Bench::encrypted_group();
    let message = bench.record(CARA, says_sealed("x")).after(2).id("m");
    let commit = bench.record(BEN, commits(&[])).after(2).id("c");
    bench.accepts_record(message.clone());
    bench.accepts_record(commit.clone());
    assert_eq!(bench.duplicates(message), 3);
    assert_eq!(bench.duplicates(commit), 4);
    let loser = bench.record(ANNA, commits(&[])).after(2).id("c");
    assert_eq!(bench.refuses_record(loser), Refusal::StaleEpoch { after: seq(4) });
}

#[test]
fn leaving_deleting_and_settings_need_no_commit() {
    let mut bench = Bench::encrypted_group();
    bench.accepts_record(bench.record(CARA, says_sealed("x")).after(2));
    bench.accepts(CARA, deletes(3));
    bench.accepts(
        ANNA,
        Ask::Update { title: None, history: Some(History::All), who_may_add: Some(WhoMayAdd::Members) },
    );
    assert_eq!(Bench::changes(&bench.accepts(CARA, removes(CARA))), [left(CARA)]);
    let leaves = bench.accepts(ANNA, removes(ANNA));
    assert_eq!(Bench::changes(&leaves), [left(ANNA), now(BEN, Role::Owner)]);
    assert_eq!(bench.chat.head().mls_seq, seq(2));
}

#[test]
fn the_changes_of_a_commit_stand_as_they_were_signed() {
    let mut bench = Bench::encrypted_group();
    bench.accepts(DAN, removes(DAN));
    let changes = [added(EVE), added(CARA), removed(DAN), now(BEN, Role::Admin)];
    let entry = bench.accepts_record(bench.record(ANNA, commits(&changes)).after(2));
    assert_eq!(Bench::changes(&entry), changes);
    assert_eq!((bench.since(EVE), bench.since(CARA), bench.role(DAN)), (Some(4), Some(1), None));
    assert_eq!(bench.chat.state().former[&user(DAN)], seq(3));
    assert_eq!(bench.chat.head().state_seq, seq(4));
    bench.accepts_record(bench.record(ANNA, commits(&[])).after(4));
    assert_eq!(bench.chat.head().state_seq, seq(4));
}

#[test]
fn a_commit_leaves_the_group_an_owner() {
    let mut bench = Bench::encrypted_group();
    let wrong = [
        vec![now(ANNA, Role::Member)],
        vec![removed(ANNA)],
        vec![left(ANNA)],
        vec![now(BEN, Role::Owner), now(BEN, Role::Member)],
        vec![change(BEN, MembershipChange::Role, None)],
        vec![change(BEN, MembershipChange::Removed, Some(Role::Member))],
    ];
    for changes in wrong {
        let record = bench.record(ANNA, commits(&changes)).after(2);
        assert!(matches!(bench.refuses_record(record), Refusal::Invalid(_)), "{changes:?}");
    }
    let changes = [now(ANNA, Role::Member), now(CARA, Role::Owner)];
    bench.accepts_record(bench.record(ANNA, commits(&changes)).after(2));
    assert_eq!((bench.role(ANNA), bench.role(CARA)), (Some(Role::Member), Some(Role::Owner)));
}

#[test]
fn every_entry_of_an_encrypted_chat_has_the_digest_of_what_it_says() {
    let mut bench = Bench::encrypted_group();
    let create = r#"{"encryption":"mls","history":"joined","members":[{"role":"owner","userId":"1"},{"role":"member","userId":"2"},{"role":"member","userId":"3"},{"role":"member","userId":"4"}]}"#;
    assert_eq!(bench.entries[0].1.digest, sha(create));
    let commit =
        r#"{"changes":[{"change":"role","role":"admin","userId":"2"}],"data":{"text":"","type":"mls"}}"#;
    assert_eq!(bench.entries[1].1.digest, sha(commit));
    let spaced = Content::from_json(r#"{"type":"sealed", "text":"", "box":1.0}"#.to_owned()).unwrap();
    let message = bench.record(CARA, Ask::Message { content: spaced, reply_to: None }).after(2);
    let message = bench.accepts_record(message);
    assert_eq!(message.digest, sha(r#"{"box":1,"text":"","type":"sealed"}"#));
    assert_eq!(message.wiped().digest, message.digest);
    assert_eq!(message.wiped().compute_digest(), None);
    let reaction = bench.accepts_record(bench.record(CARA, reacts(3, "\u{1f44d}", true)).after(2));
    assert_eq!(reaction.digest, sha("{\"key\":\"\u{1f44d}\",\"on\":true,\"target\":3}"));
    assert_eq!(bench.accepts(CARA, deletes(3)).digest, sha(r#"{"target":3}"#));
    let left = bench.accepts(DAN, removes(DAN));
    assert_eq!(left.digest, sha(r#"{"changes":[{"change":"left","userId":"4"}]}"#));
    for (_, entry, _, _) in &bench.entries {
        assert_eq!(entry.digest, entry.compute_digest());
        assert!(matches!(entry.body, Body::Chat(_)) || entry.seq > seq(1));
    }
    let mut direct = Bench::new(direct());
    assert!(direct.accepts_record(direct.record(ANNA, commits(&[])).after(0)).digest.is_some());
}
