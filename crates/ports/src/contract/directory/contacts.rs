//! What every engine of contacts and blocks does.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{WholeDirectory, enter};
use crate::contract::samples::{at, sorted, user, users};
use crate::directory::Since;

/// The guarantees of [`crate::Contacts`].
pub async fn contacts_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    contacts_stand_in_the_order_of_ids(&*make().await).await;
    blocks_stand_newest_first(&*make().await).await;
    the_first_time_stays(&*make().await).await;
    there_are_so_many_at_most(&*make().await).await;
    of_many_at_once_so_many_get_in(&*make().await).await;
    removing_is_idempotent(&*make().await).await;
    contacts_and_blocks_are_apart_and_one_way(&*make().await).await;
    a_thousand_are_asked_at_once(&*make().await).await;
}

fn since(number: u64, ms: i64) -> Since {
    Since { user: user(number), since: at(ms) }
}

async fn contacts_stand_in_the_order_of_ids(directory: &dyn WholeDirectory) {
    enter(directory, 1..=4).await;
    assert_eq!(directory.contacts(user(1)).await, Ok(vec![]));
    for (other, ms) in [(3, 10), (2, 30), (4, 20)] {
        assert_eq!(directory.add_contact(user(1), user(other), at(ms), 9).await, Ok(true));
    }
    assert_eq!(directory.contacts(user(1)).await, Ok(vec![since(2, 30), since(3, 10), since(4, 20)]));
}

async fn blocks_stand_newest_first(directory: &dyn WholeDirectory) {
    enter(directory, 1..=4).await;
    assert_eq!(directory.blocks(user(1)).await, Ok(vec![]));
    for (other, ms) in [(3, 10), (2, 30), (4, 20)] {
        assert_eq!(directory.add_block(user(1), user(other), at(ms), 9).await, Ok(true));
    }
    assert_eq!(directory.blocks(user(1)).await, Ok(vec![since(2, 30), since(4, 20), since(3, 10)]));
}

async fn the_first_time_stays(directory: &dyn WholeDirectory) {
    enter(directory, 1..=2).await;
    for ms in [10, 20, 5] {
        assert_eq!(
            directory.add_contact(user(1), user(2), at(ms), 1).await,
            Ok(true),
            "there already, even at the most"
        );
        assert_eq!(directory.add_block(user(1), user(2), at(ms), 1).await, Ok(true));
    }
    assert_eq!(directory.contacts(user(1)).await, Ok(vec![since(2, 10)]));
    assert_eq!(directory.blocks(user(1)).await, Ok(vec![since(2, 10)]));
}

async fn there_are_so_many_at_most(directory: &dyn WholeDirectory) {
    enter(directory, 1..=5).await;
    for (other, added) in [(2, true), (3, true), (4, false)] {
        assert_eq!(directory.add_contact(user(1), user(other), at(0), 2).await, Ok(added));
        assert_eq!(directory.add_block(user(1), user(other), at(0), 2).await, Ok(added));
    }
    assert_eq!(directory.add_contact(user(2), user(3), at(0), 2).await, Ok(true), "another user has his own");
    assert_eq!(directory.contacts(user(1)).await.unwrap().len(), 2);
    assert_eq!(directory.blocks(user(1)).await.unwrap().len(), 2);
    directory.remove_contact(user(1), user(2)).await.unwrap();
    assert_eq!(directory.add_contact(user(1), user(4), at(0), 2).await, Ok(true));
}

async fn of_many_at_once_so_many_get_in(directory: &dyn WholeDirectory) {
    enter(directory, 1..=21).await;
    let added = join_all((2..=21).map(|other| directory.add_contact(user(1), user(other), at(0), 6))).await;
    assert_eq!(added.iter().filter(|added| **added == Ok(true)).count(), 6);
    assert_eq!(directory.contacts(user(1)).await.unwrap().len(), 6);
}

async fn removing_is_idempotent(directory: &dyn WholeDirectory) {
    enter(directory, 1..=3).await;
    for other in [2, 3] {
        directory.add_contact(user(1), user(other), at(0), 9).await.unwrap();
        directory.add_block(user(1), user(other), at(0), 9).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(directory.remove_contact(user(1), user(2)).await, Ok(()));
        assert_eq!(directory.remove_block(user(1), user(3)).await, Ok(()));
        assert_eq!(directory.contacts(user(1)).await, Ok(vec![since(3, 0)]));
        assert_eq!(directory.blocks(user(1)).await, Ok(vec![since(2, 0)]));
    }
    directory.add_contact(user(1), user(2), at(7), 9).await.unwrap();
    assert_eq!(directory.contacts(user(1)).await, Ok(vec![since(2, 7), since(3, 0)]), "added anew");
}

async fn contacts_and_blocks_are_apart_and_one_way(directory: &dyn WholeDirectory) {
    enter(directory, 1..=4).await;
    directory.add_contact(user(1), user(2), at(0), 9).await.unwrap();
    directory.add_contact(user(3), user(2), at(0), 9).await.unwrap();
    directory.add_block(user(4), user(2), at(0), 9).await.unwrap();
    let everybody = users([1, 2, 3, 4, 9]);
    assert_eq!(sorted(directory.contact_of(user(2), &everybody).await.unwrap()), users([1, 3]));
    assert_eq!(
        directory.contact_of(user(2), &users([3, 4])).await,
        Ok(vec![user(3)]),
        "of those asked alone"
    );
    assert_eq!(directory.blocked_by(user(2), &everybody).await, Ok(vec![user(4)]));
    assert_eq!(directory.contact_of(user(1), &everybody).await, Ok(vec![]));
    assert_eq!(directory.blocked_by(user(4), &everybody).await, Ok(vec![]));
    assert_eq!(directory.blocked_by(user(2), &[]).await, Ok(vec![]));
    assert_eq!(directory.contacts(user(4)).await, Ok(vec![]));
    assert_eq!(directory.blocks(user(1)).await, Ok(vec![]));
}

async fn a_thousand_are_asked_at_once(directory: &dyn WholeDirectory) {
    enter(directory, 1..=40).await;
    for whose in (2..=40).step_by(2) {
        directory.add_block(user(whose), user(1), at(0), 9).await.unwrap();
        directory.add_contact(user(whose - 1), user(1), at(0), 9).await.unwrap();
    }
    let others: Vec<_> = (2..=1_001).map(user).collect();
    let blocking: Vec<_> = (2..=40).step_by(2).map(user).collect();
    let fond: Vec<_> = (3..=39).step_by(2).map(user).collect();
    assert_eq!(sorted(directory.blocked_by(user(1), &others).await.unwrap()), blocking);
    assert_eq!(sorted(directory.contact_of(user(1), &others).await.unwrap()), fond);
}
