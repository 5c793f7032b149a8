//! Who may do what in a group, as a table; and who follows a last owner.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::{Ask, FORMER_MAX, Outcome, Refusal, State};
use chinwag_proto::entry::{Encryption, History, WhoMayAdd};
use chinwag_proto::{Body, MemberChange, MembershipChange, Role};
use common::*;

const OWNER: u64 = 11;
const OTHER_OWNER: u64 = 12;
const ADMIN: u64 = 13;
const OTHER_ADMIN: u64 = 14;
const MEMBER: u64 = 15;
const OTHER_MEMBER: u64 = 16;
const NEWCOMER: u64 = 17;

/// The messages of a member and of an owner.
const MEMBERS_MESSAGE: u64 = 6;
const OWNERS_MESSAGE: u64 = 7;

fn everybody(encryption: Encryption) -> Bench {
    let mut bench = Bench::new(group());
    bench.accepts(OWNER, create(&[OTHER_OWNER, ADMIN, OTHER_ADMIN, MEMBER, OTHER_MEMBER], encryption));
    let roles = [(OTHER_OWNER, Role::Owner), (ADMIN, Role::Admin), (OTHER_ADMIN, Role::Admin)];
    for (after, (user, role)) in roles.into_iter().enumerate() {
        match encryption {
            Encryption::None => bench.accepts(OWNER, gives(user, role)),
            Encryption::Mls => {
                let before = if after == 0 { 0 } else { after as u64 + 1 };
                bench.accepts_record(bench.record(OWNER, commits(&[now(user, role)])).after(before))
            }
        };
    }
    bench
}

fn plain() -> Bench {
    let mut bench = everybody(Encryption::None);
    bench.accepts(OWNER, titles("Climbers"));
    bench.accepts(OTHER_MEMBER, says("mine"));
    bench.accepts(OTHER_OWNER, says("mine"));
    bench
}

fn sets(history: Option<History>, who_may_add: Option<WhoMayAdd>) -> Ask {
    Ask::Update { title: None, history, who_may_add }
}

