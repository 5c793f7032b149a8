//! Files of the ledger as earlier releases wrote them are opened and answer as they did, unfolded entries
//! included.
//!
//! Golden files are made once, by the release that brings their version, and never again:
//! `cargo test -p chinwag-embedded --test ledger_golden -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chinwag_chat::{Ask, Record, State};
use chinwag_embedded::ledger::{EmbeddedLedger, OpenError};
use chinwag_embedded::{OpenError as DatabaseError, Place};
use chinwag_ports::ledger::{Appended, Ledger, Window};
use chinwag_proto::{ChatId, Entry, Seq, Viewer};
use ledger_common::ask::{
    Deaf, append, committed, create, direct, edit, group, message, react, record, seq, user,
};
use ledger_common::calm;

const FILES: [(&str, &str); 2] = [("log.db", "ledger-log-1.db"), ("chunks.db", "ledger-chunks-1.db")];
const CHATS: [fn() -> ChatId; 2] = [|| direct(1, 2), || group(1)];
const ROOM: usize = 1 << 30;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn open(folder: &Path) -> Result<EmbeddedLedger, OpenError> {
    EmbeddedLedger::open(&Place::folder(folder).inline(), calm(), Arc::new(Deaf))
}

/// What the store holds: everything that a ledger does, some of it in closed blocks of a spine and in states that are
/// changes of others.
fn script() -> Vec<Record> {
    let chat = direct(1, 2);
    let mut asks = vec![
        (chat, 1, message("hello")),
        (chat, 2, message("a secret")),
        (chat, 2, edit(seq(2), "a greater secret")),
        (chat, 1, react(seq(1), "+", true)),
        (chat, 2, Ask::Delete { target: seq(2) }),
        (chat, 1, edit(seq(1), "hello there")),
        (chat, 1, message(&"long ".repeat(1_500))),
        (group(1), 1, create(&[2, 3])),
    ];
    for other in 10..80 {
        asks.push((group(1), 1, Ask::Add { users: vec![user(other)] }));
    }
    for number in 0..20 {
        asks.push((chat, 1 + number % 2, message(&format!("number {number}"))));
    }
    // These are not folded.
    asks.extend([
        (group(1), 2, message("not folded")),
        (chat, 2, react(seq(7), "heart", true)),
        (group(1), 1, Ask::Remove { user: user(3) }),
    ]);
    (1..).zip(asks).map(|(number, (chat, sender, ask))| record(number, chat, sender, ask)).collect()
}

const UNFOLDED: usize = 3;

/// All that the ledger says of a chat.
async fn told(ledger: &EmbeddedLedger, chat: ChatId) -> (State, Vec<String>, Vec<String>) {
    let state = State::clone(&ledger.snapshot(chat).await.unwrap().unwrap().state);
    let page = ledger.entries(chat, Seq::ZERO, 1_000, ROOM).await.unwrap();
    let entries = page.entries.iter().map(|entry| Entry::to_frame(entry, Viewer::Sender)).collect();
    let messages = ledger.messages(chat, Window::Offset(0), seq(1), 1_000, ROOM).await.unwrap().messages;
    let views = messages.iter().map(|viewed| format!("{} {:?}", viewed.entry.seq, viewed.view)).collect();
    (state, entries, views)
}

#[tokio::test]
async fn a_ledger_of_version_1_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    for (file, name) in FILES {
        std::fs::copy(golden(name), folder.path().join(file)).unwrap();
    }
    let old = open(folder.path()).unwrap();
    assert_eq!(old.stats().tail_rows, UNFOLDED);
    let folder = tempfile::tempdir().unwrap();
    let new = open(folder.path()).unwrap();
    for record in script() {
        committed(append(&new, record).await);
    }
    for chat in CHATS {
        assert_eq!(told(&old, chat()).await, told(&new, chat()).await);
    }
    for record in script() {
        let answer = append(&old, Record { resend: true, ..record }).await;
        assert!(matches!(answer, Ok(Appended::Duplicate { .. })), "{answer:?}");
    }
    old.close().await.unwrap();
}

#[tokio::test]
async fn files_of_a_newer_version_are_refused_and_left_alone() {
    for file in ["log.db", "chunks.db"] {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap().close().await.unwrap();
        let db = rusqlite::Connection::open(folder.path().join(file)).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        drop(db);
        let error = open(folder.path()).err().unwrap();
        assert!(
            matches!(&error, OpenError::Database(DatabaseError::TooNew { found: 99, known: 1, .. })),
            "{error}"
        );
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[tokio::test]
#[ignore = "writes the golden files; for the release that brings a new version"]
async fn make_the_golden_files() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).unwrap();
    let records = script();
    for (number, record) in records.iter().enumerate() {
        committed(append(&ledger, record.clone()).await);
        if number + UNFOLDED < records.len() {
            ledger.flush().await.unwrap();
        }
    }
    drop(ledger);
    for (file, name) in FILES {
        assert!(!golden(name).exists(), "{name} is there and stays as it is");
        let db = rusqlite::Connection::open(folder.path().join(file)).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(db);
        std::fs::copy(folder.path().join(file), golden(name)).unwrap();
    }
}
