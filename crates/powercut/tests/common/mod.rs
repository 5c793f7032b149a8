//! A small bank of numbered rows on a simulated disk, and the judgement of what a power cut left of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use chinwag_powercut::{Disk, Image};
use rusqlite::{Connection, OptionalExtension};

pub(crate) const PATH: &str = "/data/log.db";

/// How a database is created and then used.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) created_under: &'static str,
    pub(crate) used_under: &'static str,
    pub(crate) journal: &'static str,
}

pub(crate) const SAFE: Habits = Habits { created_under: "EXTRA", used_under: "FULL", journal: "WAL" };

/// Rows that were acknowledged, each with the number of steps there had been when the commit returned.
pub(crate) struct Acknowledged(pub(crate) Vec<(i64, usize)>);

impl Acknowledged {
    /// The highest row that was acknowledged before the cut.
    pub(crate) fn by(&self, step: usize) -> i64 {
        self.0.iter().take_while(|(_, at)| *at <= step).map(|(row, _)| *row).last().unwrap_or(0)
    }
}

pub(crate) fn create(disk: &Disk, habits: Habits) -> Connection {
    let db = disk.open(PATH).unwrap();
    pragma(&db, "synchronous", habits.created_under);
    pragma(&db, "journal_mode", habits.journal);
    db.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB NOT NULL)").unwrap();
    pragma(&db, "synchronous", habits.used_under);
    // Small, so that a short run passes through checkpoints and starts its WAL anew.
    pragma(&db, "wal_autocheckpoint", "24");
    db
}

pub(crate) fn pragma(db: &Connection, name: &str, value: &str) {
    db.pragma_update_and_check(None, name, value, |_| Ok(())).optional().unwrap();
}

pub(crate) fn body(row: i64) -> Vec<u8> {
    (0..300 + row * 37 % 2_000).map(|i| (i * 31 + row * 17) as u8).collect()
}

pub(crate) fn insert(db: &Connection, row: i64) -> rusqlite::Result<()> {
    db.execute("INSERT INTO row VALUES (?1, ?2)", (row, body(row))).map(drop)
}

/// Writes rows 1 to `rows`, each in its own transaction.
pub(crate) fn fill(disk: &Disk, db: &Connection, rows: i64) -> Acknowledged {
    let write = |row| {
        insert(db, row).unwrap();
        (row, disk.steps())
    };
    Acknowledged((1..=rows).map(write).collect())
}

/// What is found after the machine has started again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table: as if the database had never been.
    Empty,
    /// Rows 1 to this one, all of them, each as it was written.
    Rows(i64),
    /// SQLite calls it damaged, or a row is wrong, or one is missing below another.
    Damaged(String),
}

impl Found {
    pub(crate) fn rows(&self) -> i64 {
        match self {
            Self::Rows(rows) => *rows,
            Self::Empty | Self::Damaged(_) => 0,
        }
    }
}

pub(crate) fn look(image: &Image) -> Found {
    let disk = Disk::from_image(image);
    inspect(&disk).unwrap_or_else(|error| Found::Damaged(error.to_string()))
}

fn inspect(disk: &Disk) -> rusqlite::Result<Found> {
    let db = disk.open(PATH)?;
    let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Found::Damaged(check));
    }
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Found::Empty);
    }
    let mut rows = 0;
    let mut query = db.prepare("SELECT id, body FROM row ORDER BY id")?;
    let mut found = query.query([])?;
    while let Some(row) = found.next()? {
        rows += 1;
        if row.get::<_, i64>(0)? != rows || row.get::<_, Vec<u8>>(1)? != body(rows) {
            return Ok(Found::Damaged(format!("row {rows} is not as written")));
        }
    }
    Ok(Found::Rows(rows))
}

/// Verdicts over many images of one run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) images: u32,
    /// An acknowledged row is missing.
    pub(crate) lost: u32,
    /// The table is gone although a row had been acknowledged.
    pub(crate) empty: u32,
    pub(crate) damaged: Vec<String>,
}

/// Cuts the power after every step, `per_step` times each.
pub(crate) fn cut_everywhere(disk: &Disk, acknowledged: &Acknowledged, per_step: u64) -> Tally {
    let mut tally = Tally::default();
    for step in 0..=disk.steps() {
        for seed in 0..per_step {
            let image = disk.image_at(step, seed).unwrap();
            let found = look(&image);
            tally.images += 1;
            if let Found::Damaged(how) = &found {
                tally.damaged.push(format!("{how} in {image:?}, seed {seed}"));
            }
            let promised = acknowledged.by(step);
            tally.lost += u32::from(found.rows() < promised);
            tally.empty += u32::from(found == Found::Empty && promised > 0);
        }
    }
    tally
}
