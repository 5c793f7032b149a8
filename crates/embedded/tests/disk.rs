//! Disks that fail, fill up and lose power: what was answered is there, and what cannot be kept is
//! refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chinwag_embedded::{CursorSettings, Mode, Place, SqliteBackups, SqliteCursors, SqliteDirectory};
use chinwag_ports::backups::BackupLimits;
use chinwag_ports::chain::{Append, Page};
use chinwag_ports::directory::{
    CreateUser, CreateUserError, Membership, MembershipRow, NewDevice, Publish, TokenHash,
};
use chinwag_ports::{
    Accounts, Backups, Contacts, Cursors, DeviceChains, Devices, Discovery, IdLease, KeyPackages, Mark,
    Memberships,
};
use chinwag_powercut::{Disk, Fault, Model, OnPath};
use chinwag_proto::{ChatId, DeviceId, GroupId, Role, Seq, Timestamp, UserId};

fn in_mode(mode: Mode, place: Place) -> Place {
    if mode == Mode::Inline { place.inline() } else { place }
}

fn place(disk: &Disk) -> Place {
    Place::folder("/data").on_vfs(disk.vfs_name()).inline()
}

fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_ms(i64::try_from(ms).unwrap())
}

fn new_user(number: u64) -> CreateUser {
    CreateUser {
        id: user(number),
        username: format!("user-{number}").parse().unwrap(),
        display_name: "x".repeat(60).parse().unwrap(),
        email: Some(format!("user-{number}@example.org").parse().unwrap()),
        password_hash: "h".repeat(100),
        created_at: at(number),
        invite: None,
    }
}

/// What one step wrote, for good, when it was answered.
async fn write(directory: &SqliteDirectory, number: u64) {
    directory.create(new_user(number)).await.unwrap();
    let device = NewDevice {
        id: DeviceId::new(number).unwrap(),
        user: user(number),
        name: "phone".parse().unwrap(),
        token: TokenHash([number as u8; 32]),
        expires_at: at(1),
        created_at: at(1),
    };
    assert!(directory.add_device(device, 9).await.unwrap());
    assert!(directory.add_contact(user(number), user(1), at(1), 9).await.unwrap());
    let membership = Membership::Member(Role::Member);
    let chat = ChatId::Group(GroupId::new(1).unwrap());
    directory
        .project(&[MembershipRow { user: user(number), chat, seq: Seq::clamped(number), membership }])
        .await
        .unwrap();
    directory.discovery().reserve(0, at(number * 1_000)).await.unwrap();
    if number.is_multiple_of(5) {
        directory.erase(user(number - 1)).await.unwrap();
    }
}

/// Holds what `write` wrote of a number against what is there.
async fn assert_is_whole(directory: &SqliteDirectory, number: u64, last: u64) {
    let account = directory.account(user(number)).await.unwrap().expect("the account");
    let may_be_erased = number % 5 == 4 && number == last;
    if may_be_erased && account.user.username.is_none() {
        // The next step had begun.
    } else if number % 5 == 4 && number < last {
        assert_eq!(account.user.username, None, "{number} is erased");
        assert_eq!(
            directory.create(CreateUser { id: user(999), ..new_user(number) }).await,
            Err(CreateUserError::UsernameTaken)
        );
    } else {
        let owner = directory.token_owner(&TokenHash([number as u8; 32])).await.unwrap().expect("the token");
        assert_eq!(owner.user, user(number));
        assert_eq!(directory.contacts(user(number)).await.unwrap().len(), 1);
    }
    assert_eq!(directory.chats_of(user(number), None, 9).await.unwrap().len(), 1);
    assert!(directory.discovery().reserve(0, at(0)).await.unwrap() >= at(number * 1_000));
}

