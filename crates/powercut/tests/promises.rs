//! What SQLite keeps and loses over power cuts, depending on how a database is created and synced: the facts that the
//! embedded store stands on, and the proof that this disk is strict enough to show the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Directory, Disk, Model, TornUnit};
use common::{Habits, SAFE, Tally, create, cut_everywhere, fill};

const ROWS: i64 = 60;

fn run(model: Model, habits: Habits, per_step: u64) -> Tally {
    let disk = Disk::new(model, 7);
    let db = create(&disk, habits);
    let acknowledged = fill(&disk, &db, ROWS);
    let tally = cut_everywhere(&disk, &acknowledged, per_step);
    eprintln!(
        "{:?} {} -> {}: {} images, {} lost, {} empty, {} damaged",
        model.directory,
        habits.created_under,
        habits.used_under,
        tally.images,
        tally.lost,
        tally.empty,
        tally.damaged.len()
    );
    tally
}

#[test]
fn created_under_extra_and_used_under_full_a_wal_database_loses_nothing() {
    for torn_unit in [TornUnit::Bytes512, TornUnit::Bytes4096] {
        for directory in [Directory::Strict, Directory::Unix, Directory::Journaled] {
            let tally = run(Model { torn_unit, directory, ..Model::default() }, SAFE, 6);
            assert!(tally.images >= 2_000, "{} images", tally.images);
            assert_eq!((tally.lost, tally.damaged), (0, Vec::new()), "{torn_unit:?}, {directory:?}");
        }
    }
}

#[test]
fn used_under_normal_a_wal_database_loses_rows_but_stays_whole() {
    let tally = run(Model::strict(), Habits { used_under: "NORMAL", ..SAFE }, 2);
    assert!(tally.lost > tally.images / 4, "{} of {}", tally.lost, tally.images);
    assert_eq!(tally.damaged, Vec::<String>::new());
}

#[test]
fn created_with_defaults_a_database_can_come_back_empty() {
    let defaults = Habits { created_under: "FULL", ..SAFE };
    let tally = run(Model::strict(), defaults, 2);
    assert!(tally.empty > tally.images / 4, "{} of {}", tally.empty, tally.images);
    assert_eq!(tally.damaged, Vec::<String>::new());
    let tally = run(Model::default(), defaults, 4);
    eprintln!("unix {tally:?}");
}
