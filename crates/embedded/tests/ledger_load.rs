//! Much at once: turns between chats, bounded queues, and many writers and readers while everything moves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings};
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Commit, Commits, Ledger, Pending};
use ledger_common::ask::{Deaf, append, committed, direct, message, record, seq};
use ledger_common::calm;
use ledger_common::projection::Projection;
use tempfile::TempDir;

struct Bench {
    ledger: Arc<EmbeddedLedger>,
    projection: Arc<Projection>,
    _folder: TempDir,
}

fn bench(settings: LedgerSettings) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let projection = Projection::new();
    let commits = Arc::clone(&projection);
    let ledger = EmbeddedLedger::open(&Place::folder(folder.path()), settings, commits).unwrap();
    Bench { ledger: Arc::new(ledger), projection, _folder: folder }
}

impl Bench {
    fn say(&self, number: u64, chat: chinwag_proto::ChatId) -> Pending {
        append(&*self.ledger, record(number, chat, 1, message(&format!("text {number}"))))
    }

    /// Keeps the writer busy with one record of a chat of its own.
    fn keep_busy(&self) -> Pending {
        self.projection.hold();
        let first = self.say(1, direct(1, 99));
        self.projection.wait_until_held();
        first
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("within half a minute")
}

#[tokio::test]
async fn a_flooded_chat_does_not_keep_the_others_waiting() {
    let bench = bench(LedgerSettings { batch_rows_max: 10, ..calm() });
    let first = bench.keep_busy();
    let flood: Vec<Pending> = (0..500).map(|number| bench.say(100 + number, direct(1, 2))).collect();
    let others: Vec<Pending> = (3..8).map(|other| bench.say(1_000 + other, direct(1, other))).collect();
    bench.projection.release();
    for pending in flood.into_iter().chain(others).chain([first]) {
        committed(soon(pending).await);
    }
    let published = bench.projection.published();
    for other in 3..8 {
        let place = published.iter().position(|published| *published == (direct(1, other), seq(1))).unwrap();
        assert!(place < 1 + 10, "record {place} of all");
    }
    let flooded: Vec<u64> =
        published.iter().filter(|(chat, _)| *chat == direct(1, 2)).map(|(_, seq)| seq.get()).collect();
    assert_eq!(flooded, (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_does_not_fit_the_queue_is_refused_at_once_and_the_rest_is_taken() {
    let settings =
        LedgerSettings { queue_rows_max: 50, chat_queue_rows_max: 20, wait_ms_max: 600_000, ..calm() };
    let bench = bench(settings);
    let first = bench.keep_busy();
    let mut answers = Vec::new();
    for number in 0..30 {
        answers.push((2, bench.say(100 + number, direct(1, 2))));
    }
    for number in 0..60 {
        answers.push((3 + number, bench.say(200 + number, direct(1, 3 + number))));
    }
    assert_eq!(bench.ledger.stats().queue_rows, 50);
    assert_eq!(bench.ledger.stats().refused, 10 + 30);
    bench.projection.release();
    committed(soon(first).await);
    let mut taken = 0;
    for (_, pending) in answers {
        match soon(pending).await {
            Ok(_) => taken += 1,
            Err(refused) => assert!(refused.0.contains("busy"), "{refused}"),
        }
    }
    assert_eq!(taken, 50);
    committed(soon(bench.say(900, direct(1, 2))).await);
}

#[tokio::test]
async fn what_waits_too_long_is_refused_also_while_the_projection_fails() {
    let bench = bench(LedgerSettings { wait_ms_max: 20, ..calm() });
    bench.projection.fail(true);
    let first = bench.say(1, direct(1, 2));
    bench.projection.wait_until_failed();
    // The first is in the writer's hands; what comes after waits in the queue.
    let refused = soon(bench.say(2, direct(1, 3))).await.unwrap_err();
    assert!(refused.0.contains("told to fail"), "{refused}");
    assert!(bench.ledger.ready().unwrap_err().0.contains("told to fail"));
    bench.projection.fail(false);
    committed(soon(first).await);
    soon(async {
        while bench.ledger.ready().is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_that_comes_alone_does_not_wait_for_company() {
    // Were it paced, the second would take an hour.
    let bench = bench(LedgerSettings { sync_spacing_ms: 3_600_000, ..calm() });
    for number in 1..20 {
        committed(soon(bench.say(number, direct(1, 2))).await);
    }
}

/// A listener with a bug.
struct Clumsy;

#[async_trait]
impl Commits for Clumsy {
    async fn project(&self, _: &[Commit]) -> Result<(), Unavailable> {
        Ok(())
    }

    fn publish(&self, _: &[Commit]) {
        panic!("a bug in whoever listens");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_thread_that_ended_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = EmbeddedLedger::open(&Place::folder(folder.path()), calm(), Arc::new(Clumsy)).unwrap();
    let say = |number| append(&ledger, record(number, direct(1, 2), 1, message("x")));
    assert!(soon(say(1)).await.is_err());
    assert!(soon(say(2)).await.is_err());
    assert!(ledger.ready().unwrap_err().0.contains("a thread of the ledger failed"));
    soon(ledger.close()).await.unwrap();
    drop(ledger);
    let ledger = EmbeddedLedger::open(&Place::folder(folder.path()), calm(), Arc::new(Deaf)).unwrap();
    let page = ledger.entries(direct(1, 2), seq(0), 10, 1 << 20).await.unwrap();
    assert_eq!(page.entries.len(), 1, "it was durable before");
}

#[tokio::test]
async fn a_clean_stop_answers_what_waits_and_refuses_what_comes_after() {
    let bench = bench(calm());
    let pending: Vec<Pending> =
        (1..=200).map(|number| bench.say(number, direct(1, 2 + number % 7))).collect();
    soon(bench.ledger.close()).await.unwrap();
    for pending in pending {
        committed(soon(pending).await);
    }
    assert!(soon(bench.say(999, direct(1, 2))).await.unwrap_err().0.contains("closed"));
    assert!(bench.ledger.ready().unwrap_err().0.contains("closed"));
    assert_eq!(bench.ledger.stats().tail_rows, 0, "all is folded");
    soon(bench.ledger.close()).await.unwrap();
}
