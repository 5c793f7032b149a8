//! What every engine of memberships and reservations does.

use std::sync::Arc;

use chinwag_chat::Fingerprint;
use chinwag_proto::{ChatId, ClientMessageId, GroupId, Role};
use futures_util::future::join_all;

use super::WholeDirectory;
use crate::contract::samples::{direct, group, inbox, seq, sorted, user, users};
use crate::directory::{Membership, MembershipRow, Reserved};

const MEMBER: Membership = Membership::Member(Role::Member);

/// The guarantees of [`crate::Memberships`].
pub async fn memberships_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    chats_stand_in_the_order_of_kind_and_ids(&*make().await).await;
    chats_come_in_pages(&*make().await).await;
    an_older_row_is_ignored(&*make().await).await;
    repeating_changes_nothing(&*make().await).await;
    of_two_rows_of_one_entry_the_later_counts(&*make().await).await;
    those_who_share_a_chat_are_acquainted(&*make().await).await;
    a_large_group_acquaints_nobody(&*make().await).await;
    the_size_of_a_group_follows_its_rows(&*make().await).await;
    a_thousand_are_asked_at_once(&*make().await).await;
}

fn row(whose: u64, chat: ChatId, at: u64, membership: Membership) -> MembershipRow {
    MembershipRow { user: user(whose), chat, seq: seq(at), membership }
}

async fn join(directory: &dyn WholeDirectory, chat: ChatId, members: impl IntoIterator<Item = u64>) {
    let rows: Vec<_> = members.into_iter().map(|whose| row(whose, chat, 1, MEMBER)).collect();
    directory.project(&rows).await.unwrap();
}

async fn chats(directory: &dyn WholeDirectory, whose: u64) -> Vec<ChatId> {
    directory.chats_of(user(whose), None, 1_000).await.unwrap()
}

/// Not in the order of their text.
fn in_order() -> Vec<ChatId> {
    vec![direct(1, 2), direct(1, 5), direct(1, 11), group(3), group(20), group(100), inbox(1)]
}

async fn chats_stand_in_the_order_of_kind_and_ids(directory: &dyn WholeDirectory) {
    assert_eq!(chats(directory, 1).await, []);
    for chat in in_order().into_iter().rev() {
        join(directory, chat, [1]).await;
    }
    join(directory, group(50), [2]).await;
    assert_eq!(chats(directory, 1).await, in_order());
    let mut by_ord = in_order();
    by_ord.sort_unstable();
    assert_eq!(by_ord, in_order());
    assert_eq!(chats(directory, 2).await, [group(50)]);
}

async fn chats_come_in_pages(directory: &dyn WholeDirectory) {
    for chat in in_order() {
        join(directory, chat, [1]).await;
    }
    for limit in 1..=8 {
        let mut seen: Vec<ChatId> = Vec::new();
        loop {
            let page = directory.chats_of(user(1), seen.last().copied(), limit).await.unwrap();
            assert!(page.len() <= limit);
            seen.extend(&page);
            if page.len() < limit {
                break;
            }
        }
        assert_eq!(seen, in_order(), "in pages of {limit}");
    }
    let after_one_that_is_not_his = directory.chats_of(user(1), Some(group(4)), 2).await;
    assert_eq!(after_one_that_is_not_his, Ok(vec![group(20), group(100)]));
    assert_eq!(directory.chats_of(user(1), Some(inbox(9)), 2).await, Ok(vec![]));
}

async fn an_older_row_is_ignored(directory: &dyn WholeDirectory) {
    let chat = group(1);
    directory.project(&[row(1, chat, 5, MEMBER)]).await.unwrap();
    directory.project(&[row(1, chat, 4, Membership::Former)]).await.unwrap();
    assert_eq!(chats(directory, 1).await, [chat]);
    directory.project(&[row(1, chat, 6, Membership::Former)]).await.unwrap();
    directory.project(&[row(1, chat, 5, MEMBER)]).await.unwrap();
    assert_eq!(chats(directory, 1).await, []);
    directory.project(&[row(1, chat, 9, MEMBER), row(1, chat, 7, Membership::Former)]).await.unwrap();
    assert_eq!(chats(directory, 1).await, [chat]);
    directory.project(&[row(1, chat, 10, Membership::Member(Role::Owner))]).await.unwrap();
    assert_eq!(chats(directory, 1).await, [chat]);
}

async fn repeating_changes_nothing(directory: &dyn WholeDirectory) {
    let rows = [
        row(1, group(1), 1, Membership::Member(Role::Owner)),
        row(2, group(1), 1, MEMBER),
        row(2, group(1), 4, Membership::Former),
        row(1, direct(1, 2), 1, MEMBER),
    ];
    for _ in 0..3 {
        directory.project(&rows).await.unwrap();
        assert_eq!(chats(directory, 1).await, [direct(1, 2), group(1)]);
        assert_eq!(chats(directory, 2).await, []);
    }
    directory.project(&rows[..2]).await.unwrap();
    assert_eq!(chats(directory, 2).await, [], "what came before comes again after a crash");
    assert_eq!(directory.project(&[]).await, Ok(()));
}

async fn of_two_rows_of_one_entry_the_later_counts(directory: &dyn WholeDirectory) {
    let rows = [row(1, group(1), 3, Membership::Former), row(1, group(1), 3, MEMBER)];
    for _ in 0..2 {
        directory.project(&rows).await.unwrap();
        assert_eq!(chats(directory, 1).await, [group(1)]);
    }
}

