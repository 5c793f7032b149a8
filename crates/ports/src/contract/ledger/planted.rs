//! A suite that cannot fail proves nothing: each fault planted here is found.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use chinwag_chat::{FingerprintKey, Head, Record};
use chinwag_proto::{ChatId, Entry, Seq};
use futures_util::FutureExt;
use parking_lot::Mutex;

use super::{ledger_contract, ledger_twin_contract};
use crate::ledger::{Append, Appended, Entries, Messages, Pending, Snapshot, Window};
use crate::twins::{MemoryLedger, NoCommits};
use crate::{Commits, Ledger, Unavailable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    TakesRecordsWhenAwaited,
    AcknowledgesWithoutTelling,
    ForgetsIds,
    ReadsDeletedContent,
    HeadLagsBehind,
    HeadsInTheirOwnOrder,
    SkipsAnEntry,
    CountsTheOffsetFromOne,
    BeforeIncludesItsSeq,
    IgnoresSince,
    CutsThePageAtTheWrongEnd,
    IgnoresBytes,
}

const FAULTS: [Fault; 12] = [
    Fault::TakesRecordsWhenAwaited,
    Fault::AcknowledgesWithoutTelling,
    Fault::ForgetsIds,
    Fault::ReadsDeletedContent,
    Fault::HeadLagsBehind,
    Fault::HeadsInTheirOwnOrder,
    Fault::SkipsAnEntry,
    Fault::CountsTheOffsetFromOne,
    Fault::BeforeIncludesItsSeq,
    Fault::IgnoresSince,
    Fault::CutsThePageAtTheWrongEnd,
    Fault::IgnoresBytes,
];

/// The twin with a fault.
struct Bent {
    twin: Arc<MemoryLedger>,
    fault: Fault,
    /// What was committed, as it was then.
    first: Arc<Mutex<Vec<Arc<Entry>>>>,
}

impl Bent {
    fn new(fault: Fault, commits: Arc<dyn Commits>) -> Self {
        let commits = if fault == Fault::AcknowledgesWithoutTelling { Arc::new(NoCommits) } else { commits };
        Self { twin: Arc::new(MemoryLedger::new(commits)), fault, first: Arc::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

#[async_trait]
impl Ledger for Bent {
    fn append(&self, append: Append) -> Pending {
        let Append { record, origin } = append;
        let id = record.id.clone().filter(|_| !self.is(Fault::ForgetsIds));
        let append = Append { record: Record { id, ..record }, origin };
        let (twin, first) = (Arc::clone(&self.twin), Arc::clone(&self.first));
        let called =
            if self.is(Fault::TakesRecordsWhenAwaited) { Err(append) } else { Ok(twin.append(append)) };
        Box::pin(async move {
            let appended = match called {
                Ok(pending) => pending.await?,
                Err(append) => twin.append(append).await?,
            };
            if let Appended::Committed(entry) = &appended {
                first.lock().push(Arc::clone(entry));
            }
            Ok(appended)
        })
    }

    async fn snapshot(&self, chat: ChatId) -> Result<Option<Snapshot>, Unavailable> {
        self.twin.snapshot(chat).await
    }

    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<Head>>, Unavailable> {
        let mut heads = self.twin.heads(chats).await?;
        if self.is(Fault::HeadsInTheirOwnOrder) {
            heads.sort_by_key(|head| head.map(|head| head.seq));
        }
        if self.is(Fault::HeadLagsBehind) {
            heads.iter_mut().flatten().for_each(|head| head.seq = head.seq.prev());
        }
        Ok(heads)
    }

    async fn entries(
        &self,
        chat: ChatId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Entries, Unavailable> {
        let bytes_max = if self.is(Fault::IgnoresBytes) { usize::MAX } else { bytes_max };
        let mut page = self.twin.entries(chat, after, limit, bytes_max).await?;
        if self.is(Fault::SkipsAnEntry) && page.entries.len() > 64 {
            page.entries.remove(63);
        }
        Ok(page)
    }

    async fn entry(&self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, Unavailable> {
        if self.is(Fault::ReadsDeletedContent) {
            return Ok(self
                .first
                .lock()
                .iter()
                .find(|entry| entry.chat_id == chat && entry.seq == seq)
                .cloned());
        }
        self.twin.entry(chat, seq).await
    }

    async fn messages(
        &self,
        chat: ChatId,
        window: Window,
        since: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Messages, Unavailable> {
        let since = if self.is(Fault::IgnoresSince) { Seq::ZERO } else { since };
        let window = match window {
            Window::Offset(offset) if self.is(Fault::CountsTheOffsetFromOne) => {
                Window::Offset(offset.saturating_sub(1))
            }
            Window::Before(seq) if self.is(Fault::BeforeIncludesItsSeq) => Window::Before(seq.next()),
            window => window,
        };
        if self.is(Fault::CutsThePageAtTheWrongEnd)
            && matches!(window, Window::After(_))
            && bytes_max < 50_000
        {
            let mut page = self.twin.messages(chat, window, since, limit, usize::MAX).await?;
            page.messages.truncate((bytes_max / 2_300).max(1));
            return Ok(page);
        }
        self.twin.messages(chat, window, since, limit, bytes_max).await
    }

    fn fingerprint_key(&self) -> &FingerprintKey {
        self.twin.fingerprint_key()
    }

    fn ready(&self) -> Result<(), Unavailable> {
        self.twin.ready()
    }
}

async fn passes(fault: Fault) -> bool {
    let make = async |commits: Arc<dyn Commits>| Arc::new(Bent::new(fault, commits)) as Arc<dyn Ledger>;
    let suites = async {
        ledger_contract(make).await;
        ledger_twin_contract(make, 1, 500).await;
    };
    AssertUnwindSafe(suites).catch_unwind().await.is_ok()
}

#[tokio::test]
async fn each_planted_fault_is_found() {
    assert!(passes(Fault::None).await);
    for fault in FAULTS {
        assert!(!passes(fault).await, "{fault:?} was not found");
    }
}