/// An action, the group in which it is asked for, and whether an owner, an admin, a member may.
type Row = (&'static str, fn() -> Bench, Ask, [bool; 3]);

#[test]
fn the_table_of_rights() {
    let open = || {
        let mut bench = plain();
        bench.accepts(OWNER, sets(None, Some(WhoMayAdd::Members)));
        bench
    };
    let table: [Row; 24] = [
        //                                                                            owner admin member
        ("send", plain, says("x"), [true, true, true]),
        ("reply", plain, replies("x", MEMBERS_MESSAGE), [true, true, true]),
        ("react", plain, reacts(MEMBERS_MESSAGE, "+", true), [true, true, true]),
        ("edit another's", plain, edits(MEMBERS_MESSAGE, "x"), [false, false, false]),
        ("delete a member's", plain, deletes(MEMBERS_MESSAGE), [true, true, false]),
        ("delete an owner's", plain, deletes(OWNERS_MESSAGE), [true, true, false]),
        ("add", plain, adds(&[NEWCOMER]), [true, true, false]),
        ("add where members may", open, adds(&[NEWCOMER]), [true, true, true]),
        ("add nobody new", plain, adds(&[OTHER_MEMBER]), [true, true, false]),
        ("remove a member", plain, removes(OTHER_MEMBER), [true, true, false]),
        ("remove an admin", plain, removes(OTHER_ADMIN), [true, false, false]),
        ("remove an owner", plain, removes(OTHER_OWNER), [true, false, false]),
        ("make a member admin", plain, gives(OTHER_MEMBER, Role::Admin), [true, false, false]),
        ("make a member owner", plain, gives(OTHER_MEMBER, Role::Owner), [true, false, false]),
        ("demote an admin", plain, gives(OTHER_ADMIN, Role::Member), [true, false, false]),
        ("demote an owner", plain, gives(OTHER_OWNER, Role::Admin), [true, false, false]),
        ("give the role one has", plain, gives(OTHER_MEMBER, Role::Member), [true, false, false]),
        ("title", plain, titles("New"), [true, true, false]),
        ("the same title", plain, titles("Climbers"), [true, true, false]),
        ("history", plain, sets(Some(History::All), None), [true, false, false]),
        ("whoMayAdd", plain, sets(None, Some(WhoMayAdd::Members)), [true, false, false]),
        ("nothing", plain, sets(None, None), [true, true, false]),
        (
            "title with history",
            plain,
            Ask::Update {
                title: Some("New".parse().unwrap()),
                history: Some(History::All),
                who_may_add: None,
            },
            [true, false, false],
        ),
        ("begin it again", plain, create(&[NEWCOMER], Encryption::None), [false, false, false]),
    ];
    for (action, bench, ask, allowed) in table {
        for (sender, allowed) in [OWNER, ADMIN, MEMBER].into_iter().zip(allowed) {
            let mut bench = bench();
            let outcome = bench.apply(bench.record(sender, ask.clone()));
            let refused = matches!(&outcome, Outcome::Rejected(_));
            assert_eq!(!refused, allowed, "{action} by {sender}: {outcome:?}");
        }
    }
}

#[test]
fn the_table_of_rights_over_changes_bound_to_a_commit() {
    let table: [(&str, MemberChange, [bool; 3]); 12] = [
        //                                                    owner admin member
        ("add", added(NEWCOMER), [true, true, false]),
        ("add who is there", added(OTHER_MEMBER), [true, true, false]),
        ("remove a member", removed(OTHER_MEMBER), [true, true, false]),
        ("remove an admin", removed(OTHER_ADMIN), [true, false, false]),
        ("remove an owner", removed(OTHER_OWNER), [true, false, false]),
        ("remove nobody", removed(NEWCOMER), [false, false, false]),
        ("make a member owner", now(OTHER_MEMBER, Role::Owner), [true, false, false]),
        ("demote an admin", now(OTHER_ADMIN, Role::Member), [true, false, false]),
        ("give the role one has", now(OTHER_ADMIN, Role::Admin), [true, false, false]),
        ("give nobody a role", now(NEWCOMER, Role::Admin), [false, false, false]),
        ("say that another left", left(OTHER_MEMBER), [false, false, false]),
        ("add with a role", change(NEWCOMER, MembershipChange::Added, Some(Role::Admin)), [false; 3]),
    ];
    for (action, change, allowed) in table {
        for (sender, allowed) in [OWNER, ADMIN, MEMBER].into_iter().zip(allowed) {
            let mut bench = everybody(Encryption::Mls);
            let outcome = bench.apply(bench.record(sender, commits(&[change])).after(4));
            let accepted = matches!(&outcome, Outcome::Accepted(_));
            assert_eq!(accepted, allowed, "{action} by {sender}: {outcome:?}");
            // All or nothing: with a change that everybody but a member may make.
            if !allowed {
                bench.refuses_record(bench.record(sender, commits(&[added(18), change])).after(4));
                assert_eq!(bench.role(18), None);
            }
        }
    }
}

#[test]
fn the_creator_is_the_owner_and_founders_see_everything() {
    let mut bench = Bench::new(group());
    let entry = bench.accepts(ANNA, create(&[CARA, BEN, CARA, ANNA], Encryption::None));
    let Body::Chat(change) = &entry.body else { panic!("{entry:?}") };
    let founders: Vec<(u64, Role)> =
        change.members.iter().flatten().map(|founder| (founder.user_id.get(), founder.role)).collect();
    assert_eq!(founders, [(ANNA, Role::Owner), (CARA, Role::Member), (BEN, Role::Member)]);
    assert_eq!(change.title.as_ref().map(|title| title.as_str()), Some("Walkers"));
    for user in [ANNA, BEN, CARA] {
        assert_eq!(bench.since(user), Some(1));
    }
    assert!(matches!(bench.refuses(BEN, create(&[], Encryption::None)), Refusal::Invalid(_)));
}

#[test]
fn a_retry_of_the_beginning_is_the_first_result() {
    let mut bench = Bench::new(group());
    let record = bench.record(ANNA, create(&[BEN], Encryption::None)).id("new");
    bench.accepts_record(record.clone());
    assert_eq!(bench.duplicates(record.clone()), 1);
    let mut another = record.clone();
    another.fingerprint.0 ^= 1;
    assert_eq!(bench.refuses_record(another), Refusal::IdempotencyConflict);
    let mut strange = record;
    strange.sender = user(EVE);
    assert_eq!(bench.refuses_record(strange), Refusal::NoChat);
}

#[test]
fn a_group_begins_with_a_title_or_encrypted() {
    let untitled = Ask::Create {
        title: None,
        members: Vec::new(),
        encryption: Encryption::None,
        history: History::Joined,
    };
    assert!(matches!(Bench::new(group()).refuses(ANNA, untitled), Refusal::Invalid(_)));
    assert!(matches!(Bench::new(direct()).refuses(ANNA, create(&[], Encryption::None)), Refusal::Invalid(_)));
}

#[test]
fn a_newcomer_sees_from_his_own_entry_on_or_all_where_the_owner_set_it() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("before"));
    assert_eq!(Bench::changes(&bench.accepts(BEN, adds(&[EVE, ANNA, EVE]))), [added(EVE)]);
    assert_eq!(bench.since(EVE), Some(4));
    bench.accepts(ANNA, sets(Some(History::All), None));
    bench.accepts(ANNA, adds(&[7]));
    assert_eq!(bench.since(7), Some(1));
    bench.accepts(ANNA, sets(Some(History::Joined), None));
    bench.accepts(BEN, removes(EVE));
    assert_eq!(bench.chat.state().former[&user(EVE)], seq(8));
    bench.accepts(BEN, adds(&[EVE]));
    assert_eq!((bench.since(EVE), bench.chat.state().former.len()), (Some(9), 0));
}

