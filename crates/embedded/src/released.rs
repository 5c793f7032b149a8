//! Migrations as files: numbered without a gap, all of them built in, and none edited once released.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::sqlite::Schema;

/// Each store with its folder of migrations.
const STORES: [(&str, &Schema); 3] = [
    ("directory", &crate::directory::SCHEMA),
    ("backups", &crate::backups::SCHEMA),
    ("cursors", &crate::cursors::SCHEMA),
];

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn each_migration_is_numbered_and_built_in() {
    for (store, schema) in STORES {
        let folder = in_crate("migrations").join(store);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), schema.migrations.len(), "{store}");
        for (number, (file, built_in)) in (1..).zip(files.iter().zip(schema.migrations)) {
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with(&format!("{number:04}_")), "{store}: {name} is not number {number}");
            assert_eq!(std::fs::read_to_string(file).unwrap(), *built_in, "{store}: {name}");
        }
    }
}

fn tables(db: &Connection) -> Vec<String> {
    let mut sql =
        db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name").unwrap();
    sql.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_released_migration_makes_what_it_made() {
    for (store, schema) in STORES {
        let db = Connection::open_in_memory().unwrap();
        for (number, step) in (1..).zip(schema.migrations) {
            db.execute_batch(step).unwrap();
            let path = in_crate("tests/golden").join(format!("{store}-{number}.db"));
            // As it lies there: opened otherwise, a WAL would be made beside it.
            let uri = format!("file:{}?immutable=1", path.display());
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let golden = Connection::open_with_flags(uri, flags).unwrap();
            assert_eq!(tables(&db), tables(&golden), "{store}, version {number}");
        }
    }
}
