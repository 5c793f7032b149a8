//! What was acknowledged is there after a restart.

use std::sync::Arc;

use chinwag_chat::{Ask, Record, Refusal};
use chinwag_proto::Seq;

use super::bench::{Bench, committed, message, seqs};
use crate::contract::samples::{direct, group, seq, user};
use crate::ledger::Appended;
use crate::{Commits, Ledger};

/// Everything that was acknowledged is there after a restart and every rule goes on from there: `open`
/// opens the store, `close` stops it.
pub async fn ledger_restart_contract(
    open: impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>,
    close: impl AsyncFn(Arc<dyn Ledger>),
) {
    let (chat, big) = (group(1), direct(1, 2));
    let bench = Bench::new(&open).await;
    let fingerprint = bench.fingerprint("a request");
    bench.begin(chat, 1, &[2, 3]).await;
    let said = bench.say(chat, 2, "secret").await;
    bench.react(chat, 1, said, "+", true).await;
    bench.delete(chat, 2, said).await;
    bench.enter(chat, 1, Ask::Remove { user: user(3) }).await;
    committed(bench.append(identified(&bench, "hi")).await.unwrap());
    bench.fill(big, 2, 300, "x").await;
    let before = everything(&bench).await;
    close(stop(bench)).await;
    for life in 1..=3 {
        let bench = Bench::counting_from(&open, life * 1_000).await;
        assert_eq!(everything(&bench).await, before, "life {life}");
        assert_eq!(bench.fingerprint("a request"), fingerprint, "the same secret for ever");
        let duplicate = bench.append(identified(&bench, "hi")).await.unwrap();
        assert!(matches!(duplicate, Appended::Duplicate { seq: at, .. } if at == seq(1)), "{duplicate:?}");
        let conflict = bench.append(identified(&bench, "hello")).await;
        assert_eq!(conflict, Ok(Appended::Rejected(Refusal::IdempotencyConflict)));
        assert_eq!(
            bench.ask(chat, 3, message("a former member")).await,
            Appended::Rejected(Refusal::NotMember)
        );
        assert!(bench.ear.commits.lock().is_empty(), "nothing is published twice");
        close(stop(bench)).await;
    }
    let bench = Bench::counting_from(&open, 9_000).await;
    assert_eq!(bench.say(chat, 2, "on we go").await, seq(6));
    let page = bench.ledger.entries(big, seq(295), 100, usize::MAX).await.unwrap();
    assert_eq!(seqs(&page), (296..=301).collect::<Vec<_>>());
    close(stop(bench)).await;
}

/// The ledger alone, so that the last handle is the one that is closed.
fn stop(bench: Bench) -> Arc<dyn Ledger> {
    bench.ledger
}

fn identified(bench: &Bench, text: &str) -> Record {
    let record = bench.record(direct(1, 2), 1, message(text), text);
    Record { id: Some("a".parse().unwrap()), resend: true, ..record }
}

/// All that the ledger answers of the two chats, as text; contents too.
async fn everything(bench: &Bench) -> Vec<String> {
    let mut all = Vec::new();
    for chat in [group(1), direct(1, 2)] {
        let snapshot = bench.ledger.snapshot(chat).await.unwrap().unwrap();
        all.push(format!("{:?} {:?}", snapshot.head, snapshot.state));
        let page =
            bench.ledger.entries(chat, Seq::ZERO, super::bench::MANY, super::bench::ROOM).await.unwrap();
        all.extend(page.entries.iter().map(|entry| entry.to_frame(chinwag_proto::Viewer::Sender)));
        all.extend(bench.messages(chat).await.messages.iter().map(|shown| format!("{:?}", shown.view)));
    }
    all
}
