//! What every engine of accounts does.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{WholeDirectory, assert_is_absent, enter, enter_devices, new_user, token, with_email};
use crate::contract::samples::{at, device, email, name, user, username};
use crate::directory::{Account, CreateUser, CreateUserError, Credential, LoginName, User};

/// The guarantees of [`crate::Accounts`].
pub async fn accounts_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    who_was_made_is_found(&*make().await).await;
    a_name_is_given_once(&*make().await).await;
    an_address_is_given_once_in_its_folded_form(&*make().await).await;
    a_refused_user_leaves_nothing_behind(&*make().await).await;
    of_many_at_once_one_gets_the_name(&*make().await).await;
    passwords_are_set(&*make().await).await;
    suspending_and_restoring(&*make().await).await;
    erasing_takes_everything_but_the_id_and_the_name(&*make().await).await;
    accounts_are_listed_in_pages(&*make().await).await;
}

fn by_name(name: &str) -> LoginName {
    LoginName::Username(name.to_owned())
}

fn by_email(address: &str) -> LoginName {
    LoginName::Email(address.to_owned())
}

async fn who_was_made_is_found(directory: &dyn WholeDirectory) {
    assert_is_absent(directory, 1).await;
    directory.create(with_email(1, "Alice@Example.org")).await.unwrap();
    let expected = Account {
        user: User {
            id: user(1),
            username: Some(username("user-1")),
            display_name: Some(name("User 1")),
            shows_presence: true,
            shows_receipts: true,
            shows_typing: true,
        },
        email: Some(email("Alice@Example.org")),
        created_at: at(1),
        suspended: false,
    };
    assert_eq!(directory.account(user(1)).await, Ok(Some(expected)));
    let credential = Credential { user: user(1), password_hash: "hash 1".to_owned(), suspended: false };
    assert_eq!(directory.credential_of(user(1)).await, Ok(Some(credential.clone())));
    assert_eq!(directory.credential(&by_name("user-1")).await, Ok(Some(credential.clone())));
    assert_eq!(directory.credential(&by_email("alice@example.org")).await, Ok(Some(credential)));
    assert_eq!(directory.credential(&by_name("user-2")).await, Ok(None));
    assert_eq!(directory.credential(&by_name("alice@example.org")).await, Ok(None));
    assert_eq!(directory.credential(&by_email("user-1")).await, Ok(None));
    assert_is_absent(directory, 2).await;
}

async fn a_name_is_given_once(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    let again = CreateUser { username: username("user-1"), ..new_user(2) };
    assert_eq!(directory.create(again.clone()).await, Err(CreateUserError::UsernameTaken));
    directory.erase(user(1)).await.unwrap();
    assert_eq!(
        directory.create(again).await,
        Err(CreateUserError::UsernameTaken),
        "not even after its owner has gone"
    );
    assert_is_absent(directory, 2).await;
}

async fn an_address_is_given_once_in_its_folded_form(directory: &dyn WholeDirectory) {
    directory.create(with_email(1, "A@b.example")).await.unwrap();
    for address in ["A@b.example", "a@B.EXAMPLE", "a@b.example"] {
        assert_eq!(
            directory.create(with_email(2, address)).await,
            Err(CreateUserError::EmailTaken),
            "{address}"
        );
    }
    directory.create(new_user(3)).await.unwrap();
    directory.create(new_user(4)).await.unwrap();
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.create(with_email(5, "a@b.example")).await, Ok(()), "an address that is free again");
}

async fn a_refused_user_leaves_nothing_behind(directory: &dyn WholeDirectory) {
    directory.create(with_email(1, "a@b.example")).await.unwrap();
    assert_eq!(directory.create(with_email(2, "a@b.example")).await, Err(CreateUserError::EmailTaken));
    assert_is_absent(directory, 2).await;
    assert_eq!(directory.credential(&by_name("user-2")).await, Ok(None));
    assert_eq!(directory.create(new_user(2)).await, Ok(()), "the name was not used up");
}

