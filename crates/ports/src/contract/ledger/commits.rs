//! Projected, then published, then acknowledged.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use chinwag_chat::Ask;
use chinwag_proto::ChatId;
use chinwag_proto::text::RequestId;
use futures_util::future::join_all;

use super::bench::{Bench, Heard, committed, create, message, refused};
use crate::contract::samples::{direct, group, seq, until, user};
use crate::ledger::{Append, Pending};
use crate::{Commits, Ledger, Origin};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    an_ack_follows_publication_which_follows_projection(&Bench::new(make).await).await;
    each_commit_is_published_once_in_the_order_of_seq(&Bench::new(make).await).await;
    a_failed_projection_is_repeated_before_anything_else(&Bench::new(make).await).await;
    nothing_is_acknowledged_while_the_projection_fails(&Bench::new(make).await).await;
    what_makes_no_entry_makes_no_commit(&Bench::new(make).await).await;
    a_commit_carries_the_state_after_it_and_its_origin(&Bench::new(make).await).await;
}

async fn an_ack_follows_publication_which_follows_projection(bench: &Bench) {
    let chat = group(1);
    let asks = [create(&[2]), message("hi"), Ask::Add { users: vec![user(3)] }];
    for (place, ask) in (1..).zip(asks) {
        bench.enter(chat, 1, ask).await;
        let heard = bench.ear.heard();
        let found = |wanted: &Heard| heard.iter().position(|heard| heard == wanted);
        let projected = found(&Heard::Projected(chat, seq(place))).expect("projected before the ack");
        let published = found(&Heard::Published(chat, seq(place))).expect("published before the ack");
        assert!(projected < published);
    }
}

async fn each_commit_is_published_once_in_the_order_of_seq(bench: &Bench) {
    let mut pending = Vec::new();
    for _ in 0..15 {
        for other in 2..=5 {
            pending.push(bench.append(bench.record(direct(1, other), 1, message("x"), "")));
        }
    }
    for outcome in join_all(pending).await {
        committed(outcome.unwrap());
    }
    for other in 2..=5 {
        assert_eq!(published(bench, direct(1, other)), (1..=15).collect::<Vec<_>>());
    }
}

fn published(bench: &Bench, chat: ChatId) -> Vec<u64> {
    let commits = bench.ear.commits.lock();
    commits
        .iter()
        .filter(|commit| commit.entry.chat_id == chat)
        .map(|commit| commit.entry.seq.get())
        .collect()
}

async fn a_failed_projection_is_repeated_before_anything_else(bench: &Bench) {
    let chat = group(1);
    bench.ear.failing.store(3, Ordering::SeqCst);
    bench.begin(chat, 1, &[2]).await;
    let heard = bench.ear.heard();
    assert_eq!(heard[..3], [Heard::Failed, Heard::Failed, Heard::Failed]);
    assert_eq!(heard[3], Heard::Projected(chat, seq(1)));
    assert_eq!(published(bench, chat), [1]);
}

/// Whether an answer is there already.
fn is_answered(pending: &mut Pending) -> bool {
    Pin::new(pending).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

async fn nothing_is_acknowledged_while_the_projection_fails(bench: &Bench) {
    let chat = group(1);
    bench.ear.failing.store(u64::MAX, Ordering::SeqCst);
    let mut pending = bench.append(bench.record(chat, 1, create(&[2]), ""));
    let mut answered = false;
    let tried_often = || bench.ear.heard.lock().len() >= 3;
    until("the projection is tried three times", || {
        answered |= is_answered(&mut pending);
        answered || tried_often()
    })
    .await;
    assert!(!answered, "acknowledged without its projection");
    assert_eq!(published(bench, chat), [0_u64; 0]);
    bench.ear.failing.store(0, Ordering::SeqCst);
    assert_eq!(committed(pending.await.unwrap()).seq.get(), 1);
    assert_eq!(published(bench, chat), [1]);
}

async fn what_makes_no_entry_makes_no_commit(bench: &Bench) {
    refused(bench.ask(group(1), 1, message("no such group")).await);
    let target = bench.say(direct(1, 2), 1, "oops").await;
    bench.delete(direct(1, 2), 1, target).await;
    bench.ask(direct(1, 2), 1, Ask::Delete { target }).await;
    refused(bench.ask(direct(1, 2), 1, Ask::Delete { target: seq(9) }).await);
    assert_eq!(published(bench, group(1)), [0_u64; 0]);
    assert_eq!(published(bench, direct(1, 2)), [1, 2]);
}

async fn a_commit_carries_the_state_after_it_and_its_origin(bench: &Bench) {
    let chat = group(1);
    let origin = |number| Origin { connection: 7, request: RequestId::Number(number) };
    let asks = [create(&[2]), Ask::Add { users: vec![user(3)] }, Ask::Remove { user: user(2) }];
    for (number, ask) in (1..).zip(asks) {
        let record = bench.record(chat, 1, ask, "");
        let entry =
            committed(bench.ledger.append(Append { record, origin: Some(origin(number)) }).await.unwrap());
        let commit = bench.ear.commits.lock().last().cloned().unwrap();
        assert_eq!((&commit.entry, commit.origin), (&entry, Some(origin(number))));
        let state = bench.ledger.snapshot(chat).await.unwrap().unwrap().state;
        assert_eq!(commit.state, state);
    }
    bench.say(chat, 1, "over REST").await;
    assert_eq!(bench.ear.commits.lock().last().unwrap().origin, None);
    let members: Vec<Vec<u64>> = {
        let commits = bench.ear.commits.lock();
        commits.iter().map(|commit| commit.state.members.keys().map(|user| user.get()).collect()).collect()
    };
    assert_eq!(members, [vec![1, 2], vec![1, 2, 3], vec![1, 3], vec![1, 3]]);
}
