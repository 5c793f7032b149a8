//! Faults reach SQLite's caller as the errors they are, nothing that was acknowledged is lost by them, and a dead machine
//! does nothing more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Disk, Fault, Landed, Model, OnPath};
use common::{Acknowledged, Found, PATH, SAFE, create, cut_everywhere, insert, look};
use rusqlite::{ErrorCode, ffi};

fn code(error: &rusqlite::Error) -> (ErrorCode, i32) {
    let error = error.sqlite_error().expect("an error of SQLite's own");
    (error.code, error.extended_code)
}

/// Inserts rows until one is refused; the next row is the one that was.
fn insert_until_refused(
    db: &rusqlite::Connection,
    disk: &Disk,
    first: i64,
) -> (Acknowledged, rusqlite::Error) {
    let mut acknowledged = Acknowledged(Vec::new());
    for row in first..first + 200 {
        match insert(db, row) {
            Ok(()) => acknowledged.0.push((row, disk.steps())),
            Err(error) => return (acknowledged, error),
        }
    }
    panic!("no insert was refused");
}

#[test]
fn each_fault_has_its_error_and_the_database_lives_on() {
    let expected = [
        (Fault::WriteEio, ErrorCode::SystemIoFailure, ffi::SQLITE_IOERR_WRITE),
        (Fault::SyncEio, ErrorCode::SystemIoFailure, ffi::SQLITE_IOERR_FSYNC),
        (Fault::DiskFull, ErrorCode::DiskFull, ffi::SQLITE_FULL),
    ];
    for (fault, primary, extended) in expected {
        let disk = Disk::new(Model::strict(), 3);
        let db = create(&disk, SAFE);
        disk.fail_next(fault, 9, "log.db-wal");
        let (mut acknowledged, error) = insert_until_refused(&db, &disk, 1);
        assert_eq!(code(&error), (primary, extended));
        assert_eq!(disk.faults_fired(), 1);
        let refused = acknowledged.0.len() as i64 + 1;
        assert!(refused > 2, "some operations went well before");
        for row in refused..refused + 30 {
            insert(&db, row).unwrap();
            acknowledged.0.push((row, disk.steps()));
        }
        let tally = cut_everywhere(&disk, &acknowledged, 3);
        assert_eq!((tally.lost, tally.damaged), (0, Vec::new()), "{fault:?}");
    }
}

#[test]
fn a_read_that_fails_is_an_error_and_not_wrong_data() {
    let disk = Disk::new(Model::default(), 3);
    drop(create(&disk, SAFE));
    let db = disk.open(PATH).unwrap();
    disk.fail_next(Fault::ReadEio, 0, OnPath::Containing("log.db".into()));
    let answer = db.query_row("SELECT count(*) FROM row", [], |row| row.get::<_, i64>(0));
    assert_eq!(code(&answer.unwrap_err()).0, ErrorCode::SystemIoFailure);
    assert_eq!(db.query_row("SELECT count(*) FROM row", [], |row| row.get(0)), Ok(0));
}

#[test]
fn a_full_disk_stays_full_until_it_is_healed() {
    let disk = Disk::new(Model::default(), 3);
    let db = create(&disk, SAFE);
    insert(&db, 1).unwrap();
    disk.fail_from(Fault::DiskFull, 0, OnPath::Any);
    for _ in 0..5 {
        assert_eq!(code(&insert(&db, 2).unwrap_err()).0, ErrorCode::DiskFull);
    }
    assert_eq!(db.query_row("SELECT count(*) FROM row", [], |row| row.get(0)), Ok(1), "reads go on");
    disk.heal();
    insert(&db, 2).unwrap();
    let now = disk.image_with(disk.steps(), Landed::Nothing, 0).unwrap();
    assert_eq!(look(&now), Found::Rows(2));
}

#[test]
fn a_fault_meant_for_one_file_spares_the_others() {
    let disk = Disk::new(Model::default(), 3);
    let db = create(&disk, SAFE);
    disk.fail_from(Fault::WriteEio, 0, "other.db-wal");
    for row in 1..=20 {
        insert(&db, row).unwrap();
    }
    assert_eq!(disk.faults_fired(), 0);
}

#[test]
fn a_checkpoint_that_cannot_sync_the_database_loses_nothing() {
    let disk = Disk::new(Model::strict(), 3);
    let db = create(&disk, SAFE);
    disk.fail_next(Fault::SyncEio, 0, "log.db");
    let acknowledged = common::fill(&disk, &db, 60);
    assert_eq!(disk.faults_fired(), 1, "SQLite keeps quiet about an automatic checkpoint that failed");
    let tally = cut_everywhere(&disk, &acknowledged, 3);
    assert_eq!((tally.lost, tally.damaged), (0, Vec::new()));
}

#[test]
fn a_dead_machine_does_nothing_more() {
    let disk = Disk::new(Model::strict(), 3);
    let db = create(&disk, SAFE);
    let acknowledged = common::fill(&disk, &db, 10);
    disk.cut();
    let steps = disk.steps();
    assert_eq!(code(&insert(&db, 11).unwrap_err()).0, ErrorCode::SystemIoFailure);
    assert!(disk.open(PATH).and_then(|db| insert(&db, 11)).is_err());
    drop(db);
    assert_eq!(disk.steps(), steps);
    assert!(disk.is_cut());
    let image = disk.power_cut(5);
    assert!(look(&image).rows() >= acknowledged.by(steps));
}

#[test]
fn a_machine_that_dies_at_a_step_looks_as_that_step_does_in_hindsight() {
    let run = |dies_at: usize| {
        let disk = Disk::new(Model::strict(), 3);
        let db = create(&disk, SAFE);
        disk.cut_at(dies_at);
        let done = (1..=20).take_while(|row| insert(&db, *row).is_ok()).count();
        let steps = disk.steps();
        (disk, done, steps)
    };
    let (whole, _, steps) = run(usize::MAX);
    for step in (steps - 60..steps).step_by(7) {
        let (dead, done, _) = run(step);
        assert_eq!(dead.steps(), step);
        assert!(done < 20);
        assert_eq!(dead.log(), whole.log()[..step]);
        assert!(look(&dead.power_cut(1)).rows() >= done as i64);
    }
}