#[test]
fn what_is_so_already_makes_no_entry() {
    let mut bench = Bench::plain_group();
    bench.accepts(ANNA, says("x"));
    for ask in [
        adds(&[BEN, CARA]),
        adds(&[]),
        gives(BEN, Role::Admin),
        gives(ANNA, Role::Owner),
        titles("Walkers"),
        sets(Some(History::Joined), Some(WhoMayAdd::Admins)),
        sets(None, None),
    ] {
        assert_eq!(bench.duplicates(bench.record(ANNA, ask)), 2);
    }
    let entry = bench.accepts(
        ANNA,
        Ask::Update {
            title: Some("Walkers".parse().unwrap()),
            history: Some(History::All),
            who_may_add: None,
        },
    );
    let Body::Chat(change) = entry.body else { panic!() };
    assert_eq!((change.title, change.history), (None, Some(History::All)));
}

#[test]
fn who_is_no_member_has_no_role_and_cannot_be_removed() {
    let mut bench = Bench::plain_group();
    for ask in [removes(EVE), gives(EVE, Role::Admin)] {
        assert_eq!(bench.refuses(ANNA, ask), Refusal::NoSuchMember);
    }
}

#[test]
fn a_group_does_not_grow_beyond_its_limit() {
    let mut bench = Bench::plain_group();
    bench.limits.group_members = 5;
    assert_eq!(bench.refuses(ANNA, adds(&[EVE, 6])), Refusal::TooManyMembers { limit: 5 });
    bench.accepts(ANNA, adds(&[EVE, BEN, EVE]));
    assert_eq!(bench.refuses(ANNA, adds(&[6])), Refusal::TooManyMembers { limit: 5 });
    let mut bench = Bench::new(group());
    bench.limits.encrypted_group_members = 2;
    let too_many = create(&[BEN, CARA], Encryption::Mls);
    assert_eq!(bench.refuses(ANNA, too_many), Refusal::TooManyMembers { limit: 2 });
    bench.accepts(ANNA, create(&[BEN], Encryption::Mls));
    let record = bench.record(ANNA, commits(&[added(CARA)])).after(0);
    assert_eq!(bench.refuses_record(record), Refusal::TooManyMembers { limit: 2 });
    let exchange = bench.record(ANNA, commits(&[added(CARA), removed(BEN)])).after(0);
    bench.accepts_record(exchange);
    assert_eq!((bench.role(BEN), bench.role(CARA)), (None, Some(Role::Member)));
}

