//! Heads, snapshots, entries: who has an acknowledgment can read at once.

use std::sync::Arc;

use chinwag_proto::{Body, Seq};

use super::bench::{Bench, MANY, ROOM, message, refused, seqs};
use crate::contract::samples::{direct, group, inbox, seq, user};
use crate::ledger::Window;
use crate::{Commits, Ledger};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    a_chat_without_entries_is_not_there(&Bench::new(make).await).await;
    what_is_acknowledged_is_read_at_once(&Bench::new(make).await).await;
    heads_stand_in_the_order_asked(&Bench::new(make).await).await;
    a_snapshot_has_the_members(&Bench::new(make).await).await;
    entries_come_oldest_first_in_pages(&Bench::new(make).await).await;
    a_page_holds_about_so_many_bytes_and_at_least_one_entry(&Bench::new(make).await).await;
    an_entry_is_found_by_its_seq(&Bench::new(make).await).await;
    it_is_ready_and_has_its_secret(&Bench::new(make).await).await;
}

async fn a_chat_without_entries_is_not_there(bench: &Bench) {
    refused(bench.ask(group(1), 1, message("no such group")).await);
    bench.say(direct(1, 2), 1, "another chat").await;
    for chat in [group(1), group(2), direct(1, 3), inbox(1)] {
        assert!(bench.ledger.snapshot(chat).await.unwrap().is_none());
        assert_eq!(bench.ledger.heads(&[chat]).await, Ok(vec![None]));
        assert_eq!(bench.ledger.entry(chat, seq(1)).await, Ok(None));
        let entries = bench.ledger.entries(chat, Seq::ZERO, MANY, ROOM).await.unwrap();
        assert_eq!((entries.entries.len(), entries.head), (0, Seq::ZERO));
        for window in [Window::Offset(0), Window::Before(seq(9)), Window::After(Seq::ZERO)] {
            let messages = bench.ledger.messages(chat, window, seq(1), MANY, ROOM).await.unwrap();
            assert_eq!((messages.messages.len(), messages.head), (0, Seq::ZERO));
        }
    }
}

async fn what_is_acknowledged_is_read_at_once(bench: &Bench) {
    let chat = direct(1, 2);
    for place in 1..=70 {
        let entry = bench.enter(chat, 1, message(&format!("number {place}"))).await;
        assert_eq!(bench.ledger.entry(chat, entry.seq).await, Ok(Some(Arc::clone(&entry))));
        assert_eq!(bench.head(chat).await, place);
        let page = bench.ledger.entries(chat, seq(place - 1), MANY, ROOM).await.unwrap();
        assert_eq!((page.entries, page.head), (vec![Arc::clone(&entry)], entry.seq));
        let page = bench.ledger.messages(chat, Window::Offset(0), seq(1), 1, ROOM).await.unwrap();
        assert_eq!((&page.messages[0].entry, page.head), (&entry, entry.seq));
    }
}

async fn heads_stand_in_the_order_asked(bench: &Bench) {
    for (other, count) in [(2, 3), (3, 1), (4, 2)] {
        for _ in 0..count {
            bench.say(direct(1, other), other, "x").await;
        }
    }
    let asked = [direct(1, 4), direct(1, 9), direct(1, 2), direct(1, 3), direct(1, 4)];
    let heads = bench.ledger.heads(&asked).await.unwrap();
    let seqs: Vec<_> = heads.iter().map(|head| head.map(|head| head.seq.get())).collect();
    assert_eq!(seqs, [Some(2), None, Some(3), Some(1), Some(2)]);
    assert_eq!(bench.ledger.heads(&[]).await, Ok(vec![]));
    let snapshot = bench.ledger.snapshot(direct(1, 4)).await.unwrap().unwrap();
    assert_eq!(Some(snapshot.head), heads[0]);
}

async fn a_snapshot_has_the_members(bench: &Bench) {
    bench.begin(group(1), 1, &[2, 3]).await;
    bench.enter(group(1), 1, chinwag_chat::Ask::Remove { user: user(3) }).await;
    let snapshot = bench.ledger.snapshot(group(1)).await.unwrap().unwrap();
    assert_eq!((snapshot.head.seq, snapshot.head.state_seq), (seq(2), seq(2)));
    assert_eq!(snapshot.state.members.keys().copied().collect::<Vec<_>>(), [user(1), user(2)]);
    assert_eq!(snapshot.state.former.get(&user(3)), Some(&seq(2)));
    bench.say(direct(1, 2), 1, "hi").await;
    let snapshot = bench.ledger.snapshot(direct(1, 2)).await.unwrap().unwrap();
    assert_eq!(snapshot.state.members.len(), 2);
}

async fn entries_come_oldest_first_in_pages(bench: &Bench) {
    let chat = direct(1, 2);
    bench.fill(chat, 1, 130, "x").await;
    for (after, limit) in
        [(0, 1), (0, 200), (0, 64), (63, 2), (64, 64), (100, 30), (100, 31), (129, 5), (1, 129)]
    {
        let page = bench.ledger.entries(chat, seq(after), limit, ROOM).await.unwrap();
        let last = (after + limit as u64).min(130);
        assert_eq!(seqs(&page), (after + 1..=last).collect::<Vec<_>>(), "{limit} after {after}");
        assert_eq!(page.head, seq(130));
    }
    for after in [130, 131, 1_000_000] {
        let page = bench.ledger.entries(chat, seq(after), 5, ROOM).await.unwrap();
        assert_eq!((page.entries.len(), page.head), (0, seq(130)), "after {after}");
    }
}

async fn a_page_holds_about_so_many_bytes_and_at_least_one_entry(bench: &Bench) {
    let chat = direct(1, 2);
    bench.fill(chat, 1, 100, &"x".repeat(2_000)).await;
    let count = async |after, bytes_max| {
        let page = bench.ledger.entries(chat, seq(after), MANY, bytes_max).await.unwrap();
        assert_eq!(seqs(&page), (after + 1..).take(page.entries.len()).collect::<Vec<_>>());
        page.entries.len()
    };
    assert_eq!(count(0, 0).await, 1, "one, if there is one");
    assert_eq!(count(50, 1).await, 1);
    assert_eq!(count(99, 1).await, 1);
    assert_eq!(count(100, 1).await, 0);
    let some = count(0, 40_000).await;
    assert!((10..=25).contains(&some), "{some} entries of 2,000 bytes in about 40,000");
    assert_eq!(count(0, ROOM).await, 100);
}

async fn an_entry_is_found_by_its_seq(bench: &Bench) {
    let chat = group(1);
    bench.begin(chat, 1, &[2]).await;
    let said = bench.say(chat, 1, "hi").await;
    let first = bench.ledger.entry(chat, seq(1)).await.unwrap().unwrap();
    assert!(matches!(first.body, Body::Chat(_)));
    assert_eq!(bench.ledger.entry(chat, said).await.unwrap().unwrap().seq, said);
    assert_eq!(bench.ledger.entry(chat, Seq::ZERO).await, Ok(None));
    assert_eq!(bench.ledger.entry(chat, seq(3)).await, Ok(None));
    assert_eq!(bench.ledger.entry(chat, Seq::clamped(u64::MAX)).await, Ok(None));
}

async fn it_is_ready_and_has_its_secret(bench: &Bench) {
    assert_eq!(bench.ledger.ready(), Ok(()));
    let key = bench.ledger.fingerprint_key();
    assert_eq!(key.request([b"a".as_slice()]), bench.fingerprint("a"));
    assert_ne!(bench.fingerprint("a"), bench.fingerprint("b"));
}
