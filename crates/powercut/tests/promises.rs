//! What SQLite keeps and loses over power cuts, depending on how a database is created and synced: the facts that the
//! embedded store stands on, and the proof that this disk is strict enough to show the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Directory, Disk, Model, TornUnit};
use common::{Habits, PATH, SAFE, Tally, create, cut_everywhere, fill, pragma};

const DIRECTORIES: [Directory; 3] = [Directory::Strict, Directory::Unix, Directory::Journaled];
const DEFAULTS: Habits = Habits { created_under: "FULL", ..SAFE };

fn run(model: Model, habits: Habits, per_step: u64) -> Tally {
    let disk = Disk::new(model, 7);
    let db = create(&disk, habits);
    let acknowledged = fill(&disk, &db, 60);
    cut_everywhere(&disk, &acknowledged, per_step)
}

#[track_caller]
fn assert_keeps_all(tally: &Tally) {
    assert_eq!((tally.lost, tally.damaged.as_slice()), (0, [].as_slice()), "of {} images", tally.images);
}

/// At least one image in sixteen lacks an acknowledged row, and none is damaged.
#[track_caller]
fn assert_loses_rows_only(tally: &Tally) {
    assert!(tally.lost > tally.images / 16, "{} of {} images", tally.lost, tally.images);
    assert_eq!(tally.damaged, Vec::<String>::new());
}

#[test]
fn created_under_extra_and_used_under_full_a_wal_database_loses_nothing() {
    for torn_unit in [TornUnit::Bytes512, TornUnit::Bytes4096] {
        for directory in DIRECTORIES {
            let tally = run(Model { torn_unit, directory, ..Model::default() }, SAFE, 6);
            assert!(tally.images >= 2_000, "{} images", tally.images);
            assert_keeps_all(&tally);
        }
    }
}

#[test]
fn a_directory_synced_after_creation_does_as_well_as_extra() {
    let disk = Disk::new(Model::strict(), 7);
    let db = create(&disk, DEFAULTS);
    disk.sync_directory("/data");
    let acknowledged = fill(&disk, &db, 60);
    assert_keeps_all(&cut_everywhere(&disk, &acknowledged, 3));
}

#[test]
fn used_under_normal_a_wal_database_loses_rows_but_stays_whole() {
    assert_loses_rows_only(&run(Model::default(), Habits { used_under: "NORMAL", ..SAFE }, 2));
}

#[test]
fn created_with_defaults_a_database_can_come_back_empty_on_a_strict_disk() {
    let tally = run(Model::strict(), DEFAULTS, 2);
    assert_loses_rows_only(&tally);
    assert!(tally.empty > tally.images / 8, "{} of {} images", tally.empty, tally.images);
}

#[test]
fn created_with_defaults_it_is_saved_where_the_first_sync_of_the_wal_syncs_the_directory() {
    assert_keeps_all(&run(Model::default(), DEFAULTS, 3));
    assert_keeps_all(&run(Model::lenient(), DEFAULTS, 3));
}

#[test]
fn a_rollback_journal_needs_extra_to_keep_the_last_transaction() {
    let habits = Habits { journal: "DELETE", ..SAFE };
    for directory in DIRECTORIES {
        let model = Model { directory, ..Model::default() };
        assert_keeps_all(&run(model, Habits { used_under: "EXTRA", ..habits }, 2));
        let tally = run(model, habits, 2);
        assert!(tally.lost > 20, "{} of {} images, {directory:?}", tally.lost, tally.images);
        assert_eq!(tally.damaged, Vec::<String>::new());
    }
}

#[test]
fn a_disk_that_lies_about_syncs_loses_rows() {
    let disk = Disk::new(Model::default(), 7);
    let db = create(&disk, SAFE);
    disk.lying_sync(true);
    let acknowledged = fill(&disk, &db, 60);
    assert!(cut_everywhere(&disk, &acknowledged, 2).lost > 100);
}

#[test]
fn without_any_sync_a_database_is_torn_apart() {
    let tally = run(Model::default(), Habits { used_under: "OFF", ..SAFE }, 2);
    assert!(tally.damaged.len() > 20, "{} of {} images", tally.damaged.len(), tally.images);
}

#[test]
fn closing_and_opening_again_loses_nothing_either() {
    let disk = Disk::new(Model::strict(), 7);
    drop(create(&disk, SAFE));
    let mut acknowledged = common::Acknowledged(Vec::new());
    for row in 1..=30 {
        let db = disk.open(PATH).unwrap();
        pragma(&db, "synchronous", "FULL");
        common::insert(&db, row).unwrap();
        acknowledged.0.push((row, disk.steps()));
    }
    assert_keeps_all(&cut_everywhere(&disk, &acknowledged, 4));
}
