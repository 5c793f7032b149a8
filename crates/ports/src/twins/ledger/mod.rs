//! The ledger in memory.
//!
//! A record is decided about when `append` is called. What follows (projection, publication, the
//! answer) is worked through in that order, one outcome after the other, by whichever pending append is
//! awaited; where the projection answers at once, before `append` returns.

mod log;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use chinwag_chat::{FingerprintKey, Head};
use chinwag_proto::{ChatId, Entry, Seq};
use futures_util::FutureExt;
use futures_util::lock::Mutex as AsyncMutex;
use parking_lot::Mutex;

use self::log::Log;
use crate::ledger::{
    Append, Appended, Commit, Commits, Entries, Ledger, Messages, Pending, Snapshot, Window,
};
use crate::twins::Faults;
use crate::twins::faults::unavailable;
use crate::{Origin, Unavailable};

/// Hears of commits and does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCommits;

#[async_trait]
impl Commits for NoCommits {
    async fn project(&self, _: &[Commit]) -> Result<(), Unavailable> {
        Ok(())
    }

    fn publish(&self, _: &[Commit]) {}
}

/// The ledger in memory.
pub struct MemoryLedger {
    inner: Arc<Inner>,
    key: FingerprintKey,
    reads: Faults,
    appends: Faults,
    answers: Faults,
}

struct Inner {
    commits: Arc<dyn Commits>,
    logs: Mutex<Logs>,
    outbox: Mutex<VecDeque<Outcome>>,
    /// Held while the outbox is worked through.
    turn: AsyncMutex<()>,
}

#[derive(Default)]
struct Logs {
    /// The offset of the last record, refused ones included.
    offset: u64,
    chats: BTreeMap<ChatId, Log>,
}

/// What was decided, until its append is answered.
#[derive(Clone)]
struct Outcome {
    commit: Option<Commit>,
    answer: Appended,
    slot: Arc<Mutex<Option<Appended>>>,
}

impl MemoryLedger {
    /// An empty one that tells of its commits.
    pub fn new(commits: Arc<dyn Commits>) -> Self {
        let inner =
            Inner { commits, logs: Mutex::default(), outbox: Mutex::default(), turn: AsyncMutex::new(()) };
        Self {
            inner: Arc::new(inner),
            key: FingerprintKey::new(*b"a twin's secret."),
            reads: Faults::default(),
            appends: Faults::default(),
            answers: Faults::default(),
        }
    }

    /// Lets calls that read fail.
    pub fn read_faults(&self) -> &Faults {
        &self.reads
    }

    /// Lets appends fail; their records are not taken.
    pub fn append_faults(&self) -> &Faults {
        &self.appends
    }

    /// Lets appends answer `Unavailable` although their records are taken.
    pub fn answer_faults(&self) -> &Faults {
        &self.answers
    }

    fn read<T>(&self, of: impl FnOnce(&BTreeMap<ChatId, Log>) -> T) -> Result<T, Unavailable> {
        self.reads.check()?;
        Ok(of(&self.inner.logs.lock().chats))
    }
}

impl Inner {
    /// Decides, and puts what follows into the outbox under the same lock, so that the outbox has the
    /// order of the calls.
    fn decide(&self, append: Append, key: &FingerprintKey) -> Arc<Mutex<Option<Appended>>> {
        let Append { record, origin } = append;
        let mut logs = self.logs.lock();
        logs.offset += 1;
        let offset = logs.offset;
        let log = logs.chats.entry(record.chat).or_insert_with(|| Log::new(record.chat));
        let answer = log.take(offset, &record, key);
        let slot = Arc::default();
        let commit = commit_of(&answer, log, origin);
        self.outbox.lock().push_back(Outcome { commit, answer, slot: Arc::clone(&slot) });
        slot
    }

    /// Works through the outbox as it is found.
    async fn work_off(&self) {
        let _turn = self.turn.lock().await;
        loop {
            // It leaves the outbox at the end only: whoever is dropped half-way loses nothing.
            let Some(outcome) = self.outbox.lock().front().cloned() else {
                return;
            };
            if let Some(commit) = &outcome.commit {
                let batch = std::slice::from_ref(commit);
                while self.commits.project(batch).await.is_err() {
                    yield_now().await;
                }
                self.commits.publish(batch);
            }
            *outcome.slot.lock() = Some(outcome.answer);
            self.outbox.lock().pop_front();
        }
    }
}

fn commit_of(answer: &Appended, log: &Log, origin: Option<Origin>) -> Option<Commit> {
    let Appended::Committed(entry) = answer else {
        return None;
    };
    Some(Commit { entry: Arc::clone(entry), state: Arc::clone(log.chat().state()), origin })
}

/// Lets others run first.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Ledger for MemoryLedger {
    fn append(&self, append: Append) -> Pending {
        if let Err(failed) = self.appends.check() {
            return Box::pin(async move { Err(failed) });
        }
        let lost = self.answers.check().is_err();
        let slot = self.inner.decide(append, &self.key);
        let inner = Arc::clone(&self.inner);
        // Given up where it is not through at once: nobody may be polling this append, and others wait
        // for their turn.
        let done = Inner::work_off(&inner).now_or_never().is_some();
        Box::pin(async move {
            if !done {
                inner.work_off().await;
            }
            let answer = slot.lock().take();
            answer.filter(|_| !lost).ok_or_else(unavailable)
        })
    }

    async fn snapshot(&self, chat: ChatId) -> Result<Option<Snapshot>, Unavailable> {
        self.read(|chats| chats.get(&chat).and_then(Log::snapshot))
    }

    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<Head>>, Unavailable> {
        self.read(|logs| {
            chats.iter().map(|chat| logs.get(chat).and_then(Log::snapshot).map(|at| at.head)).collect()
        })
    }

    async fn entries(
        &self,
        chat: ChatId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Entries, Unavailable> {
        self.read(|chats| {
            chats.get(&chat).map_or_else(Entries::default, |log| log.entries(after, limit, bytes_max))
        })
    }

    async fn entry(&self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, Unavailable> {
        self.read(|chats| chats.get(&chat).and_then(|log| log.entry(seq)).cloned())
    }

    async fn messages(
        &self,
        chat: ChatId,
        window: Window,
        since: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Messages, Unavailable> {
        self.read(|chats| {
            let log = chats.get(&chat);
            log.map_or_else(Messages::default, |log| log.messages(window, since, limit, bytes_max))
        })
    }

    fn fingerprint_key(&self) -> &FingerprintKey {
        &self.key
    }

    fn ready(&self) -> Result<(), Unavailable> {
        if self.appends.pending() { Err(unavailable()) } else { Ok(()) }
    }
}
