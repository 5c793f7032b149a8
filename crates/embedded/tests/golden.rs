//! Databases as earlier releases wrote them are opened, migrated, and answer as they did.
//!
//! A golden file is made once, by the release that brings its version, and never again:
//! `cargo test -p chinwag-embedded --test golden -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use chinwag_chat::Fingerprint;
use chinwag_embedded::{CursorSettings, Place, SqliteBackups, SqliteCursors, SqliteDirectory};
use chinwag_ports::backups::{BackupChain, BackupLimits};
use chinwag_ports::blobs::{BlobEntry, BlobQuota, Noted};
use chinwag_ports::chain::{Append, Appended};
use chinwag_ports::directory::{
    CreateUser, CreateUserError, Device, Membership, MembershipRow, NewDevice, NewInvite, ProfileChange,
    Publish, Published, Reserved, Since, Stock, TokenHash, TokenOwner,
};
use chinwag_ports::{
    Accounts, Backups, BlobBook, Contacts, Cursors, DeviceChains, Devices, Discovery, IdLease, Invites,
    KeyPackages, Mark, Memberships, Profiles, Reservations,
};
use chinwag_proto::{BlobName, ChatId, DeviceId, GroupId, Role, Seq, Timestamp, UserId};

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

fn publish(packages: &[&str]) -> Publish {
    Publish {
        user: user(1),
        device: device(10),
        packages: packages.iter().map(|text| text.as_bytes().to_vec()).collect(),
        last_resort: Some(b"last resort".to_vec()),
        waiting_max: 9,
    }
}

fn append(after: u64, text: &str) -> Append {
    Append { after: Seq::clamped(after), items: vec![text.as_bytes().to_vec()] }
}

const QUOTA: BlobQuota = BlobQuota { since: Timestamp::from_ms(0), bytes: 100 };

fn blob() -> BlobEntry {
    BlobEntry { name: BlobName([3; 32]), chat: ChatId::Group(group(7)), user: user(1) }
}

/// What version 2 has beside what version 1 had.
async fn fill_keys(directory: &SqliteDirectory) {
    directory.publish(publish(&["claimed", "waiting"])).await.unwrap();
    assert_eq!(directory.claim(user(1), None).await.unwrap()[0].package, b"claimed");
    for (number, text) in [(0, "one"), (1, "two")] {
        directory.append_links(user(1), append(number, text), 9).await.unwrap();
    }
    assert_eq!(directory.note(blob(), 60, at(1), QUOTA).await, Ok(Noted::Done));
}

async fn assert_keys(directory: &SqliteDirectory) {
    let stock = Stock { available: 1, last_resort: true };
    assert_eq!(directory.publish(publish(&["claimed"])).await, Ok(Published::Done(stock)), "once, ever");
    assert_eq!(directory.claim(user(1), None).await.unwrap()[0].package, b"waiting");
    assert_eq!(directory.claim(user(1), None).await.unwrap()[0].package, b"last resort");
    let links = directory.links(user(1), Seq::ZERO, 9, 99).await.unwrap();
    assert_eq!((links.items, links.head), (vec![b"one".to_vec(), b"two".to_vec()], Seq::clamped(2)));
    let appended = directory.append_links(user(1), append(2, "three"), 9).await;
    assert_eq!(appended, Ok(Appended::Done(Seq::clamped(3))));
    assert_eq!(directory.entries_of(user(1), 9).await, Ok(vec![blob()]));
    let more = BlobEntry { name: BlobName([4; 32]), ..blob() };
    assert_eq!(directory.note(more, 41, at(2), QUOTA).await, Ok(Noted::TooMuch));
}

const BACKUP_LIMITS: BackupLimits = BackupLimits { records: 2, bytes: 99, chains: 9 };

async fn fill_backups(backups: &SqliteBackups) {
    for (number, text) in [(0, "one"), (1, "two")] {
        let appended =
            backups.append(user(1), device(10), append(number, text), at(number as i64), BACKUP_LIMITS);
        assert!(matches!(appended.await, Ok(Appended::Done(_))));
    }
    backups.erase(user(2)).await.unwrap();
}

async fn assert_backups(backups: &SqliteBackups) {
    let chain = BackupChain { device: device(10), head: Seq::clamped(2), updated_at: at(1) };
    assert_eq!(backups.chains(user(1)).await, Ok(vec![chain]));
    let records = backups.records(user(1), device(10), Seq::ZERO, 9, 99).await.unwrap();
    assert_eq!(records.items, [b"one".to_vec(), b"two".to_vec()]);
    for (whose, after) in [(1, 2), (2, 0)] {
        let appended =
            backups.append(user(whose), device(10), append(after, "x"), at(3), BACKUP_LIMITS).await;
        assert_eq!(appended, Ok(Appended::Full));
    }
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
async fn a_directory_of_version_1_is_opened_and_takes_keys() {
    let (_root, place) = copy_of("directory-1.db", "directory.db");
    let directory = SqliteDirectory::open(&place).unwrap();
    assert_directory(&directory).await;
    fill_keys(&directory).await;
    assert_keys(&directory).await;
}

#[tokio::test]
async fn a_directory_of_version_2_is_opened() {
    let (_root, place) = copy_of("directory-2.db", "directory.db");
    let directory = SqliteDirectory::open(&place).unwrap();
    assert_directory(&directory).await;
    assert_keys(&directory).await;
}

#[tokio::test]
async fn backups_of_version_1_are_opened() {
    let (_root, place) = copy_of("backups-1.db", "backups.db");
    assert_backups(&SqliteBackups::open(&place).unwrap()).await;
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
    fill_keys(&directory).await;
    directory.close().unwrap();
    let cursors = SqliteCursors::open(&place, CursorSettings::default()).unwrap();
    fill_cursors(&cursors).await;
    cursors.close().unwrap();
    let backups = SqliteBackups::open(&place).unwrap();
    fill_backups(&backups).await;
    backups.close().unwrap();
    let made =
        [("directory.db", "directory-2.db"), ("cursors.db", "cursors-1.db"), ("backups.db", "backups-1.db")];
    let fresh: Vec<_> = made.into_iter().filter(|(_, name)| !golden(name).exists()).collect();
    assert!(!fresh.is_empty(), "all are there and stay as they are");
    for (file, name) in fresh {
        std::fs::copy(root.path().join(file), golden(name)).unwrap();
    }
}
