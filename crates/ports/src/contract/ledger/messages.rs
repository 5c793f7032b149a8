//! Pages of messages: their windows, and what later entries made of them.

use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_proto::{Body, ChatId, Content, Seq};

use super::bench::{Bench, MANY, ROOM, create, message, message_seqs, react};
use crate::contract::samples::{at, direct, group, seq, user};
use crate::ledger::{Messages, Viewed, Window};
use crate::{Commits, Ledger};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    every_window_holds_what_it_should(&Bench::new(make).await).await;
    a_page_cut_short_stays_beside_its_window(&Bench::new(make).await).await;
    an_edited_message_shows_its_last_content(&Bench::new(make).await).await;
    reactions_stand_as_they_were_last(&Bench::new(make).await).await;
    a_view_is_of_its_own_message(&Bench::new(make).await).await;
}

/// A chat of all kinds of entries, long enough for several chunks; answers the seqs of its messages.
async fn lively(bench: &Bench, chat: ChatId) -> Vec<u64> {
    let mut asks = vec![(1, create(&[2, 3]))];
    let mut said: Vec<Seq> = Vec::new();
    for round in 0..60 {
        let sender = 1 + round % 3;
        asks.push((sender, message(&format!("round {round}"))));
        let last = seq(asks.len() as u64);
        said.push(last);
        match round % 6 {
            1 => asks.push((2, react(said[said.len() / 12 * 6], "+", true))),
            3 => asks.push((3, react(last, "-", false))),
            4 => asks.push((sender, Ask::Edit { target: last, content: Content::text("better") })),
            5 => asks.push((1, Ask::Delete { target: said[said.len() - 2] })),
            _ => {}
        }
    }
    let entries = bench.enter_all(chat, asks).await;
    let messages = entries.iter().filter(|entry| matches!(entry.body, Body::Message { .. }));
    assert_eq!(messages.map(|entry| entry.seq).collect::<Vec<_>>(), said);
    said.into_iter().map(Seq::get).collect()
}

/// What a window holds, by the words of the contract.
fn expected(said: &[u64], window: Window, since: u64, limit: usize) -> Vec<u64> {
    let visible: Vec<_> = said.iter().copied().filter(|&at| at >= since).collect();
    let mut chosen: Vec<u64> = match window {
        Window::Offset(offset) => visible.iter().rev().skip(offset as usize).take(limit).copied().collect(),
        Window::Before(seq) => {
            visible.iter().rev().filter(|&&at| at < seq.get()).take(limit).copied().collect()
        }
        Window::After(seq) => visible.iter().filter(|&&at| at > seq.get()).take(limit).copied().collect(),
    };
    chosen.sort_unstable();
    chosen.reverse();
    chosen
}

async fn every_window_holds_what_it_should(bench: &Bench) {
    let chat = group(1);
    let said = lively(bench, chat).await;
    let head = seq(bench.head(chat).await);
    let whole = bench.entries(chat).await;
    let messages = whole.entries.iter().filter(|entry| matches!(entry.body, Body::Message { .. }));
    assert_eq!(messages.map(|entry| entry.seq.get()).collect::<Vec<_>>(), said);
    let mut windows: Vec<_> = (0..=said.len() as u64 + 2).map(Window::Offset).collect();
    windows.extend([500, u64::MAX].map(Window::Offset));
    windows.extend((0..=head.get() + 2).map(|at| Window::Before(seq(at))));
    windows.extend((0..=head.get() + 2).map(|at| Window::After(seq(at))));
    let spans = [(1, 7), (40, 1), (1, 200), (2, 7), (head.get(), 7), (1, 1), (40, 200), (head.get() + 1, 7)];
    // Each window with three of the spans in turn: each pair of neighbours meets.
    for (window, turn) in windows.into_iter().zip((0..spans.len()).cycle()) {
        for (since, limit) in spans.into_iter().cycle().skip(turn).take(3) {
            let page = bench.ledger.messages(chat, window, seq(since), limit, ROOM).await.unwrap();
            let asked = format!("{window:?}, {limit} since {since}");
            assert_eq!(message_seqs(&page), expected(&said, window, since, limit), "{asked}");
            assert_eq!(page.head, head, "{asked}");
        }
    }
}

