//! Databases as earlier releases wrote them are opened, migrated, and answer as they did.
//!
//! A golden file is made once, by the release that brings its version, and never again:
//! `cargo test -p chinwag-embedded --test golden -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use chinwag_chat::Fingerprint;
use chinwag_embedded::{CursorSettings, Place, SqliteCursors, SqliteDirectory};
use chinwag_ports::directory::{
    CreateUser, CreateUserError, Device, Membership, MembershipRow, NewDevice, NewInvite, ProfileChange,
    Reserved, Since, TokenHash, TokenOwner,
};
use chinwag_ports::{
    Accounts, Contacts, Cursors, Devices, Discovery, IdLease, Invites, Mark, Memberships, Profiles,
    Reservations,
};
use chinwag_proto::{ChatId, DeviceId, GroupId, Role, Seq, Timestamp, UserId};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

fn device(number: u64) -> DeviceId {
    DeviceId::new(number).unwrap()
}

fn group(number: u64) -> GroupId {
    GroupId::new(number).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_780_000_000_000 + ms)
}

fn mark(read: u64, delivered: u64) -> Mark {
    Mark { read: Seq::clamped(read), delivered: Seq::clamped(delivered) }
}

fn new_user(number: u64, name: &str) -> CreateUser {
    CreateUser {
        id: user(number),
        username: name.parse().unwrap(),
        display_name: name.to_uppercase().parse().unwrap(),
        email: Some(format!("{name}@Example.org").parse().unwrap()),
        password_hash: format!("$argon2id${name}"),
        created_at: at(1),
        invite: None,
    }
}

fn new_device(number: u64, whose: u64) -> NewDevice {
    NewDevice {
        id: device(number),
        user: user(whose),
        name: "Phone".parse().unwrap(),
        token: TokenHash([number as u8; 32]),
        expires_at: at(9_000),
        created_at: at(2),
    }
}

async fn fill_directory(directory: &SqliteDirectory) {
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
        directory.create(new_user(number, name)).await.unwrap();
    }
    assert!(directory.add_device(new_device(10, 1), 9).await.unwrap());
    assert!(directory.add_device(new_device(20, 2), 9).await.unwrap());
    directory.end_token(user(2), device(20)).await.unwrap();
    directory.seen(&[(device(10), at(50), at(9_500))]).await.unwrap();
    directory.add_contact(user(1), user(2), at(3), 9).await.unwrap();
    directory.add_block(user(2), user(3), at(4), 9).await.unwrap();
    directory.set_suspended(user(3), true).await.unwrap();
    directory.erase(user(4)).await.unwrap();
    let change = ProfileChange { shows_receipts: Some(false), ..ProfileChange::default() };
    directory.update(user(2), &change).await.unwrap();
    let invite = NewInvite {
        hash: [5; 32],
        note: "friends".to_owned(),
        uses: 3,
        expires_at: at(99),
        created_at: at(5),
    };
    directory.create_invite(invite).await.unwrap();
    let row = |whose, chat, seq, membership| MembershipRow {
        user: user(whose),
        chat,
        seq: Seq::clamped(seq),
        membership,
    };
    let rows = [
        row(1, ChatId::Direct(user(1), user(2)), 1, Membership::Member(Role::Member)),
        row(2, ChatId::Direct(user(1), user(2)), 1, Membership::Member(Role::Member)),
        row(1, ChatId::Group(group(7)), 3, Membership::Member(Role::Owner)),
        row(3, ChatId::Group(group(7)), 3, Membership::Member(Role::Admin)),
        row(2, ChatId::Group(group(7)), 9, Membership::Former),
        row(1, ChatId::Inbox(user(1)), 1, Membership::Member(Role::Member)),
    ];
    directory.project(&rows).await.unwrap();
    directory.reserve(user(1), &"my-id".parse().unwrap(), group(7), Fingerprint(1 << 100)).await.unwrap();
    let discovery = directory.discovery();
    discovery.join("ws://127.0.0.1:8080/ws").await.unwrap();
    discovery.reserve(0, at(60_000)).await.unwrap();
}