/// Writes with the power going after each step of the disk; answers how many images were looked at.
///
/// A stride above 1 leaves steps out.
async fn cut_everywhere(model: Model, users: u64, stride: usize) -> usize {
    let disk = Disk::new(model, 11);
    let directory = SqliteDirectory::open(&place(&disk)).unwrap();
    let mut answered = vec![(disk.steps(), 0)];
    for number in 1..=users {
        write(&directory, number).await;
        answered.push((disk.steps(), number));
    }
    let mut images = 0;
    for step in (0..=disk.steps()).step_by(stride) {
        for seed in 0..2 {
            let image = disk.image_at(step, seed).unwrap();
            let after = Disk::from_image(&image);
            let directory = SqliteDirectory::open(&place(&after)).expect("it opens after a cut");
            let promised =
                answered.iter().take_while(|(at, _)| *at <= step).last().map_or(0, |(_, number)| *number);
            // The last ones, where the cut was, and some of the others.
            for number in (1..=promised).filter(|number| number + 6 > promised || number % 17 == 0) {
                assert_is_whole(&directory, number, promised).await;
            }
            // And it goes on from there.
            directory
                .create(CreateUser { id: user(1_000), username: "later".parse().unwrap(), ..new_user(1_000) })
                .await
                .unwrap();
            images += 1;
        }
    }
    images
}

#[tokio::test]
async fn the_directory_survives_power_cuts_after_every_step() {
    for model in [Model::default(), Model::strict(), Model::lenient()] {
        let images = cut_everywhere(model, 6, 1).await;
        assert!(images > 200, "{images} images");
    }
}

#[tokio::test]
async fn the_directory_survives_power_cuts_in_checkpoints() {
    // Long enough for several; each step of the disk would take too long.
    let images = cut_everywhere(Model::strict(), 250, 59).await;
    assert!(images > 100, "{images} images");
}

/// Ten key packages, claimed one by one; links and backup records in between. The power goes after each step.
#[tokio::test]
async fn a_key_package_is_given_out_once_over_power_cuts() {
    let disk = Disk::new(Model::strict(), 7);
    let directory = SqliteDirectory::open(&place(&disk)).unwrap();
    let backups = SqliteBackups::open(&place(&disk)).unwrap();
    write(&directory, 1).await;
    let device = DeviceId::new(1).unwrap();
    let packages: Vec<Vec<u8>> = (0..10_u8).map(|number| vec![number; 3_000]).collect();
    let publish = Publish { user: user(1), device, packages, last_resort: None, waiting_max: 99 };
    directory.publish(publish.clone()).await.unwrap();
    let item = |number: u64| Append { after: Seq::clamped(number), items: vec![vec![1; 2_000]] };
    let mut answered = vec![(disk.steps(), Vec::new())];
    for number in 0..10 {
        let claimed = directory.claim(user(1), None).await.unwrap().remove(0).package;
        directory.append_links(user(1), item(number), 99).await.unwrap();
        backups.append(user(1), device, item(number), at(1), LIMITS).await.unwrap();
        let before = answered.last().unwrap().1.clone();
        answered.push((disk.steps(), [before, vec![claimed]].concat()));
    }
    let first = answered[0].0;
    for step in first..=disk.steps() {
        let after = Disk::from_image(&disk.image_at(step, 3).unwrap());
        let directory = SqliteDirectory::open(&place(&after)).unwrap();
        let backups = SqliteBackups::open(&place(&after)).unwrap();
        let (_, given) = answered.iter().take_while(|(at, _)| *at <= step).last().unwrap();
        // The lost answer is asked for again.
        directory.publish(publish.clone()).await.unwrap();
        let mut all = given.clone();
        while let Some(claimed) = directory.claim(user(1), None).await.unwrap().pop() {
            assert!(!all.contains(&claimed.package), "after step {step}: given out twice");
            all.push(claimed.package);
        }
        assert!(all.len() >= 9, "after step {step}: {} packages; one may be lost with its answer", all.len());
        let head = |page: Page| page.head.get() as usize;
        let links = head(directory.links(user(1), Seq::ZERO, 1, 1).await.unwrap());
        assert!(links >= given.len(), "after step {step}: {links} links");
        let records = head(backups.records(user(1), device, Seq::ZERO, 1, 1).await.unwrap());
        assert!(records >= given.len(), "after step {step}: {records} records");
    }
}

const LIMITS: BackupLimits = BackupLimits { records: 99, bytes: 1_000_000, chains: 9 };