async fn a_page_cut_short_stays_beside_its_window(bench: &Bench) {
    let chat = direct(1, 2);
    bench.fill(chat, 1, 100, &"x".repeat(2_000)).await;
    let page = async |window, bytes_max| {
        let page = bench.ledger.messages(chat, window, seq(1), MANY, bytes_max).await.unwrap();
        message_seqs(&page)
    };
    assert_eq!(page(Window::Offset(3), 1).await, [97]);
    assert_eq!(page(Window::Before(seq(50)), 1).await, [49]);
    assert_eq!(page(Window::After(seq(50)), 1).await, [51]);
    let run = |from: u64, count: usize| (from..).take(count).collect::<Vec<_>>();
    let newest = page(Window::Offset(0), 40_000).await;
    assert!((10..=25).contains(&newest.len()), "{} messages of 2,000 bytes in about 40,000", newest.len());
    assert_eq!(newest, (1..=100).rev().take(newest.len()).collect::<Vec<_>>());
    let mut next = page(Window::After(seq(20)), 40_000).await;
    assert!((10..=25).contains(&next.len()));
    next.reverse();
    assert_eq!(next, run(21, next.len()));
}

fn viewed(page: &Messages, at: Seq) -> &Viewed {
    page.messages.iter().find(|viewed| viewed.entry.seq == at).expect("on the page")
}

async fn an_edited_message_shows_its_last_content(bench: &Bench) {
    let chat = direct(1, 2);
    let said = bench.say(chat, 1, "frist").await;
    let other = bench.say(chat, 2, "second").await;
    let edits = [bench.edit(chat, 1, said, "first").await, bench.edit(chat, 1, said, "First!").await];
    let page = bench.messages(chat).await;
    let shown = viewed(&page, said);
    assert_eq!(shown.view.edits, edits);
    assert_eq!(shown.view.last_edit, Some((at(4), Some(Content::text("First!")))));
    assert_eq!(shown.view.deleted, None);
    let Body::Message { content, .. } = &shown.entry.body else { panic!("a message") };
    assert_eq!(*content, Some(Content::text("frist")), "the entry stays as it was");
    assert_eq!(viewed(&page, other).view.edits, []);
    assert_eq!(viewed(&page, other).view.last_edit, None);
}

async fn reactions_stand_as_they_were_last(bench: &Bench) {
    let chat = direct(1, 2);
    let said = bench.say(chat, 1, "hi").await;
    bench.react(chat, 1, said, "+", true).await;
    bench.react(chat, 2, said, "+", true).await;
    bench.react(chat, 2, said, "heart", true).await;
    bench.react(chat, 1, said, "+", false).await;
    bench.react(chat, 2, said, "heart", false).await;
    bench.react(chat, 2, said, "heart", true).await;
    let page = bench.messages(chat).await;
    let cells = &viewed(&page, said).view.cells;
    let standing: Vec<_> =
        cells.iter().filter(|cell| cell.on).map(|cell| (cell.key.as_str(), cell.user)).collect();
    assert_eq!(standing, [("+", user(2)), ("heart", user(2))], "in the order of first use");
}

async fn a_view_is_of_its_own_message(bench: &Bench) {
    for chat in [direct(1, 2), direct(1, 3)] {
        for text in ["one", "two", "three"] {
            bench.say(chat, 1, text).await;
        }
    }
    bench.edit(direct(1, 2), 1, seq(2), "TWO").await;
    bench.react(direct(1, 3), 1, seq(3), "+", true).await;
    let touched = async |chat| {
        let page = bench.messages(chat).await;
        let touched = page.messages.iter().map(|shown| (shown.view.edits.len(), shown.view.cells.len()));
        touched.collect::<Vec<_>>()
    };
    assert_eq!(touched(direct(1, 2)).await, [(0, 0), (1, 0), (0, 0)]);
    assert_eq!(touched(direct(1, 3)).await, [(0, 1), (0, 0), (0, 0)]);
}