async fn assert_directory(directory: &SqliteDirectory) {
    let alice = directory.account(user(1)).await.unwrap().unwrap();
    assert_eq!(alice.user.username.unwrap().as_str(), "alice");
    assert_eq!(alice.user.display_name.unwrap().as_str(), "ALICE");
    assert_eq!((alice.email.unwrap().as_str(), alice.created_at), ("alice@Example.org", at(1)));
    assert_eq!(directory.credential_of(user(1)).await.unwrap().unwrap().password_hash, "$argon2id$alice");
    assert!(!directory.users(&[user(2)]).await.unwrap().remove(0).unwrap().shows_receipts);
    assert!(directory.account(user(3)).await.unwrap().unwrap().suspended);
    assert_eq!(directory.account(user(4)).await.unwrap().unwrap().user.username, None);
    let again = CreateUser { email: None, ..new_user(5, "dave") };
    assert_eq!(directory.create(again).await, Err(CreateUserError::UsernameTaken), "an erased user's name");
    let owner = TokenOwner { user: user(1), device: device(10), expires_at: at(9_500) };
    assert_eq!(directory.token_owner(&TokenHash([10; 32])).await, Ok(Some(owner)));
    let logged_out = Device {
        id: device(20),
        user: user(2),
        name: "Phone".parse().unwrap(),
        created_at: at(2),
        last_seen: None,
        logged_in: false,
    };
    assert_eq!(directory.devices(user(2)).await, Ok(vec![logged_out]));
    assert_eq!(directory.contacts(user(1)).await, Ok(vec![Since { user: user(2), since: at(3) }]));
    assert_eq!(directory.blocks(user(2)).await, Ok(vec![Since { user: user(3), since: at(4) }]));
    let invites = directory.invites().await.unwrap();
    assert_eq!((invites.len(), invites[0].note.as_str(), invites[0].uses_left), (1, "friends", 3));
    let chats = [ChatId::Direct(user(1), user(2)), ChatId::Group(group(7)), ChatId::Inbox(user(1))];
    assert_eq!(directory.chats_of(user(1), None, 9).await, Ok(chats.to_vec()));
    assert_eq!(directory.chats_of(user(2), None, 9).await, Ok(chats[..1].to_vec()));
    assert_eq!(directory.acquainted(user(1), &[user(3)], 2).await, Ok(vec![user(3)]));
    let stands = Reserved { group: group(7), fingerprint: Fingerprint(1 << 100) };
    let reserved = directory.reserve(user(1), &"my-id".parse().unwrap(), group(8), Fingerprint(1)).await;
    assert_eq!(reserved, Ok(stands));
    assert_eq!(directory.discovery().join("ws://a").await.unwrap().incarnation, 2);
    assert_eq!(directory.discovery().reserve(0, at(0)).await, Ok(at(60_000)));
}

async fn fill_cursors(cursors: &SqliteCursors) {
    cursors.raise(ChatId::Group(group(7)), user(1), mark(3, 5)).await.unwrap();
    cursors.raise(ChatId::Direct(user(1), user(2)), user(2), mark(8, 8)).await.unwrap();
}

async fn assert_cursors(cursors: &SqliteCursors) {
    let chats = [ChatId::Direct(user(1), user(2)), ChatId::Group(group(7))];
    assert_eq!(cursors.of_user(user(1), &chats).await, Ok(vec![Mark::default(), mark(3, 5)]));
    assert_eq!(cursors.of_user(user(2), &chats).await, Ok(vec![mark(8, 8), Mark::default()]));
}

/// A folder with a copy of a golden file under the name that its store looks for.
fn copy_of(name: &str, file: &str) -> (tempfile::TempDir, Place) {
    let root = tempfile::tempdir().unwrap();
    std::fs::copy(golden(name), root.path().join(file)).unwrap();
    let place = Place::folder(root.path());
    (root, place)
}

#[tokio::test]
async fn a_directory_of_version_1_is_opened() {
    let (_root, place) = copy_of("directory-1.db", "directory.db");
    assert_directory(&SqliteDirectory::open(&place).unwrap()).await;
}

#[tokio::test]
async fn marks_of_version_1_are_opened() {
    let (_root, place) = copy_of("cursors-1.db", "cursors.db");
    assert_cursors(&SqliteCursors::open(&place, CursorSettings::default()).unwrap()).await;
}

#[tokio::test]
#[ignore = "writes the golden files; for the release that brings a new version"]
async fn make_the_golden_files() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::folder(root.path());
    let directory = SqliteDirectory::open(&place).unwrap();
    fill_directory(&directory).await;
    directory.close().unwrap();
    let cursors = SqliteCursors::open(&place, CursorSettings::default()).unwrap();
    fill_cursors(&cursors).await;
    cursors.close().unwrap();
    for (file, name) in [("directory.db", "directory-1.db"), ("cursors.db", "cursors-1.db")] {
        assert!(!golden(name).exists(), "{name} is there and stays as it is");
        std::fs::copy(root.path().join(file), golden(name)).unwrap();
    }
}
