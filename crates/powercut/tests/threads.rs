//! Several connections in several threads on one disk, as the embedded store has them: a writer, one that folds what was
//! written into a second file, readers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_powercut::{Disk, Model};
use common::{Acknowledged, Found, PATH, SAFE, create, insert, look, pragma};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const ROWS: i64 = 150;
const FOLDED: &str = "/data/chunks.db";

fn open(disk: &Disk, path: &str) -> rusqlite::Connection {
    let db = disk.open(path).unwrap();
    db.busy_timeout(Duration::from_secs(30)).unwrap();
    pragma(&db, "synchronous", "FULL");
    db
}

fn count(db: &rusqlite::Connection) -> i64 {
    db.query_row("SELECT count(*) FROM row", [], |row| row.get(0)).unwrap()
}

fn write(disk: &Disk) -> Acknowledged {
    let db = open(disk, PATH);
    let rows = (1..=ROWS).map(|row| {
        insert(&db, row).unwrap();
        (row, disk.steps())
    });
    Acknowledged(rows.collect())
}

/// Copies new rows into the second file and checkpoints the first, until it has them all.
fn fold(disk: &Disk) {
    let (from, mut to) = (open(disk, PATH), open(disk, FOLDED));
    let mut folded = 0;
    while folded < ROWS {
        let mut query = from.prepare_cached("SELECT id, body FROM row WHERE id > ?1 ORDER BY id").unwrap();
        let new: Vec<(i64, Vec<u8>)> = query
            .query_map([folded], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let slice = to.transaction().unwrap();
        for (id, body) in &new {
            slice.execute("INSERT INTO row VALUES (?1, ?2)", (id, body)).unwrap();
            folded = *id;
        }
        slice.commit().unwrap();
        from.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").unwrap();
    }
}

fn read(disk: &Disk, done: &AtomicBool) {
    let db = open(disk, PATH);
    let mut seen = 0;
    while !done.load(Ordering::Acquire) {
        let now = count(&db);
        assert!(now >= seen, "rows do not vanish before a reader's eyes");
        seen = now;
    }
    assert_eq!(count(&db), ROWS);
}

#[test]
fn a_writer_a_folder_and_readers_work_at_once_and_nothing_is_lost() {
    let disk = Disk::new(Model::strict(), 5);
    drop(create(&disk, SAFE));
    let folded = disk.open(FOLDED).unwrap();
    pragma(&folded, "synchronous", "EXTRA");
    pragma(&folded, "journal_mode", "WAL");
    folded.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB NOT NULL)").unwrap();

    let done = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let readers = [(); 2].map(|()| scope.spawn(|| read(&disk, &done)));
        let folder = scope.spawn(|| fold(&disk));
        let acknowledged = scope.spawn(|| write(&disk)).join().unwrap();
        folder.join().unwrap();
        done.store(true, Ordering::Release);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        acknowledged
    });
    assert_eq!(count(&folded), ROWS);
    for step in (0..=disk.steps()).step_by(3) {
        let image = disk.image_at(step, step as u64).unwrap();
        match look(&image) {
            Found::Damaged(how) => panic!("{how} at {step}"),
            found => assert!(found.rows() >= acknowledged.by(step), "{found:?} at {step}"),
        }
    }
}

#[test]
fn two_writers_take_turns() {
    for journal in ["WAL", "DELETE"] {
        let disk = Disk::new(Model::default(), 5);
        drop(create(&disk, common::Habits { journal, ..SAFE }));
        thread::scope(|scope| {
            for writer in 0..2 {
                let disk = &disk;
                scope.spawn(move || {
                    let db = open(disk, PATH);
                    for row in 0..60 {
                        insert(&db, row * 2 + writer).unwrap();
                    }
                });
            }
        });
        let db = open(&disk, PATH);
        assert_eq!(count(&db), 120, "{journal}");
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}
