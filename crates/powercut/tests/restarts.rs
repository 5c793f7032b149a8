//! Machines that lose power again and again, also while SQLite recovers from the last time, and how a disk is opened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Directory, Disk, Model};
use common::{Acknowledged, Found, PATH, SAFE, body, create, cut_everywhere, insert, look, pragma};
use rusqlite::{Connection, OpenFlags};

#[test]
fn over_a_hundred_lives_no_row_is_lost() {
    for directory in [Directory::Strict, Directory::Unix, Directory::Journaled] {
        let mut disk = Disk::new(Model { directory, ..Model::default() }, 11);
        drop(create(&disk, SAFE));
        let mut rows = 0;
        for life in 0..100 {
            let db = disk.open(PATH).unwrap();
            pragma(&db, "synchronous", "FULL");
            pragma(&db, "wal_autocheckpoint", "16");
            let found: i64 = db.query_row("SELECT count(*) FROM row", [], |row| row.get(0)).unwrap();
            assert!(
                found == rows || found == rows + 1,
                "{rows} were acknowledged, {found} found in life {life}"
            );
            rows = found;
            disk.cut_at(disk.steps() + 3 + life * 7 % 40);
            while insert(&db, rows + 1).is_ok() {
                rows += 1;
            }
            let image = disk.power_cut(life as u64);
            drop(db);
            assert!(!matches!(look(&image), Found::Damaged(_)), "{:?}", look(&image));
            disk = Disk::from_image(&image);
        }
        assert!(rows > 200, "{rows}");
    }
}

#[test]
fn a_cut_while_recovering_loses_nothing() {
    let disk = Disk::new(Model::strict(), 11);
    let db = create(&disk, SAFE);
    let acknowledged = common::fill(&disk, &db, 30);
    for step in (0..=disk.steps()).step_by(5) {
        let again = Disk::from_image(&disk.image_at(step, 4).unwrap());
        let promised = acknowledged.by(step);
        let recovered = again.open(PATH).unwrap();
        recovered.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(recovered);
        let tally = cut_everywhere(&again, &Acknowledged(vec![(promised, 0)]), 2);
        assert_eq!((tally.lost, tally.damaged), (0, Vec::new()), "cut first at {step}");
    }
}

#[test]
fn a_disk_is_opened_by_uri_or_by_name_and_shares_nothing_with_others() {
    let (one, two) = (Disk::new(Model::default(), 1), Disk::new(Model::default(), 1));
    let by_uri = Connection::open(format!("file:{PATH}?vfs={}", one.vfs_name())).unwrap();
    by_uri.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)").unwrap();
    insert(&by_uri, 1).unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let by_name = Connection::open_with_flags_and_vfs(PATH, flags, one.vfs_name()).unwrap();
    let found: Vec<u8> = by_name.query_row("SELECT body FROM row", [], |row| row.get(0)).unwrap();
    assert_eq!(found, body(1));
    assert_eq!(one.paths(), [PATH]);
    assert!(Connection::open_with_flags_and_vfs(PATH, flags, two.vfs_name()).is_err());
    assert!(two.open("data/../data/./log.db").is_ok());
    assert!(two.read(PATH).is_some_and(|bytes| bytes.is_empty()), "a relative path hangs at the top");
}

#[test]
fn a_connection_outlives_the_last_handle_of_its_disk() {
    let disk = Disk::new(Model::default(), 1);
    let name = disk.vfs_name().to_owned();
    let db = create(&disk, SAFE);
    drop(disk);
    insert(&db, 1).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM row", [], |row| row.get(0)), Ok(1));
    assert!(Connection::open_with_flags_and_vfs(PATH, OpenFlags::default(), name.as_str()).is_err());
}
