//! Deleted content is never read back.

use std::sync::Arc;

use chinwag_proto::{Body, ChatId, Content, Entry, Seq};

use super::bench::{Bench, message};
use crate::contract::samples::{direct, group, seq};
use crate::ledger::Window;
use crate::{Commits, Ledger};

pub(super) async fn suite(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) {
    a_message_and_its_edits_are_wiped(&Bench::new(make).await).await;
    an_old_message_is_wiped_too(&Bench::new(make).await).await;
    what_stands_beside_it_stays(&Bench::new(make).await).await;
    a_deleted_message_stays_on_its_page(&Bench::new(make).await).await;
}

fn content(entry: &Entry) -> Option<&Content> {
    match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref(),
        _ => None,
    }
}

/// The seqs of the entries whose content can be read, by every way of reading.
async fn readable(bench: &Bench, chat: ChatId) -> Vec<u64> {
    let page = bench.entries(chat).await;
    let with_content: Vec<_> =
        page.entries.iter().filter(|entry| content(entry).is_some()).map(|entry| entry.seq.get()).collect();
    for entry in &page.entries {
        assert_eq!(
            bench.ledger.entry(chat, entry.seq).await.unwrap().as_ref(),
            Some(entry),
            "read one by one"
        );
    }
    for shown in bench.messages(chat).await.messages {
        let alone = page.entries.iter().find(|entry| entry.seq == shown.entry.seq);
        assert_eq!(alone, Some(&shown.entry), "read as a message");
        if shown.view.deleted.is_some() {
            let last = shown.view.last_edit.as_ref().and_then(|(_, content)| content.as_ref());
            assert_eq!((content(&shown.entry), last), (None, None));
        }
    }
    with_content
}

async fn a_message_and_its_edits_are_wiped(bench: &Bench) {
    let chat = direct(1, 2);
    let said = bench.enter(chat, 1, message("secret")).await;
    bench.edit(chat, 1, said.seq, "more secret").await;
    bench.say(chat, 2, "public").await;
    bench.edit(chat, 1, said.seq, "most secret").await;
    assert_eq!(readable(bench, chat).await, [1, 2, 3, 4]);
    let deleted = bench.delete(chat, 1, said.seq).await;
    assert_eq!(readable(bench, chat).await, [3]);
    let wiped = bench.ledger.entry(chat, said.seq).await.unwrap().unwrap();
    assert_eq!(*wiped, said.wiped(), "seq, id, sender and time stay");
    let page = bench.messages(chat).await;
    assert_eq!(page.messages[1].view.deleted.map(|(by, _, _)| by), Some(deleted));
    assert_eq!(page.messages[1].view.edits, [seq(2), seq(4)]);
}

async fn an_old_message_is_wiped_too(bench: &Bench) {
    let chat = direct(1, 2);
    let said = bench.say(chat, 1, "secret").await;
    bench.edit(chat, 1, said, "more secret").await;
    bench.fill(chat, 2, 150, "x").await;
    bench.edit(chat, 1, said, "most secret").await;
    bench.delete(chat, 1, said).await;
    let readable = readable(bench, chat).await;
    assert_eq!(readable, (3..=152).collect::<Vec<_>>());
}

async fn what_stands_beside_it_stays(bench: &Bench) {
    let chat = group(1);
    bench.begin(chat, 1, &[2]).await;
    for text in ["one", "two", "three"] {
        bench.say(chat, 2, text).await;
    }
    bench.edit(chat, 2, seq(2), "ONE").await;
    bench.edit(chat, 2, seq(3), "TWO").await;
    bench.delete(chat, 1, seq(3)).await;
    assert_eq!(readable(bench, chat).await, [2, 4, 5]);
    bench.say(direct(1, 2), 1, "another chat, the same seq").await;
    assert_eq!(readable(bench, direct(1, 2)).await, [1]);
}

async fn a_deleted_message_stays_on_its_page(bench: &Bench) {
    let chat = direct(1, 2);
    for text in ["one", "two", "three"] {
        bench.say(chat, 1, text).await;
    }
    bench.delete(chat, 1, seq(2)).await;
    let page = bench.ledger.messages(chat, Window::Offset(1), seq(1), 1, 1).await.unwrap();
    let shown = &page.messages[0];
    assert_eq!((shown.entry.seq, content(&shown.entry)), (seq(2), None));
    assert!(shown.view.deleted.is_some());
    assert_eq!(page.head, seq(4));
    assert_eq!(bench.ledger.heads(&[chat]).await.unwrap()[0].unwrap().n, 3, "it still counts");
    assert_eq!(bench.ledger.entry(chat, Seq::ZERO).await, Ok(None));
}
