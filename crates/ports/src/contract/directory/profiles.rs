//! What every engine of profiles does.

use std::sync::Arc;

use super::{WholeDirectory, enter};
use crate::contract::samples::{name, user, users};
use crate::directory::ProfileChange;

/// The guarantees of [`crate::Profiles`].
pub async fn profiles_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    users_are_found_in_the_order_asked(&*make().await).await;
    a_name_finds_its_user_alone(&*make().await).await;
    what_is_not_named_stays(&*make().await).await;
    nobody_else_changes(&*make().await).await;
    a_thousand_users_are_found_at_once(&*make().await).await;
}

async fn users_are_found_in_the_order_asked(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2, 3]).await;
    directory.erase(user(2)).await.unwrap();
    let found = directory.users(&users([3, 9, 2, 1, 3])).await.unwrap();
    let ids: Vec<_> = found.iter().map(|user| user.as_ref().map(|user| user.id.get())).collect();
    assert_eq!(ids, [Some(3), None, Some(2), Some(1), Some(3)]);
    assert_eq!(found[2].as_ref().unwrap().username, None, "an erased user is found, without his name");
    assert_eq!(found[3].as_ref().unwrap().username.as_ref().unwrap().as_str(), "user-1");
    assert_eq!(directory.users(&[]).await, Ok(vec![]));
}

async fn a_name_finds_its_user_alone(directory: &dyn WholeDirectory) {
    enter(directory, [1, 11]).await;
    assert_eq!(directory.by_username("user-1").await.unwrap().unwrap().id, user(1));
    for other in ["user", "user-", "user-111", "USER-1", "user-1%", ""] {
        assert_eq!(directory.by_username(other).await, Ok(None), "{other}");
    }
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.by_username("user-1").await, Ok(None));
}

async fn what_is_not_named_stays(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    let before = directory.users(&[user(1)]).await.unwrap().remove(0).unwrap();
    assert_eq!(directory.update(user(1), &ProfileChange::default()).await, Ok(Some(before.clone())));
    let change = ProfileChange {
        display_name: Some(name("Alice")),
        shows_receipts: Some(false),
        ..Default::default()
    };
    let changed = directory.update(user(1), &change).await.unwrap().unwrap();
    assert_eq!(changed.display_name, Some(name("Alice")));
    assert_eq!((changed.shows_presence, changed.shows_receipts, changed.shows_typing), (true, false, true));
    let change = ProfileChange {
        shows_presence: Some(false),
        shows_receipts: Some(true),
        shows_typing: Some(false),
        ..Default::default()
    };
    let changed = directory.update(user(1), &change).await.unwrap().unwrap();
    assert_eq!((changed.shows_presence, changed.shows_receipts, changed.shows_typing), (false, true, false));
    assert_eq!((&changed.display_name, &changed.username), (&Some(name("Alice")), &before.username));
    assert_eq!(directory.users(&[user(1)]).await, Ok(vec![Some(changed)]));
}

async fn nobody_else_changes(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    let other = directory.users(&[user(2)]).await;
    let change =
        ProfileChange { display_name: Some(name("Alice")), shows_typing: Some(false), ..Default::default() };
    directory.update(user(1), &change).await.unwrap();
    assert_eq!(directory.users(&[user(2)]).await, other);
    assert_eq!(directory.update(user(9), &change).await, Ok(None), "one who never was");
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.update(user(1), &change).await, Ok(None), "one who is erased");
    assert_eq!(directory.users(&[user(1)]).await.unwrap()[0].as_ref().unwrap().display_name, None);
}

async fn a_thousand_users_are_found_at_once(directory: &dyn WholeDirectory) {
    enter(directory, (1..=50).map(|number| number * 20)).await;
    let asked: Vec<_> = (1..=1_000).map(user).collect();
    let found = directory.users(&asked).await.unwrap();
    assert_eq!(found.len(), 1_000);
    for (number, found) in (1_u64..).zip(found) {
        assert_eq!(found.map(|user| user.id.get()), (number % 20 == 0).then_some(number));
    }
}