async fn of_many_at_once_one_gets_the_name(directory: &dyn WholeDirectory) {
    let rivals = (1..=16).map(|number| CreateUser { username: username("wanted"), ..new_user(number) });
    let results = join_all(rivals.map(|rival| directory.create(rival))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(
        results.iter().flat_map(|result| result.as_ref().err()).all(|e| *e == CreateUserError::UsernameTaken)
    );
    assert_eq!(directory.list(None, 100).await.unwrap().len(), 1);
    let rivals = (21..=36).map(|number| with_email(number, "wanted@b.example"));
    let results = join_all(rivals.map(|rival| directory.create(rival))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

async fn passwords_are_set(directory: &dyn WholeDirectory) {
    assert_eq!(directory.set_password(user(1), "new").await, Ok(false));
    enter(directory, [1, 2]).await;
    assert_eq!(directory.set_password(user(1), "new").await, Ok(true));
    assert_eq!(directory.credential_of(user(1)).await.unwrap().unwrap().password_hash, "new");
    assert_eq!(directory.credential_of(user(2)).await.unwrap().unwrap().password_hash, "hash 2");
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.set_password(user(1), "newer").await, Ok(false));
    assert_eq!(directory.credential_of(user(1)).await, Ok(None));
}

async fn suspending_and_restoring(directory: &dyn WholeDirectory) {
    assert_eq!(directory.set_suspended(user(1), true).await, Ok(false));
    enter(directory, [1]).await;
    for suspended in [true, true, false, false] {
        assert_eq!(directory.set_suspended(user(1), suspended).await, Ok(true));
        assert_eq!(directory.account(user(1)).await.unwrap().unwrap().suspended, suspended);
        assert_eq!(directory.credential_of(user(1)).await.unwrap().unwrap().suspended, suspended);
        assert_eq!(directory.credential(&by_name("user-1")).await.unwrap().unwrap().suspended, suspended);
    }
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.set_suspended(user(1), true).await, Ok(false));
}

async fn erasing_takes_everything_but_the_id_and_the_name(directory: &dyn WholeDirectory) {
    directory.create(with_email(1, "a@b.example")).await.unwrap();
    enter(directory, [2, 3]).await;
    enter_devices(directory, [10, 11, 20]).await;
    for (whose, whom) in [(1, 2), (2, 1), (2, 3)] {
        directory.add_contact(user(whose), user(whom), at(0), 9).await.unwrap();
        directory.add_block(user(whose), user(whom), at(0), 9).await.unwrap();
    }
    for _ in 0..2 {
        directory.erase(user(1)).await.unwrap();
        let account = directory.account(user(1)).await.unwrap().unwrap();
        assert_eq!(
            (account.user.id, account.user.username, account.user.display_name),
            (user(1), None, None)
        );
        assert_eq!((account.email, account.created_at, account.suspended), (None, at(1), false));
        assert_eq!(directory.credential_of(user(1)).await, Ok(None));
        assert_eq!(directory.credential(&by_name("user-1")).await, Ok(None));
        assert_eq!(directory.credential(&by_email("a@b.example")).await, Ok(None));
        assert_eq!(directory.devices(user(1)).await, Ok(vec![]));
        assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
        assert_eq!(
            (directory.contacts(user(1)).await, directory.blocks(user(1)).await),
            (Ok(vec![]), Ok(vec![]))
        );
        let (contacts, blocks) =
            (directory.contacts(user(2)).await.unwrap(), directory.blocks(user(2)).await.unwrap());
        assert_eq!((contacts.len(), contacts[0].user), (1, user(3)), "those of him go, others stay");
        assert_eq!((blocks.len(), blocks[0].user), (1, user(3)));
        assert_eq!(directory.token_owner(&token(20)).await.unwrap().unwrap().device, device(20));
    }
    assert_eq!(directory.erase(user(9)).await, Ok(()), "one who never was");
    assert_is_absent(directory, 9).await;
}

async fn accounts_are_listed_in_pages(directory: &dyn WholeDirectory) {
    assert_eq!(directory.list(None, 10).await, Ok(vec![]));
    enter(directory, [5, 1, 4, 2, 3]).await;
    directory.erase(user(4)).await.unwrap();
    let page = async |after: Option<u64>, limit| {
        let accounts = directory.list(after.map(user), limit).await.unwrap();
        accounts.iter().map(|account| account.user.id.get()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [1, 2]);
    assert_eq!(page(Some(2), 2).await, [3, 4]);
    assert_eq!(page(Some(4), 2).await, [5]);
    assert_eq!(page(Some(5), 2).await, [0_u64; 0]);
    assert_eq!(page(None, 100).await, [1, 2, 3, 4, 5]);
}