#[tokio::test]
async fn keys_of_a_removed_device_and_backups_of_an_erased_user_leave_the_disk() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::folder(root.path());
    let (directory, backups) = (SqliteDirectory::open(&place).unwrap(), SqliteBackups::open(&place).unwrap());
    for number in 1..=2 {
        write(&directory, number).await;
    }
    let secrets = ["of the waiting key", "of the claimed key", "of the last resort", "of the backup"];
    let bytes = |secret: usize| secrets[secret].repeat(400).into_bytes();
    let publish = |number: u64| Publish {
        user: user(number),
        device: DeviceId::new(number).unwrap(),
        packages: vec![bytes(1), bytes(0)],
        last_resort: Some(bytes(2)),
        waiting_max: 9,
    };
    for number in 1..=2 {
        directory.publish(publish(number)).await.unwrap();
        directory.claim(user(number), None).await.unwrap();
        let append = Append { after: Seq::ZERO, items: vec![bytes(3)] };
        backups.append(user(number), DeviceId::new(number).unwrap(), append, at(1), LIMITS).await.unwrap();
    }
    let found = || {
        let files = std::fs::read_dir(root.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()));
        let files: Vec<_> = files.map(Result::unwrap).collect();
        let holds = |secret: &&&str| {
            files.iter().any(|file| file.windows(secret.len()).any(|window| window == secret.as_bytes()))
        };
        secrets.iter().filter(holds).copied().collect::<Vec<_>>()
    };
    assert_eq!(found(), secrets, "the search finds what is there");
    assert!(directory.remove_device(user(1), DeviceId::new(1).unwrap()).await.unwrap());
    directory.erase(user(2)).await.unwrap();
    for number in 1..=2 {
        backups.erase(user(number)).await.unwrap();
    }
    directory.close().unwrap();
    backups.close().unwrap();
    assert_eq!(found(), Vec::<&str>::new());
}

#[tokio::test]
async fn the_incarnation_rises_over_power_cuts() {
    let disk = Disk::new(Model::strict(), 3);
    let mut lives = Vec::new();
    for _ in 0..3 {
        let node = SqliteDirectory::open(&place(&disk)).unwrap().discovery().join("ws://a").await.unwrap();
        lives.push((disk.steps(), node.incarnation));
    }
    for step in 0..=disk.steps() {
        let after = Disk::from_image(&disk.image_at(step, 1).unwrap());
        let node = SqliteDirectory::open(&place(&after)).unwrap().discovery().join("ws://a").await.unwrap();
        let before = lives.iter().filter(|(at, _)| *at <= step).map(|(_, incarnation)| *incarnation).max();
        assert!(
            before.is_none_or(|before| before < node.incarnation),
            "after step {step}: {before:?}, {node:?}"
        );
    }
}

