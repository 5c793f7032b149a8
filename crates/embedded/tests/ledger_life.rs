//! The life of a store: deletions that leave nothing, starts after crashes, chats that come back from the disk, long
//! chats and much-changed ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chinwag_chat::{Ask, Record, State};
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings};
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Appended, Commit, Commits, Ledger, Window};
use chinwag_proto::{Body, ChatId, Entry, Seq};
use ledger_common::ask::{
    Deaf, append, committed, create, direct, edit, group, message, react, record, seq, user,
};
use ledger_common::{calm, restless};
use parking_lot::Mutex;
use tokio::task::JoinSet;

const ROOM: usize = 1 << 30;

fn open(folder: &Path, settings: LedgerSettings) -> EmbeddedLedger {
    EmbeddedLedger::open(&Place::folder(folder), settings, Arc::new(Deaf)).unwrap()
}

async fn entries(ledger: &EmbeddedLedger, chat: ChatId) -> Vec<Arc<Entry>> {
    ledger.entries(chat, Seq::ZERO, 100_000, ROOM).await.unwrap().entries
}

fn stands_in_a_file(folder: &Path, text: &str) -> Option<String> {
    std::fs::read_dir(folder).unwrap().find_map(|file| {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found.then(|| path.display().to_string())
    })
}

fn has_content(entry: &Entry) -> bool {
    matches!(&entry.body, Body::Message { content: Some(_), .. } | Body::Edit { content: Some(_), .. })
}

/// A chat with a message and two edits of it, all secret, among others; its last seq is 5.
async fn tell_a_secret(ledger: &EmbeddedLedger, chat: ChatId, first: u64) {
    let texts = [
        message("before"),
        message("the password is swordfish"),
        edit(seq(2), "the password is marlin"),
        edit(seq(2), "the password is turbot"),
        message("after"),
    ];
    for (number, ask) in (first..).zip(texts) {
        committed(append(ledger, record(number, chat, 1, ask)).await);
    }
}

const SECRETS: [&str; 3] = ["swordfish", "marlin", "turbot"];

#[tokio::test]
async fn what_was_deleted_is_in_no_file_after_a_while() {
    // In the tail, folded before, and under the settings of a server.
    for (settings, folded) in [(restless(), false), (calm(), false), (calm(), true)] {
        let settings = LedgerSettings { wipe_after_ms: 10, fold_after_ms: 100, ..settings };
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path(), settings);
        let chat = direct(1, 2);
        tell_a_secret(&ledger, chat, 1).await;
        if folded {
            ledger.flush().await.unwrap();
        }
        assert!(SECRETS.iter().all(|secret| stands_in_a_file(folder.path(), secret).is_some()));
        committed(append(&ledger, record(6, chat, 1, Ask::Delete { target: seq(2) })).await);
        let seen = entries(&ledger, chat).await;
        let shown: Vec<u64> =
            seen.iter().filter(|entry| has_content(entry)).map(|entry| entry.seq.get()).collect();
        assert_eq!(shown, [1, 5], "it is never shown again");
        let gone = async {
            while SECRETS.iter().any(|secret| stands_in_a_file(folder.path(), secret).is_some()) {
                // The world goes on, and keeps the tables from being idle.
                let other = record(1_000 + ledger.stats().rows, direct(1, 3), 1, message("something else"));
                committed(append(&ledger, other).await);
            }
        };
        tokio::time::timeout(Duration::from_secs(30), gone).await.expect("gone after a while");
        assert_eq!(entries(&ledger, chat).await, seen);
    }
}

#[tokio::test]
async fn what_was_deleted_is_in_no_file_after_a_clean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path(), calm());
    tell_a_secret(&ledger, direct(1, 2), 1).await;
    committed(append(&ledger, record(6, direct(1, 2), 1, Ask::Delete { target: seq(2) })).await);
    ledger.close().await.unwrap();
    for secret in SECRETS {
        assert_eq!(stands_in_a_file(folder.path(), secret), None);
    }
    assert!(stands_in_a_file(folder.path(), "before").is_some(), "the rest is there");
}

/// Content is shown until the moment it is deleted and never after, while it moves from the tail to the chunks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_sees_a_deletion_undone_or_an_entry_vanish() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(folder.path(), restless()));
    let chat = direct(1, 2);
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        readers.spawn(read_until(Arc::clone(&ledger), chat, Arc::clone(&done)));
    }
    let mut number = 0;
    for round in 0..60 {
        let mut say = async |ask| {
            number += 1;
            committed(append(&*ledger, record(number, chat, 1, ask)).await).seq
        };
        let said = say(message(&format!("message of round {round}"))).await;
        say(edit(said, "edited")).await;
        say(react(said, "+", true)).await;
        say(Ask::Delete { target: said }).await;
        say(message("stays")).await;
    }
    done.store(true, Ordering::SeqCst);
    assert!(readers.join_all().await.into_iter().all(|pages| pages > 0));
}

