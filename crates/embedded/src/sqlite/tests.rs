//! A store by itself: jobs, their order, their atomicity, and whose file it takes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rusqlite::Connection;
use tempfile::TempDir;

use super::{OpenError, Schema, Store};
use crate::place::{Mode, Place};

const ONE: &str = "CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT";
const TWO: &str = "ALTER TABLE number ADD COLUMN name TEXT";

const fn schema(migrations: &'static [&'static str]) -> Schema {
    Schema { file: "numbers.db", application: 7, migrations }
}

fn folder(mode: Mode) -> (TempDir, Place) {
    let root = tempfile::tempdir().unwrap();
    let place = Place { mode, ..Place::folder(root.path()) };
    (root, place)
}

async fn put(store: &Store, value: i64) -> Result<(), chinwag_ports::Unavailable> {
    store.write(move |db| db.execute("INSERT INTO number (value) VALUES (?1)", [value]).map(drop)).await
}

async fn count(store: &Store) -> i64 {
    store.read(|db| db.query_row("SELECT count(*) FROM number", [], |row| row.get(0))).await.unwrap()
}

#[tokio::test]
async fn a_failed_job_takes_nobody_with_it() {
    for mode in [Mode::Threads, Mode::Inline] {
        let (_root, place) = folder(mode);
        let store = Store::open(&place, &schema(&[ONE])).unwrap();
        put(&store, 1).await.unwrap();
        let (one, twice, two) = futures_join(put(&store, 2), put(&store, 1), put(&store, 3)).await;
        assert!(one.is_ok() && two.is_ok());
        let why = twice.unwrap_err().to_string();
        assert!(why.contains("nothing was changed"), "{why}");
        let half = store
            .write(|db| {
                db.execute("INSERT INTO number (value) VALUES (9)", [])?;
                db.execute("INSERT INTO number (value) VALUES (1)", [])
            })
            .await;
        assert!(half.is_err());
        assert_eq!(count(&store).await, 3, "the half that went well is taken back");
        assert_eq!(store.ready(), Ok(()));
    }
}

async fn futures_join<T>(
    one: impl Future<Output = T>,
    two: impl Future<Output = T>,
    three: impl Future<Output = T>,
) -> (T, T, T) {
    tokio::join!(one, two, three)
}

#[tokio::test]
async fn a_closed_store_says_so_and_leaves_one_file() {
    for mode in [Mode::Threads, Mode::Inline] {
        let (root, place) = folder(mode);
        let store = Store::open(&place, &schema(&[ONE])).unwrap();
        put(&store, 1).await.unwrap();
        store.close().unwrap();
        store.close().unwrap();
        assert!(put(&store, 2).await.unwrap_err().to_string().contains("closed"));
        assert!(store.read(|_| Ok(())).await.is_err());
        let wal = root.path().join("numbers.db-wal");
        assert!(std::fs::metadata(wal).map_or(true, |wal| wal.len() == 0), "all is in the database");
        assert_eq!(count(&Store::open(&place, &schema(&[ONE])).unwrap()).await, 1);
    }
}

#[tokio::test]
async fn each_step_is_taken_once_and_in_order() {
    let (_root, place) = folder(Mode::Inline);
    put(&Store::open(&place, &schema(&[ONE])).unwrap(), 1).await.unwrap();
    for _ in 0..2 {
        let store = Store::open(&place, &schema(&[ONE, TWO])).unwrap();
        let named = store.write(|db| db.execute("UPDATE number SET name = 'one'", [])).await;
        assert_eq!(named, Ok(1));
        assert_eq!(count(&store).await, 1);
    }
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let (root, place) = folder(Mode::Inline);
    drop(Store::open(&place, &schema(&[ONE])).unwrap());
    let broken = schema(&[ONE, "CREATE TABLE other (id INTEGER); SELECT nonsense FROM nowhere"]);
    assert!(matches!(Store::open(&place, &broken), Err(OpenError::Sqlite { .. })));
    let db = Connection::open(root.path().join("numbers.db")).unwrap();
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!((tables, version), (1, 1));
}

#[test]
fn the_file_of_a_later_program_is_refused_by_name() {
    let (root, place) = folder(Mode::Inline);
    drop(Store::open(&place, &schema(&[ONE, TWO])).unwrap());
    let refused = Store::open(&place, &schema(&[ONE])).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::TooNew { found: 2, known: 1, .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.contains(&root.path().join("numbers.db").display().to_string()) && text.contains("newer"),
        "{text}"
    );
}

#[test]
fn anothers_file_is_refused_and_left_alone() {
    type Make<'a> = &'a dyn Fn(&std::path::Path);
    let foreign: [(&str, Make<'_>); 3] = [
        ("another store's", &|path| {
            let db = Connection::open(path).unwrap();
            db.execute_batch("CREATE TABLE a (b); PRAGMA user_version = 1; PRAGMA application_id = 8")
                .unwrap();
        }),
        ("another program's", &|path| {
            Connection::open(path).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
        }),
        ("no database", &|path| std::fs::write(path, "x".repeat(10_000)).unwrap()),
    ];
    for (whose, make) in foreign {
        let (root, place) = folder(Mode::Inline);
        let path = root.path().join("numbers.db");
        make(&path);
        let before = std::fs::read(&path).unwrap();
        assert!(Store::open(&place, &schema(&[ONE])).is_err(), "{whose}");
        assert!(std::fs::read(&path).unwrap() == before, "{whose} is as it was");
    }
}

#[tokio::test]
async fn what_is_deleted_leaves_the_files() {
    let (root, place) = folder(Mode::Threads);
    let store = Store::open(&place, &schema(&[ONE, TWO])).unwrap();
    let secret = "a name that nobody shall find";
    let named = move |db: &Connection| db.execute("INSERT INTO number VALUES (1, ?1)", [secret]);
    store.write(named).await.unwrap();
    let holds_secret = || {
        let files = std::fs::read_dir(root.path())
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    assert!(holds_secret());
    store.wipe_soon();
    store.write(|db| db.execute("DELETE FROM number", [])).await.unwrap();
    store.close().unwrap();
    assert!(!holds_secret());
}
