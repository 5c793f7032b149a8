//! A retry is never a second entry.

use std::sync::Arc;

use chinwag_chat::{Ask, Record, Refusal};
use chinwag_proto::ChatId;
use futures_util::future::join_all;

use super::bench::{Bench, committed, message};
use crate::contract::samples::{at, direct, group, seq};
use crate::ledger::Appended;
use crate::{Commits, Ledger};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    the_same_again_answers_the_first_result(&Bench::new(make).await).await;
    another_request_with_the_same_id_is_refused(&Bench::new(make).await).await;
    an_id_is_of_one_user_in_one_chat(&Bench::new(make).await).await;
    of_many_at_once_one_is_the_first(&Bench::new(make).await).await;
    a_resend_is_recognised_for_ever(&Bench::new(make).await).await;
    a_resend_is_recognised_after_the_content_is_gone(&Bench::new(make).await).await;
    without_an_id_nothing_is_recognised(&Bench::new(make).await).await;
    deleting_what_is_deleted_answers_the_first_deletion(&Bench::new(make).await).await;
    a_refused_id_may_be_used_again(&Bench::new(make).await).await;
}

fn identified(bench: &Bench, chat: ChatId, sender: u64, id: &str, text: &str) -> Record {
    Record { id: Some(id.parse().unwrap()), ..bench.record(chat, sender, message(text), text) }
}

/// The first message of a chat, which bore number 1.
fn the_first() -> Appended {
    Appended::Duplicate { seq: seq(1), message_id: 1.to_string().parse().unwrap(), created_at: at(1) }
}

async fn the_same_again_answers_the_first_result(bench: &Bench) {
    let chat = direct(1, 2);
    let first = identified(bench, chat, 1, "a", "hi");
    committed(bench.append(first.clone()).await.unwrap());
    bench.say(chat, 2, "between").await;
    for resend in [false, true] {
        let again = Record { resend, ..identified(bench, chat, 1, "a", "hi") };
        assert_eq!(bench.append(again).await, Ok(the_first()));
    }
    assert_eq!(bench.head(chat).await, 2);
}

async fn another_request_with_the_same_id_is_refused(bench: &Bench) {
    let chat = direct(1, 2);
    committed(bench.append(identified(bench, chat, 1, "a", "hi")).await.unwrap());
    for resend in [false, true] {
        let other = Record { resend, ..identified(bench, chat, 1, "a", "hello") };
        assert_eq!(bench.append(other).await, Ok(Appended::Rejected(Refusal::IdempotencyConflict)));
    }
    assert_eq!(bench.head(chat).await, 1);
}

async fn an_id_is_of_one_user_in_one_chat(bench: &Bench) {
    for (place, (chat, sender)) in
        [(direct(1, 2), 1), (direct(1, 2), 2), (direct(1, 3), 1)].into_iter().enumerate()
    {
        let record = identified(bench, chat, sender, "a", "hi");
        committed(bench.append(record).await.unwrap_or_else(|e| panic!("{place}: {e}")));
    }
}

async fn of_many_at_once_one_is_the_first(bench: &Bench) {
    let chat = direct(1, 2);
    let pending: Vec<_> = (0..10).map(|_| bench.append(identified(bench, chat, 1, "a", "hi"))).collect();
    let mut outcomes = join_all(pending).await.into_iter().map(Result::unwrap);
    assert_eq!(committed(outcomes.next().unwrap()).message_id.get(), 1);
    assert!(outcomes.all(|outcome| outcome == the_first()));
    assert_eq!(bench.head(chat).await, 1);
}

async fn a_resend_is_recognised_for_ever(bench: &Bench) {
    let chat = direct(1, 2);
    committed(bench.append(identified(bench, chat, 1, "a", "hi")).await.unwrap());
    bench.fill(chat, 2, 270, "x").await;
    let again = Record { resend: true, ..identified(bench, chat, 1, "a", "hi") };
    assert_eq!(bench.append(again).await, Ok(the_first()));
    let other = Record { resend: true, ..identified(bench, chat, 1, "a", "hello") };
    assert_eq!(bench.append(other).await, Ok(Appended::Rejected(Refusal::IdempotencyConflict)));
    assert_eq!(bench.head(chat).await, 271);
}

async fn a_resend_is_recognised_after_the_content_is_gone(bench: &Bench) {
    let chat = direct(1, 2);
    committed(bench.append(identified(bench, chat, 1, "a", "hi")).await.unwrap());
    bench.delete(chat, 1, seq(1)).await;
    bench.fill(chat, 2, 270, "x").await;
    let again = Record { resend: true, ..identified(bench, chat, 1, "a", "hi") };
    assert_eq!(bench.append(again).await, Ok(the_first()));
}

async fn without_an_id_nothing_is_recognised(bench: &Bench) {
    let chat = direct(1, 2);
    for place in 1..=3 {
        let record = Record { resend: true, ..bench.record(chat, 1, message("hi"), "hi") };
        assert_eq!(committed(bench.append(record).await.unwrap()).seq.get(), place);
    }
}

async fn deleting_what_is_deleted_answers_the_first_deletion(bench: &Bench) {
    let chat = group(1);
    bench.begin(chat, 1, &[2]).await;
    let target = bench.say(chat, 2, "oops").await;
    let first = bench.enter(chat, 2, Ask::Delete { target }).await;
    bench.say(chat, 1, "between").await;
    let answer =
        Appended::Duplicate { seq: first.seq, message_id: first.message_id, created_at: first.created_at };
    for sender in [2, 1] {
        assert_eq!(bench.ask(chat, sender, Ask::Delete { target }).await, answer);
    }
    assert_eq!(bench.head(chat).await, 4);
}

async fn a_refused_id_may_be_used_again(bench: &Bench) {
    let chat = direct(1, 2);
    bench.say(chat, 2, "first").await;
    let id = Some("a".parse().unwrap());
    let nothing =
        Record { id: id.clone(), ..bench.record(chat, 1, Ask::Delete { target: seq(9) }, "delete 9") };
    assert_eq!(bench.append(nothing).await, Ok(Appended::Rejected(Refusal::NoTarget)));
    let record = Record { id, resend: true, ..bench.record(chat, 1, message("hi"), "hi") };
    assert_eq!(committed(bench.append(record).await.unwrap()).seq.get(), 2);
}