/// Reads the whole chat again and again; returns how often.
async fn read_until(ledger: Arc<EmbeddedLedger>, chat: ChatId, done: Arc<AtomicBool>) -> usize {
    let (mut head, mut deleted, mut pages) = (0, BTreeSet::new(), 0);
    while !done.load(Ordering::SeqCst) {
        let page = entries(&ledger, chat).await;
        let seqs: Vec<u64> = page.iter().map(|entry| entry.seq.get()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        assert!(seqs.len() >= head, "{} after {head}", seqs.len());
        head = seqs.len();
        deleted.extend(page.iter().filter_map(|entry| match entry.body {
            Body::Delete { target } => Some(target),
            _ => None,
        }));
        assert_eq!(page.iter().find(|entry| has_content(entry) && deleted.contains(&entry.seq)), None);
        let messages = ledger.messages(chat, Window::Offset(0), seq(1), 1_000, ROOM).await.unwrap();
        for viewed in &messages.messages {
            let (view, gone) = (&viewed.view, deleted.contains(&viewed.entry.seq));
            assert!(!gone || (!has_content(&viewed.entry) && view.deleted.is_some()));
            let edited = view.last_edit.as_ref();
            assert!(edited.is_none_or(|(_, content)| content.is_some() != view.deleted.is_some()));
        }
        pages += 1;
    }
    pages
}

/// Hears what it is to project and publish.
#[derive(Default)]
struct Ear {
    failing: bool,
    projected: Mutex<Vec<(ChatId, Seq)>>,
    published: Mutex<usize>,
}

#[async_trait]
impl Commits for Ear {
    async fn project(&self, commits: &[Commit]) -> Result<(), Unavailable> {
        if self.failing {
            return Err(Unavailable("told to fail".to_owned()));
        }
        self.projected.lock().extend(commits.iter().map(|commit| (commit.entry.chat_id, commit.entry.seq)));
        Ok(())
    }

    fn publish(&self, commits: &[Commit]) {
        *self.published.lock() += commits.len();
    }
}

#[tokio::test]
async fn what_was_not_projected_is_projected_after_the_next_start_and_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::folder(folder.path());
    let deaf = Arc::new(Ear { failing: true, ..Ear::default() });
    let ledger = EmbeddedLedger::open(&place, calm(), deaf).unwrap();
    let asks = [create(&[2]), message("hello"), Ask::Add { users: vec![user(3)] }];
    let pending: Vec<_> =
        (1..).zip(asks).map(|(number, ask)| append(&ledger, record(number, group(1), 1, ask))).collect();
    // What waits is still written by a clean stop.
    ledger.close().await.unwrap();
    assert_eq!(ledger.stats().rows, 3);
    for pending in pending {
        assert!(pending.await.is_err(), "nothing is acknowledged that is not projected");
    }
    drop(ledger);
    let ear = Arc::new(Ear::default());
    let ledger = EmbeddedLedger::open(&place, calm(), Arc::clone(&ear) as Arc<dyn Commits>).unwrap();
    let ready = async {
        while ledger.ready().is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.unwrap();
    let expected: Vec<_> = (1..=3).map(|number| (group(1), seq(number))).collect();
    assert_eq!((ear.projected.lock().clone(), *ear.published.lock()), (expected, 0));
    let members = ledger.snapshot(group(1)).await.unwrap().unwrap().state.members.len();
    assert_eq!(members, 3);
}

#[tokio::test]
async fn chats_that_do_not_stay_in_memory_keep_every_rule() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LedgerSettings { cache_bytes_max: 0, ..restless() };
    let ledger = open(folder.path(), settings);
    let chats: Vec<ChatId> = (2..12).map(|other| direct(1, other)).collect();
    for number in 1..=600_u64 {
        let chat = chats[(number % 10) as usize];
        committed(append(&ledger, record(number, chat, 1, message(&format!("text {number}")))).await);
        if number % 3 == 0 {
            let resend = Record {
                resend: number % 2 == 0,
                ..record(number, chat, 1, message(&format!("text {number}")))
            };
            let answer = append(&ledger, resend).await;
            assert!(matches!(answer, Ok(Appended::Duplicate { .. })), "{number}: {answer:?}");
            let conflict = append(&ledger, record(number, chat, 1, message("another text"))).await;
            assert_eq!(conflict, Ok(Appended::Rejected(chinwag_chat::Refusal::IdempotencyConflict)));
        }
    }
    for chat in chats {
        let seqs: Vec<u64> = entries(&ledger, chat).await.iter().map(|entry| entry.seq.get()).collect();
        assert_eq!(seqs, (1..=60).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_group_that_changed_often_has_its_members_after_every_start() {
    let folder = tempfile::tempdir().unwrap();
    let chat = group(1);
    let mut number = 1;
    let mut expected = State::of(chat);
    for life in 0..4 {
        let ledger = open(folder.path(), LedgerSettings { fold_rows: 7 + life, ..restless() });
        if life > 0 {
            assert_eq!(*ledger.snapshot(chat).await.unwrap().unwrap().state, expected, "life {life}");
        }
        for round in 0..90_u64 {
            let other = user(2 + (round * 7 + life as u64) % 50);
            let ask = match (number, expected.members.contains_key(&other)) {
                (1, _) => create(&[2, 3]),
                (_, true) => Ask::Remove { user: other },
                (_, false) => Ask::Add { users: vec![other] },
            };
            let entry = committed(append(&ledger, record(number, chat, 1, ask)).await);
            expected.fold(&entry);
            number += 1;
        }
        ledger.flush().await.unwrap();
    }
    let ledger = open(folder.path(), calm());
    assert_eq!(*ledger.snapshot(chat).await.unwrap().unwrap().state, expected);
}

#[tokio::test]
async fn the_figures_tell_of_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path(), calm());
    for number in 1..=5 {
        committed(append(&ledger, record(number, direct(1, 2), 1, message("x"))).await);
    }
    let stats = ledger.stats();
    assert_eq!((stats.rows, stats.tail_rows, stats.folded_rows), (5, 5, 0));
    assert!(stats.bytes > 5 * 50 && stats.commits <= 5 && stats.tail_bytes > 0);
    ledger.flush().await.unwrap();
    let stats = ledger.stats();
    assert_eq!((stats.rows, stats.tail_rows, stats.folded_rows, stats.tail_bytes), (5, 0, 5, 0));
}