#[test]
fn a_group_above_a_limit_that_was_lowered_may_shrink() {
    let mut bench = Bench::encrypted_group();
    bench.limits.encrypted_group_members = 2;
    bench.accepts_record(bench.record(ANNA, commits(&[removed(CARA)])).after(2));
    assert_eq!(bench.chat.state().members.len(), 3);
}

/// The changes of an entry in which Anna, the only owner, leaves or steps down.
fn goes(bench: &Bench, ask: Ask) -> Vec<MemberChange> {
    Bench::changes(&bench.clone().accepts(ANNA, ask)).to_vec()
}

#[test]
fn the_oldest_admin_follows_the_last_owner_else_the_oldest_member() {
    let mut bench = Bench::new(group());
    bench.accepts(ANNA, create(&[], Encryption::None));
    bench.accepts(ANNA, adds(&[9]));
    bench.accepts(ANNA, adds(&[8, 7]));
    assert_eq!(goes(&bench, removes(ANNA)), [left(ANNA), now(9, Role::Owner)]);
    assert_eq!(goes(&bench, gives(ANNA, Role::Admin)), [now(ANNA, Role::Admin), now(9, Role::Owner)]);
    bench.accepts(ANNA, gives(8, Role::Admin));
    bench.accepts(ANNA, gives(7, Role::Admin));
    assert_eq!(goes(&bench, removes(ANNA)), [left(ANNA), now(7, Role::Owner)]);
    assert_eq!(goes(&bench, gives(ANNA, Role::Member)), [now(ANNA, Role::Member), now(7, Role::Owner)]);
    bench.accepts(ANNA, gives(9, Role::Owner));
    assert_eq!(goes(&bench, removes(ANNA)), [left(ANNA)]);
    assert_eq!(goes(&bench, gives(ANNA, Role::Member)), [now(ANNA, Role::Member)]);
}

#[test]
fn the_last_of_a_group_stays_its_owner_or_leaves_it_empty() {
    let mut bench = Bench::new(group());
    bench.accepts(ANNA, create(&[BEN], Encryption::None));
    bench.accepts(BEN, removes(BEN));
    assert_eq!(bench.duplicates(bench.record(ANNA, gives(ANNA, Role::Member))), 2);
    bench.accepts(ANNA, removes(ANNA));
    assert!(bench.chat.state().members.is_empty());
    assert_eq!(bench.refuses(ANNA, says("anyone?")), Refusal::NotMember);
    assert_eq!(bench.refuses(EVE, create(&[], Encryption::None)), Refusal::NoChat);
}

#[test]
fn members_leave_by_themselves() {
    let mut bench = Bench::plain_group();
    for leaver in [DAN, BEN] {
        assert_eq!(Bench::changes(&bench.accepts(leaver, removes(leaver))), [left(leaver)]);
        assert_eq!(bench.role(leaver), None);
    }
}

#[test]
fn former_members_are_remembered_up_to_a_bound() {
    let mut state = State::default();
    let mut bench = Bench::plain_group();
    let mut entry = bench.accepts(ANNA, removes(DAN));
    for number in 1..=FORMER_MAX as u64 + 3 {
        entry.seq = seq(number * 2);
        entry.body = Body::Member { changes: vec![added(100 + number)] };
        state.fold(&entry);
        entry.seq = seq(number * 2 + 1);
        entry.body = Body::Member { changes: vec![removed(100 + number)] };
        state.fold(&entry);
    }
    assert_eq!(state.former.len(), FORMER_MAX);
    assert!(!state.former.contains_key(&user(103)) && state.former.contains_key(&user(104)));
}
