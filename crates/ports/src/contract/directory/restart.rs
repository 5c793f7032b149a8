//! What was answered is there after a restart.

use std::sync::Arc;

use chinwag_chat::Fingerprint;
use chinwag_proto::{BlobName, GroupId, Role};

use super::{WholeDirectory, enter, enter_devices, new_user, token, with_email};
use crate::blobs::{BlobEntry, BlobQuota, Noted};
use crate::chain::Append;
use crate::contract::samples::{at, device, direct, group, name, seq, user, username};
use crate::directory::{
    CreateUser, CreateUserError, Membership, MembershipRow, NewInvite, ProfileChange, Publish, Published,
    Reserved, Stock,
};

/// Everything that was answered is there after a restart, and every rule still holds: `open` opens the
/// store, `close` stops it.
pub async fn directory_restart_contract(
    open: impl AsyncFn() -> Arc<dyn WholeDirectory>,
    close: impl AsyncFn(Arc<dyn WholeDirectory>),
) {
    let directory = open().await;
    fill(&*directory).await;
    let before = everything(&*directory).await;
    close(directory).await;
    for _ in 0..2 {
        let directory = open().await;
        assert_eq!(everything(&*directory).await, before);
        the_rules_still_hold(&*directory).await;
        close(directory).await;
    }
}

async fn fill(directory: &dyn WholeDirectory) {
    directory.create(with_email(1, "a@b.example")).await.unwrap();
    enter(directory, 2..=5).await;
    enter_devices(directory, [10, 11, 20, 30]).await;
    directory.end_token(user(1), device(11)).await.unwrap();
    directory.remove_device(user(3), device(30)).await.unwrap();
    directory.seen(&[(device(10), at(50), at(9_000_000))]).await.unwrap();
    directory.rename_device(user(2), device(20), &name("Laptop")).await.unwrap();
    directory.add_contact(user(1), user(2), at(3), 9).await.unwrap();
    directory.add_block(user(2), user(3), at(4), 9).await.unwrap();
    directory.set_suspended(user(3), true).await.unwrap();
    directory.set_password(user(4), "another").await.unwrap();
    directory.erase(user(5)).await.unwrap();
    let change =
        ProfileChange { display_name: Some(name("Bob")), shows_typing: Some(false), ..Default::default() };
    directory.update(user(2), &change).await.unwrap();
    let invite =
        NewInvite { hash: [1; 32], note: "kept".to_owned(), uses: 2, expires_at: at(500), created_at: at(1) };
    directory.create_invite(invite).await.unwrap();
    directory.create(CreateUser { invite: Some([1; 32]), ..new_user(6) }).await.unwrap();
    let row =
        |whose, chat, at, membership| MembershipRow { user: user(whose), chat, seq: seq(at), membership };
    let rows = [
        row(1, group(7), 3, Membership::Member(Role::Owner)),
        row(2, group(7), 3, Membership::Member(Role::Member)),
        row(4, group(7), 5, Membership::Former),
        row(1, direct(1, 6), 1, Membership::Member(Role::Member)),
    ];
    directory.project(&rows).await.unwrap();
    directory.reserve(user(1), &"a".parse().unwrap(), group_id(7), Fingerprint(9)).await.unwrap();
    let publish = |packages: [&str; 2]| Publish {
        user: user(1),
        device: device(10),
        packages: packages.map(|text| text.as_bytes().to_vec()).to_vec(),
        last_resort: Some(b"last resort".to_vec()),
        waiting_max: 9,
    };
    directory.publish(publish(["claimed", "waiting"])).await.unwrap();
    directory.claim(user(1), None).await.unwrap();
    let append = Append { after: seq(0), items: vec![b"one".to_vec(), b"two".to_vec()] };
    directory.append_links(user(1), append, 9).await.unwrap();
    let entry = BlobEntry { name: BlobName([3; 32]), chat: group(7), user: user(5) };
    assert_eq!(directory.note(entry, 5, at(6), quota()).await, Ok(Noted::NoUser), "erased");
    directory.note(BlobEntry { user: user(1), ..entry }, 5, at(6), quota()).await.unwrap();
}

fn quota() -> BlobQuota {
    BlobQuota { since: at(0), bytes: 5 }
}

fn group_id(number: u64) -> GroupId {
    GroupId::new(number).unwrap()
}

/// All that the directory answers, as text.
async fn everything(directory: &dyn WholeDirectory) -> Vec<String> {
    let mut all = vec![
        format!("{:?}", directory.list(None, 100).await.unwrap()),
        format!("{:?}", directory.invites().await.unwrap()),
    ];
    for number in 1..=6 {
        let whose = user(number);
        all.push(format!("{:?}", directory.users(&[whose]).await.unwrap()));
        all.push(format!(
            "{:?}",
            directory.credential_of(whose).await.unwrap().map(|found| found.password_hash)
        ));
        all.push(format!("{:?}", directory.devices(whose).await.unwrap()));
        all.push(format!("{:?}", directory.contacts(whose).await.unwrap()));
        all.push(format!("{:?}", directory.blocks(whose).await.unwrap()));
        all.push(format!("{:?}", directory.chats_of(whose, None, 100).await.unwrap()));
        all.push(format!("{:?}", directory.stock(whose, device(number * 10)).await.unwrap()));
        all.push(format!("{:?}", directory.links(whose, seq(0), 9, 99).await.unwrap().items));
        all.push(format!("{:?}", directory.entries_of(whose, 9).await.unwrap()));
    }
    for number in [10, 11, 20, 30] {
        all.push(format!("{:?}", directory.token_owner(&token(number)).await.unwrap()));
    }
    all.push(format!("{:?}", directory.acquainted(user(1), &[user(2), user(4)], 2).await.unwrap()));
    all
}

async fn the_rules_still_hold(directory: &dyn WholeDirectory) {
    let again = Publish {
        user: user(1),
        device: device(10),
        packages: vec![b"claimed".to_vec(), b"waiting".to_vec()],
        last_resort: None,
        waiting_max: 9,
    };
    let stock = Stock { available: 1, last_resort: true };
    assert_eq!(directory.publish(again).await, Ok(Published::Done(stock)), "what was given out stays so");
    let more = BlobEntry { name: BlobName([4; 32]), chat: group(7), user: user(1) };
    assert_eq!(directory.note(more, 1, at(6), quota()).await, Ok(Noted::TooMuch), "what was put counts");
    let taken = CreateUser { username: username("user-5"), ..new_user(9) };
    assert_eq!(
        directory.create(taken).await,
        Err(CreateUserError::UsernameTaken),
        "the name of one who was erased"
    );
    assert_eq!(directory.create(with_email(9, "A@B.example")).await, Err(CreateUserError::EmailTaken));
    let older = MembershipRow {
        user: user(4),
        chat: group(7),
        seq: seq(4),
        membership: Membership::Member(Role::Member),
    };
    directory.project(&[older]).await.unwrap();
    assert_eq!(directory.chats_of(user(4), None, 9).await, Ok(vec![]));
    let stands = directory.reserve(user(1), &"a".parse().unwrap(), group_id(8), Fingerprint(1)).await;
    assert_eq!(stands, Ok(Reserved { group: group_id(7), fingerprint: Fingerprint(9) }));
}
