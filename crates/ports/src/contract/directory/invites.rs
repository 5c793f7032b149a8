//! What every engine of invitations does.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{WholeDirectory, assert_is_absent, new_user, with_email};
use crate::contract::samples::{at, username};
use crate::directory::{CreateUser, CreateUserError, Invite, NewInvite};

/// The guarantees of [`crate::Invites`], and of what [`crate::Accounts::create`] does with them.
pub async fn invites_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    the_newest_stands_first(&*make().await).await;
    an_invitation_is_used_up(&*make().await).await;
    a_refused_user_uses_nothing_up(&*make().await).await;
    an_invitation_ends(&*make().await).await;
    one_that_was_taken_back_is_gone(&*make().await).await;
    of_many_at_once_as_many_as_it_says_get_in(&*make().await).await;
}

const SECRET: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

fn new_invite(hash: [u8; 32], uses: u32) -> NewInvite {
    NewInvite { hash, note: "for the team".to_owned(), uses, expires_at: at(1_000), created_at: at(5) }
}

fn invited(number: u64, hash: [u8; 32]) -> CreateUser {
    CreateUser { invite: Some(hash), ..new_user(number) }
}

async fn the_newest_stands_first(directory: &dyn WholeDirectory) {
    assert_eq!(directory.invites().await, Ok(vec![]));
    let first = directory.create_invite(new_invite(SECRET, 3)).await.unwrap();
    let second = directory.create_invite(new_invite(OTHER, 1)).await.unwrap();
    assert_ne!(first, second);
    let invites = directory.invites().await.unwrap();
    assert_eq!(invites.iter().map(|invite| invite.id).collect::<Vec<_>>(), [second, first]);
    let expected = Invite {
        id: first,
        note: "for the team".to_owned(),
        uses_left: 3,
        expires_at: at(1_000),
        created_at: at(5),
    };
    assert_eq!(invites[1], expected);
}

async fn an_invitation_is_used_up(directory: &dyn WholeDirectory) {
    assert_eq!(directory.create(invited(1, SECRET)).await, Err(CreateUserError::InviteInvalid), "unknown");
    directory.create_invite(new_invite(SECRET, 2)).await.unwrap();
    assert_eq!(
        directory.create(invited(1, OTHER)).await,
        Err(CreateUserError::InviteInvalid),
        "another secret"
    );
    assert_eq!(directory.create(invited(1, SECRET)).await, Ok(()));
    assert_eq!(directory.invites().await.unwrap()[0].uses_left, 1);
    assert_eq!(directory.create(new_user(8)).await, Ok(()), "without an invitation none is used");
    assert_eq!(directory.invites().await.unwrap()[0].uses_left, 1);
    assert_eq!(directory.create(invited(2, SECRET)).await, Ok(()));
    assert_eq!(directory.create(invited(3, SECRET)).await, Err(CreateUserError::InviteInvalid), "used up");
    assert_eq!(directory.invites().await, Ok(vec![]));
    assert_is_absent(directory, 3).await;
}

async fn a_refused_user_uses_nothing_up(directory: &dyn WholeDirectory) {
    directory.create_invite(new_invite(SECRET, 1)).await.unwrap();
    directory.create(with_email(1, "a@b.example")).await.unwrap();
    let same_name = CreateUser { username: username("user-1"), ..invited(2, SECRET) };
    assert_eq!(directory.create(same_name).await, Err(CreateUserError::UsernameTaken));
    let same_address = CreateUser { invite: Some(SECRET), ..with_email(2, "a@b.example") };
    assert_eq!(directory.create(same_address).await, Err(CreateUserError::EmailTaken));
    assert_eq!(directory.invites().await.unwrap()[0].uses_left, 1);
    assert_eq!(directory.create(invited(2, SECRET)).await, Ok(()));
}

async fn an_invitation_ends(directory: &dyn WholeDirectory) {
    directory.create_invite(new_invite(SECRET, 9)).await.unwrap();
    let on_time = CreateUser { created_at: at(999), ..invited(1, SECRET) };
    let late = CreateUser { created_at: at(1_001), ..invited(2, SECRET) };
    assert_eq!(directory.create(late).await, Err(CreateUserError::InviteInvalid));
    assert_eq!(directory.create(on_time).await, Ok(()));
    assert_eq!(
        directory.invites().await.unwrap()[0].uses_left,
        8,
        "listed all the same, and not used by the late one"
    );
}

async fn one_that_was_taken_back_is_gone(directory: &dyn WholeDirectory) {
    let id = directory.create_invite(new_invite(SECRET, 9)).await.unwrap();
    assert_eq!(directory.revoke_invite(id + 1).await, Ok(false));
    assert_eq!(directory.revoke_invite(id).await, Ok(true));
    assert_eq!(directory.revoke_invite(id).await, Ok(false));
    assert_eq!(directory.invites().await, Ok(vec![]));
    assert_eq!(directory.create(invited(1, SECRET)).await, Err(CreateUserError::InviteInvalid));
    let next = directory.create_invite(new_invite(OTHER, 1)).await.unwrap();
    assert_ne!(next, id, "a number is not given twice");
}

async fn of_many_at_once_as_many_as_it_says_get_in(directory: &dyn WholeDirectory) {
    directory.create_invite(new_invite(SECRET, 5)).await.unwrap();
    let results = join_all((1..=20).map(|number| directory.create(invited(number, SECRET)))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    assert_eq!(results.iter().filter(|result| **result == Err(CreateUserError::InviteInvalid)).count(), 15);
    assert_eq!(directory.list(None, 100).await.unwrap().len(), 5);
    assert_eq!(directory.invites().await, Ok(vec![]));
}
