//! Records take their places in the order in which `append` is called.

use std::sync::Arc;

use futures_util::future::join_all;

use super::bench::{Bench, committed, create, message, refused, seqs};
use crate::contract::samples::{direct, group};
use crate::{Commits, Ledger};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    the_order_of_calls_counts_not_that_of_awaiting(&Bench::new(make).await).await;
    a_dropped_answer_takes_nothing_back(&Bench::new(make).await).await;
    seqs_are_gapless_and_n_counts_messages(&Bench::new(make).await).await;
    a_refused_record_takes_no_place(&Bench::new(make).await).await;
    many_chats_at_once_each_in_its_order(&Bench::new(make).await).await;
}

async fn the_order_of_calls_counts_not_that_of_awaiting(bench: &Bench) {
    let chat = direct(1, 2);
    let pending: Vec<_> =
        (1..=100).map(|number| bench.append(bench.record(chat, 1 + number % 2, message("x"), ""))).collect();
    for (place, pending) in (1..).zip(pending).collect::<Vec<_>>().into_iter().rev() {
        let entry = committed(pending.await.unwrap());
        assert_eq!((entry.seq.get(), entry.message_id.get()), (place, place));
    }
    assert_eq!(seqs(&bench.entries(chat).await), (1..=100).collect::<Vec<_>>());
}

async fn a_dropped_answer_takes_nothing_back(bench: &Bench) {
    let chat = direct(1, 2);
    for _ in 0..5 {
        drop(bench.append(bench.record(chat, 1, message("unheard"), "")));
    }
    assert_eq!(bench.say(chat, 1, "heard").await.get(), 6);
    assert_eq!(bench.entries(chat).await.entries.len(), 6);
    let published = bench.ear.commits.lock().iter().map(|commit| commit.entry.seq.get()).collect::<Vec<_>>();
    assert_eq!(published, [1, 2, 3, 4, 5, 6]);
}

async fn seqs_are_gapless_and_n_counts_messages(bench: &Bench) {
    let chat = group(1);
    bench.begin(chat, 1, &[2]).await;
    let first = bench.say(chat, 2, "one").await;
    bench.react(chat, 1, first, "+", true).await;
    bench.edit(chat, 2, first, "One").await;
    bench.say(chat, 1, "two").await;
    bench.delete(chat, 2, first).await;
    bench.say(chat, 1, "three").await;
    let page = bench.entries(chat).await;
    let counted: Vec<_> = page.entries.iter().map(|entry| (entry.seq.get(), entry.n)).collect();
    assert_eq!(counted, [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)]);
    let head = bench.ledger.heads(&[chat]).await.unwrap()[0].unwrap();
    assert_eq!((head.seq.get(), head.n, head.last_at), (7, 3, page.entries[6].created_at));
}

async fn a_refused_record_takes_no_place(bench: &Bench) {
    let chat = group(1);
    refused(bench.ask(chat, 1, message("no such group")).await);
    assert_eq!(bench.head(chat).await, 0);
    let pending = [
        bench.append(bench.record(chat, 1, create(&[2]), "")),
        bench.append(bench.record(chat, 9, message("a stranger"), "")),
        bench.append(bench.record(chat, 2, message("a member"), "")),
        bench.append(bench.record(chat, 2, create(&[]), "")),
        bench.append(bench.record(chat, 1, message("the owner"), "")),
    ];
    let mut outcomes = join_all(pending).await.into_iter().map(Result::unwrap);
    assert_eq!(committed(outcomes.next().unwrap()).seq.get(), 1);
    refused(outcomes.next().unwrap());
    assert_eq!(committed(outcomes.next().unwrap()).seq.get(), 2);
    refused(outcomes.next().unwrap());
    assert_eq!(committed(outcomes.next().unwrap()).seq.get(), 3);
    assert_eq!(bench.head(chat).await, 3);
}

async fn many_chats_at_once_each_in_its_order(bench: &Bench) {
    let mut pending = Vec::new();
    for round in 1..=10 {
        for other in 2..=10 {
            let chat = direct(1, other);
            pending.push((chat, round, bench.append(bench.record(chat, other, message("x"), ""))));
        }
    }
    for (chat, round, pending) in pending {
        let entry = committed(pending.await.unwrap());
        assert_eq!((entry.chat_id, entry.seq.get()), (chat, round));
    }
    for other in 2..=10 {
        let page = bench.entries(direct(1, other)).await;
        assert_eq!(seqs(&page), (1..=10).collect::<Vec<_>>());
        let ids: Vec<_> = page.entries.iter().map(|entry| entry.message_id).collect();
        assert!(ids.is_sorted(), "the order of calls");
    }
}