async fn those_who_share_a_chat_are_acquainted(directory: &dyn WholeDirectory) {
    join(directory, direct(1, 2), [1, 2]).await;
    join(directory, direct(3, 1), [1, 3]).await;
    join(directory, group(1), [1, 4, 5]).await;
    join(directory, group(2), [5, 6]).await;
    join(directory, group(3), [1, 5]).await;
    join(directory, inbox(1), [1]).await;
    let everybody: Vec<_> = (2..=9).map(user).collect();
    let acquainted =
        async |whose: u64| sorted(directory.acquainted(user(whose), &everybody, 100).await.unwrap());
    assert_eq!(acquainted(1).await, users([2, 3, 4, 5]));
    assert_eq!(
        directory.acquainted(user(1), &users([6, 4]), 100).await,
        Ok(vec![user(4)]),
        "of those asked alone"
    );
    assert_eq!(
        directory.acquainted(user(6), &users([1, 5]), 100).await,
        Ok(vec![user(5)]),
        "not over a third"
    );
    assert_eq!(directory.acquainted(user(9), &users([1, 2]), 100).await, Ok(vec![]));
    assert_eq!(directory.acquainted(user(1), &[], 100).await, Ok(vec![]));
    directory
        .project(&[row(4, group(1), 2, Membership::Former), row(1, group(3), 2, Membership::Former)])
        .await
        .unwrap();
    assert_eq!(acquainted(1).await, users([2, 3, 5]), "a former member is none; one common group is enough");
    directory.project(&[row(5, group(1), 3, Membership::Former)]).await.unwrap();
    assert_eq!(acquainted(1).await, users([2, 3]));
}

async fn a_large_group_acquaints_nobody(directory: &dyn WholeDirectory) {
    join(directory, group(1), 1..=10).await;
    join(directory, direct(1, 2), [1, 2]).await;
    let others = users([2, 3]);
    assert_eq!(sorted(directory.acquainted(user(1), &others, 10).await.unwrap()), others);
    assert_eq!(
        directory.acquainted(user(1), &others, 9).await,
        Ok(vec![user(2)]),
        "a direct chat has no size"
    );
    assert_eq!(directory.acquainted(user(1), &others, 0).await, Ok(vec![user(2)]));
}

async fn the_size_of_a_group_follows_its_rows(directory: &dyn WholeDirectory) {
    join(directory, group(1), 1..=4).await;
    let near = async || !directory.acquainted(user(1), &[user(2)], 3).await.unwrap().is_empty();
    assert!(!near().await, "four members");
    let leaves = row(4, group(1), 5, Membership::Former);
    directory.project(&[leaves]).await.unwrap();
    directory.project(&[leaves]).await.unwrap();
    assert!(near().await, "three");
    directory.project(&[row(4, group(1), 6, MEMBER), row(4, group(1), 6, MEMBER)]).await.unwrap();
    assert!(!near().await, "four again");
    directory.project(&[row(4, group(1), 7, Membership::Member(Role::Admin))]).await.unwrap();
    directory.project(&[row(4, group(1), 8, Membership::Former), row(3, group(1), 2, MEMBER)]).await.unwrap();
    assert!(near().await, "three: a role and an older row count for nothing");
    directory.project(&[row(9, group(1), 9, Membership::Former)]).await.unwrap();
    assert!(near().await, "one who never came does not go");
    join(directory, group(1), [5]).await;
    assert!(!near().await);
}

async fn a_thousand_are_asked_at_once(directory: &dyn WholeDirectory) {
    let near: Vec<u64> = (10..=1_000).step_by(10).collect();
    for &other in &near {
        join(directory, group(other), [1, other]).await;
    }
    let others: Vec<_> = (2..=1_001).map(user).collect();
    let expected: Vec<_> = near.into_iter().map(user).collect();
    assert_eq!(sorted(directory.acquainted(user(1), &others, 100).await.unwrap()), expected);
}

/// The guarantees of [`crate::Reservations`].
pub async fn reservations_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    what_was_reserved_first_stands(&*make().await).await;
    of_many_at_once_one_stands(&*make().await).await;
}

fn reserved(group: u64, request: u128) -> Reserved {
    Reserved { group: GroupId::new(group).unwrap(), fingerprint: Fingerprint(request) }
}

async fn reserve(directory: &dyn WholeDirectory, whose: u64, id: &str, wanted: Reserved) -> Reserved {
    let id: ClientMessageId = id.parse().unwrap();
    directory.reserve(user(whose), &id, wanted.group, wanted.fingerprint).await.unwrap()
}

async fn what_was_reserved_first_stands(directory: &dyn WholeDirectory) {
    let first = reserved(1, u128::MAX - 5);
    assert_eq!(reserve(directory, 1, "a", first).await, first);
    assert_eq!(reserve(directory, 1, "a", reserved(2, 7)).await, first);
    assert_eq!(reserve(directory, 1, "a", first).await, first);
    assert_eq!(reserve(directory, 1, "A", reserved(3, 7)).await, reserved(3, 7), "another id");
    assert_eq!(reserve(directory, 2, "a", reserved(4, 0)).await, reserved(4, 0), "another user");
}

async fn of_many_at_once_one_stands(directory: &dyn WholeDirectory) {
    let answers =
        join_all((1..=20).map(|group| reserve(directory, 1, "a", reserved(group, group.into())))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