#[tokio::test]
async fn flushed_marks_survive_power_cuts() {
    let disk = Disk::new(Model::strict(), 5);
    let cursors = SqliteCursors::open(&place(&disk), CursorSettings::default()).unwrap();
    let chat = ChatId::Inbox(user(1));
    let mark = |seq| Mark { read: Seq::clamped(seq), delivered: Seq::clamped(seq) };
    let mut flushed = Vec::new();
    for seq in 1..=20 {
        cursors.raise(chat, user(1), mark(seq)).await.unwrap();
        cursors.flush().await.unwrap();
        flushed.push((disk.steps(), seq));
    }
    for step in 0..=disk.steps() {
        let after = Disk::from_image(&disk.image_at(step, 2).unwrap());
        let cursors = SqliteCursors::open(&place(&after), CursorSettings::default()).unwrap();
        let promised = flushed.iter().filter(|(at, _)| *at <= step).map(|(_, seq)| *seq).max().unwrap_or(0);
        let found = cursors.of_user(user(1), &[chat]).await.unwrap()[0];
        assert!(found.read >= Seq::clamped(promised), "after step {step}: {found:?} of {promised}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    for mode in [Mode::Inline, Mode::Threads] {
        full_disk(mode).await;
    }
}

async fn full_disk(mode: Mode) {
    let disk = Disk::new(Model::default(), 1);
    let directory = SqliteDirectory::open(&in_mode(mode, place(&disk))).unwrap();
    directory.create(new_user(1)).await.unwrap();
    disk.fail_from(Fault::DiskFull, 0, OnPath::Any);
    let refused = directory.create(new_user(2)).await.unwrap_err();
    assert!(refused.to_string().contains("disk is full"), "{refused}");
    assert!(directory.account(user(1)).await.unwrap().is_some(), "reads go on");
    assert_eq!(directory.account(user(2)).await, Ok(None));
    disk.heal();
    assert_eq!(directory.ready(), Ok(()));
    directory.create(new_user(2)).await.unwrap();
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_until_the_restart() {
    for (fault, mode) in [Fault::SyncEio, Fault::WriteEio].into_iter().zip([Mode::Inline, Mode::Threads]) {
        let disk = Disk::new(Model::default(), 1);
        let directory = SqliteDirectory::open(&in_mode(mode, place(&disk))).unwrap();
        directory.create(new_user(1)).await.unwrap();
        disk.fail_next(fault, 0, OnPath::Any);
        let refused = directory.create(new_user(2)).await.unwrap_err();
        assert!(refused.to_string().contains("restart"), "{refused}");
        // The disk is well again, and not believed.
        assert!(directory.create(new_user(3)).await.is_err());
        assert!(directory.ready().is_err());
        assert!(directory.account(user(1)).await.unwrap().is_some(), "reads go on");
        assert!(directory.close().is_err());
        let directory = SqliteDirectory::open(&place(&disk)).unwrap();
        assert!(directory.account(user(1)).await.unwrap().is_some());
        assert_eq!(directory.account(user(3)).await, Ok(None));
        directory.create(new_user(3)).await.unwrap();
    }
}

#[tokio::test]
async fn a_checkpoint_whose_sync_fails_is_the_last() {
    let disk = Disk::new(Model::default(), 1);
    let directory = SqliteDirectory::open(&place(&disk)).unwrap();
    directory.create(new_user(1)).await.unwrap();
    disk.fail_next(Fault::SyncEio, 0, "directory.db");
    let group = |id| ChatId::Group(GroupId::new(id).unwrap());
    let membership = Membership::Member(Role::Member);
    let rows: Vec<_> = (1..=100)
        .map(|id| MembershipRow { user: user(1), chat: group(id), seq: Seq::clamped(1), membership })
        .collect();
    let mut number = 2;
    while directory.ready().is_ok() {
        assert!(number < 100, "a checkpoint comes within so many rows");
        let rows: Vec<_> = rows.iter().map(|row| MembershipRow { user: user(number), ..*row }).collect();
        directory.project(&rows).await.unwrap();
        // The checkpoint came with the rows.
        if directory.create(new_user(number)).await.is_err() {
            break;
        }
        number += 1;
    }
    assert!(directory.ready().is_err());
    assert!(number > 5, "a checkpoint is no commit");
    let image = disk.power_cut(1);
    let directory = SqliteDirectory::open(&place(&Disk::from_image(&image))).unwrap();
    for answered in 1..number {
        assert!(directory.account(user(answered)).await.unwrap().is_some(), "user {answered} of {number}");
    }
}

#[tokio::test]
async fn marks_that_cannot_be_written_stay_in_memory() {
    let disk = Disk::new(Model::default(), 1);
    let settings = CursorSettings { unwritten_max: 2, ..CursorSettings::default() };
    let cursors = SqliteCursors::open(&place(&disk), settings).unwrap();
    let mark = Mark { read: Seq::clamped(3), delivered: Seq::clamped(3) };
    let chat = |number| ChatId::Inbox(user(number));
    disk.fail_from(Fault::DiskFull, 0, OnPath::Any);
    for number in 1..=2 {
        cursors.raise(chat(number), user(number), mark).await.unwrap();
    }
    assert!(cursors.flush().await.is_err());
    assert!(cursors.raise(chat(3), user(3), mark).await.is_err(), "memory is bounded");
    assert_eq!(cursors.of_user(user(1), &[chat(1)]).await, Ok(vec![mark]));
    disk.heal();
    cursors.raise(chat(3), user(3), mark).await.unwrap();
    cursors.close().unwrap();
    let cursors = SqliteCursors::open(&place(&disk), settings).unwrap();
    for number in 1..=3 {
        assert_eq!(cursors.of_user(user(number), &[chat(number)]).await, Ok(vec![mark]));
    }
}
