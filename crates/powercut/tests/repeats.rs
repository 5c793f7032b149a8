//! The same seeds give the same bytes. One test in a process of its own, since SQLite's random numbers are the process's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Disk, Fault, Model, Step, seed_sqlite_randomness};
use common::{SAFE, create, insert};

/// A run with faults: its log, and a fingerprint of one image for each step.
fn run(seed: u64) -> (Vec<Step>, Vec<u64>) {
    seed_sqlite_randomness(77);
    let disk = Disk::new(Model::strict(), seed);
    let db = create(&disk, SAFE);
    disk.fail_next(Fault::SyncEio, 5, "log.db-wal");
    disk.fail_next(Fault::WriteEio, 30, "log.db-wal");
    let refused = (1..=40).filter(|row| insert(&db, *row).is_err()).count();
    assert_eq!(refused, 2);
    let digest = |step| disk.image_at(step, step as u64 % 5).unwrap().digest();
    (disk.log(), (0..=disk.steps()).map(digest).collect())
}

#[test]
fn the_same_seeds_give_the_same_steps_and_the_same_bytes() {
    let (log, images) = run(1);
    assert_eq!(run(1), (log.clone(), images.clone()));
    let (_, others) = run(2);
    assert_ne!(others, images, "another seed leaves other bytes");
}
