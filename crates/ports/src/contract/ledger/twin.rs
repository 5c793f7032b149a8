//! A long random run, held against the twin in memory.

use std::sync::Arc;

use chinwag_chat::{Ask, Record, View};
use chinwag_proto::{ChatId, Content, Seq};
use futures_util::future::join_all;

use super::bench::{Bench, MANY, create, message, react};
use crate::contract::samples::{Dice, direct, group, seq, user};
use crate::ledger::{Messages, Window};
use crate::twins::MemoryLedger;
use crate::{Commits, Ledger};

/// Appends `records` random records, ids and nonsense among them, to the ledger and to the twin, and
/// compares all answers and, at every step, some pages. What a seed does, it does again.
pub async fn ledger_twin_contract(
    make: impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>,
    seed: u64,
    records: usize,
) {
    let bench = Bench::new(&make).await;
    let twin = Bench::new(&async |commits: Arc<dyn Commits>| {
        Arc::new(MemoryLedger::new(commits)) as Arc<dyn Ledger>
    })
    .await;
    let mut dice = Dice(seed);
    let mut left = records;
    while left > 0 {
        let batch = left.min(1 + dice.below(12) as usize);
        left -= batch;
        let asked: Vec<_> = (0..batch).map(|_| Asked::random(&mut dice)).collect();
        let one = join_all(asked.iter().map(|asked| bench.append(asked.record(&bench)))).await;
        let other = join_all(asked.iter().map(|asked| twin.append(asked.record(&twin)))).await;
        assert_eq!(one, other, "seed {seed}, {left} records left: {asked:?}");
        compare_some_pages(&bench, &twin, &mut dice).await;
    }
    for chat in chats() {
        let (one, other) = (bench.entries(chat).await, twin.entries(chat).await);
        assert_eq!((one.entries, one.head), (other.entries, other.head), "seed {seed}");
        assert_eq!(shown(bench.messages(chat).await), shown(twin.messages(chat).await), "seed {seed}");
    }
}

fn chats() -> [ChatId; 4] {
    [direct(1, 2), direct(2, 3), group(1), group(2)]
}

/// A record that can be made for both.
#[derive(Debug)]
struct Asked {
    chat: ChatId,
    sender: u64,
    id: Option<String>,
    resend: bool,
    ask: Ask,
    request: String,
}

impl Asked {
    fn random(dice: &mut Dice) -> Self {
        let chat = chats()[dice.below(4) as usize];
        let near = if dice.one_in(3) { 400 } else { 12 };
        let target = seq(1 + dice.below(near));
        let text = format!("text {}", dice.below(1_000));
        let ask = match dice.below(24) {
            0 | 1 => create(&[2, 3]),
            2 | 3 => Ask::Edit { target, content: Content::text(&text) },
            4 => Ask::Delete { target },
            5..=7 => react(target, ["+", "-", "heart"][dice.below(3) as usize], !dice.one_in(3)),
            8 => Ask::Add { users: vec![user(1 + dice.below(6)), user(1 + dice.below(6))] },
            9 => Ask::Remove { user: user(1 + dice.below(6)) },
            10 => Ask::Message { content: Content::text(&text), reply_to: Some(target) },
            _ => message(&text),
        };
        let id = dice.one_in(2).then(|| format!("id-{}", dice.below(400)));
        let request = format!("{ask:?} {text}");
        Self { chat, sender: 1 + dice.below(4), id, resend: dice.one_in(2), ask, request }
    }

    fn record(&self, bench: &Bench) -> Record {
        let record = bench.record(self.chat, self.sender, self.ask.clone(), &self.request);
        Record { id: self.id.as_ref().map(|id| id.parse().unwrap()), resend: self.resend, ..record }
    }
}

async fn compare_some_pages(bench: &Bench, twin: &Bench, dice: &mut Dice) {
    let chat = chats()[dice.below(4) as usize];
    let head = twin.head(chat).await;
    let at = seq(dice.below(head + 2));
    let limit = 1 + dice.below(80) as usize;
    let window = match dice.below(3) {
        0 => Window::Offset(dice.below(head + 2)),
        1 => Window::Before(at),
        _ => Window::After(at),
    };
    let since = seq(if dice.one_in(3) { 1 + dice.below(head + 1) } else { 1 });
    let page =
        async |bench: &Bench| bench.ledger.messages(chat, window, since, limit, MANY * MANY).await.unwrap();
    assert_eq!(shown(page(bench).await), shown(page(twin).await), "{window:?}, {limit} since {since}");
    let page = async |bench: &Bench| bench.ledger.entries(chat, at, limit, MANY * MANY).await.unwrap();
    let (one, other) = (page(bench).await, page(twin).await);
    assert_eq!((one.entries, one.head), (other.entries, other.head), "{limit} after {at}");
    assert_eq!(bench.ledger.entry(chat, at).await, twin.ledger.entry(chat, at).await);
    let snapshot = async |bench: &Bench| {
        let snapshot = bench.ledger.snapshot(chat).await.unwrap()?;
        // Offsets are each ledger's own.
        Some((chinwag_chat::Head { last_offset: 0, ..snapshot.head }, snapshot.state))
    };
    assert_eq!(snapshot(bench).await, snapshot(twin).await);
}

/// A page without the offsets, which are each ledger's own.
fn shown(page: Messages) -> (Vec<(u64, String, View)>, Seq) {
    let messages = page.messages.into_iter().map(|shown| {
        let mut view = View::clone(&shown.view);
        view.deleted = view.deleted.map(|(by, _, at)| (by, 0, at));
        view.keys.iter_mut().for_each(|(_, offset)| *offset = 0);
        (shown.entry.seq.get(), shown.entry.to_frame(chinwag_proto::Viewer::Sender), view)
    });
    (messages.collect(), page.head)
}
