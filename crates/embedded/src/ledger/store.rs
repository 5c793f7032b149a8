//! The ledger as the port sees it.

use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;

use async_trait::async_trait;
use chinwag_chat::{FingerprintKey, Head};
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{
    Append, Appended, Commits, Entries, Ledger, Messages, Pending, Snapshot, Window,
};
use chinwag_proto::{ChatId, Entry, Seq};
use parking_lot::Mutex;
use rusqlite::Connection;

use super::error::StoreError;
use super::fold::Chunks;
use super::folder;
use super::health::CLOSED;
use super::inline::{Inline, Taken};
use super::open::{Parts, open};
use super::pages::{Bounds, Pages, entries_of_tail, entry_of_tail, snapshot_of_tail};
use super::readers::Readers;
use super::shared::Shared;
use super::stats::{LedgerObserver, LedgerStats, NoObserver};
use super::tail::TailEntry;
use super::threads::spawn;
use super::writer::{Writer, WriterThread};
use super::{LedgerSettings, OpenError};
use crate::place::{Mode, Place};
use crate::sqlite::Database;

/// The ledger of one machine: see the module.
///
/// Dropping it without [`EmbeddedLedger::close`] is as safe as a crash: what was acknowledged is there
/// after the next start. The drop waits for the transaction under way.
pub struct EmbeddedLedger {
    shared: Arc<Shared>,
    key: FingerprintKey,
    engine: Engine,
}

enum Engine {
    Threads { readers: Readers, threads: Mutex<Vec<JoinHandle<()>>> },
    Inline { work: Arc<Mutex<Option<Inline>>>, chunks: Box<Mutex<Database>> },
}

impl EmbeddedLedger {
    /// Opens the ledger in a folder, and creates it where there is none. Entries of before that are not
    /// folded are projected again; until that is done, [`Ledger::ready`] says so.
    ///
    /// Blocks: a start after a crash reads up to `tail_rows_max` entries. In mode [`Mode::Threads`] the
    /// projection may use the runtime that this is called in, as long as that is not the thread which drops
    /// the ledger.
    pub fn open(
        place: &Place,
        settings: LedgerSettings,
        commits: Arc<dyn Commits>,
    ) -> Result<Self, OpenError> {
        Self::open_observed(place, settings, commits, Arc::new(NoObserver))
    }

    /// The same, and tells of the ledger's work.
    pub fn open_observed(
        place: &Place,
        settings: LedgerSettings,
        commits: Arc<dyn Commits>,
        observer: Arc<dyn LedgerObserver>,
    ) -> Result<Self, OpenError> {
        let Parts { shared, writer, chunks, readers, key } = open(place, settings, commits, observer)?;
        let unprojected = shared.tail.read().up_to(u64::MAX, usize::MAX);
        if !unprojected.is_empty() {
            shared.health.set_projection(Some("entries of before the start are being projected".to_owned()));
        }
        let engine = match place.mode {
            Mode::Threads => start(&shared, writer, chunks, readers, unprojected)?,
            Mode::Inline => {
                let work = Inline::start(writer, chunks, &unprojected);
                let chunks = readers.into_iter().next().ok_or(OpenError::Store("no reader".to_owned()))?;
                Engine::Inline {
                    work: Arc::new(Mutex::new(Some(work))),
                    chunks: Box::new(Mutex::new(chunks)),
                }
            }
        };
        Ok(Self { shared, key, engine })
    }

    /// Figures about the work so far.
    pub fn stats(&self) -> LedgerStats {
        self.shared.stats()
    }

    /// Folds everything that is projected and leaves both files tidy: of content that was deleted before
    /// no byte is left in them.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        let target = self.shared.projected();
        if let Engine::Inline { work, .. } = &self.engine {
            work.lock().as_mut().ok_or_else(closed)?.fold();
            return self.shared.health.fold_trouble().map_or(Ok(()), |trouble| Err(Unavailable(trouble)));
        }
        let mut progress = self.shared.progress.subscribe();
        self.shared.folding.tidy();
        loop {
            let now = *progress.borrow_and_update();
            if now.log_tidy >= target && now.chunks_tidy >= target {
                return Ok(());
            }
            if now.ended > 0 || self.shared.health.is_dead() {
                return Err(self.shared.health.ready().err().unwrap_or_else(closed));
            }
            // Rows that came after the fold keep their table until the next one.
            if now.chunks_tidy >= target && self.shared.projected() > self.shared.folded() {
                self.shared.folding.tidy();
            }
            progress.changed().await.map_err(|_| closed())?;
        }
    }

    /// A clean stop: no more records are taken, those that wait are worked off, everything is folded, the
    /// files are left tidy, the threads end. An error says what could not be done; nothing
    /// that was acknowledged is lost by it.
    pub async fn close(&self) -> Result<(), Unavailable> {
        self.shared.health.close();
        match &self.engine {
            Engine::Inline { work, .. } => match work.lock().take() {
                Some(mut work) => work.close(),
                None => Ok(()),
            },
            Engine::Threads { readers, threads } => {
                self.shared.intake.close();
                let mut progress = self.shared.progress.subscribe();
                let all = threads.lock().len();
                let ended = progress.wait_for(|progress| progress.ended >= all).await;
                ended.map_err(|_| closed())?;
                readers.stop();
                join(threads);
                let trouble = self.shared.health.fold_trouble();
                trouble.map_or(Ok(()), |trouble| Err(Unavailable(trouble)))
            }
        }
    }

    /// Reads from the chunks, where that is done.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(Pages<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let read = {
            let tail = Arc::clone(&self.shared.tail);
            move |chunks: &Connection| read(Pages { chunks, tail: &tail })
        };
        let found = match &self.engine {
            Engine::Threads { readers, .. } => readers.read(read).await?,
            Engine::Inline { chunks, .. } => read(&chunks.lock()),
        };
        found.map_err(Into::into)
    }
}

/// The answer of inline mode: there at once, unless the projection fails. It is tried again at every look,
/// some thousand times, and then by whatever comes next.
async fn settled(work: Arc<Mutex<Option<Inline>>>, taken: Taken) -> Result<Appended, Unavailable> {
    const LOOKS_MAX: usize = 10_000;
    let mut looks = 0;
    std::future::poll_fn(|context| {
        let settled = work.lock().as_mut().map_or_else(|| Err(closed()), |work| work.settle(taken.position));
        looks += 1;
        match settled {
            Err(_) if looks < LOOKS_MAX => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            settled => Poll::Ready(settled),
        }
    })
    .await
    .map(|()| taken.answer)
}

fn closed() -> Unavailable {
    Unavailable(CLOSED.to_owned())
}

fn start(
    shared: &Arc<Shared>,
    writer: Writer,
    mut chunks: Chunks,
    readers: Vec<Database>,
    unprojected: Vec<Arc<TailEntry>>,
) -> Result<Engine, OpenError> {
    let readers = Readers::start(readers, shared.settings.read_queue_max)?;
    let runtime = tokio::runtime::Handle::try_current().ok();
    let folder = {
        let end = End { shared: Arc::clone(shared), is_writer: false };
        spawn("ledger-folder", move || {
            folder::run(&end.shared, &mut chunks);
            drop(chunks);
        })?
    };
    let writer = {
        let end = End { shared: Arc::clone(shared), is_writer: true };
        spawn("ledger-writer", move || {
            let _entered = runtime.as_ref().map(tokio::runtime::Handle::enter);
            WriterThread::new(writer).run(&unprojected);
            drop(unprojected);
            drop(end);
        })?
    };
    Ok(Engine::Threads { readers, threads: Mutex::new(vec![folder, writer]) })
}

/// Tells of a thread's end, also where that is an accident: nobody waits for it in vain then.
struct End {
    shared: Arc<Shared>,
    is_writer: bool,
}

impl Drop for End {
    fn drop(&mut self) {
        let shared = &self.shared;
        if std::thread::panicking() {
            shared.health.die(&"a thread of the ledger failed");
            shared.intake.nudge();
        }
        if self.is_writer {
            // Nobody takes records any more, and none comes to be folded.
            shared.intake.close();
            drop(shared.intake.drain());
            shared.folding.close();
        } else {
            shared.folding.end();
        }
        shared.tell(|progress| progress.ended += 1);
    }
}

fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = std::mem::take(&mut *threads.lock());
    for thread in threads {
        let _ = thread.join();
    }
}

impl Drop for EmbeddedLedger {
    fn drop(&mut self) {
        if let Engine::Threads { readers, threads } = &self.engine {
            self.shared.intake.abandon();
            self.shared.folding.abandon();
            join(threads);
            readers.stop();
        }
    }
}

#[async_trait]
impl Ledger for EmbeddedLedger {
    fn append(&self, append: Append) -> Pending {
        if let Some(refusal) = self.shared.health.refusal() {
            return Box::pin(std::future::ready(Err(refusal)));
        }
        if let Engine::Inline { work, .. } = &self.engine {
            let taken = work.lock().as_mut().map_or_else(|| Err(closed()), |work| work.append(&append));
            return match taken {
                Ok(taken) => Box::pin(settled(Arc::clone(work), taken)),
                Err(refusal) => Box::pin(std::future::ready(Err(refusal))),
            };
        }
        match self.shared.intake.put(append) {
            Ok(receiver) => Box::pin(async move {
                let stopped = "the ledger stopped before it answered; the record may have been taken";
                receiver.await.unwrap_or_else(|_| Err(Unavailable(stopped.to_owned())))
            }),
            Err(refusal) => {
                self.shared.counts.refused();
                self.shared.observer.refused();
                Box::pin(std::future::ready(Err(refusal)))
            }
        }
    }

    async fn snapshot(&self, chat: ChatId) -> Result<Option<Snapshot>, Unavailable> {
        let near =
            self.shared.chats.committed(chat).or_else(|| snapshot_of_tail(&self.shared.tail.read(), chat));
        match near {
            Some(snapshot) => Ok(Some(snapshot)),
            None => self.read(move |pages| pages.snapshot(chat)).await,
        }
    }

    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<Head>>, Unavailable> {
        let near = |chat: &ChatId| self.shared.chats.committed(*chat).map(|snapshot| snapshot.head);
        let mut heads: Vec<Option<Head>> = chats.iter().map(near).collect();
        let far = heads.iter().zip(chats).filter(|(head, _)| head.is_none()).map(|(_, chat)| *chat);
        let far: Vec<ChatId> = far.collect();
        if !far.is_empty() {
            let found = self.read(move |pages| pages.heads(&far)).await?;
            let missing = heads.iter_mut().filter(|head| head.is_none());
            missing.zip(found).for_each(|(head, found)| *head = found);
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
        let bounds = Bounds { limit, bytes_max };
        let near = entries_of_tail(&self.shared.tail.read(), chat, after, bounds);
        match near {
            Some(entries) => Ok(entries),
            None => self.read(move |pages| pages.entries(chat, after, bounds)).await,
        }
    }

    async fn entry(&self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, Unavailable> {
        let near = entry_of_tail(&self.shared.tail.read(), chat, seq);
        match near {
            Some(entry) => Ok(Some(entry)),
            None => self.read(move |pages| pages.entry(chat, seq)).await,
        }
    }

    async fn messages(
        &self,
        chat: ChatId,
        window: Window,
        since: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Messages, Unavailable> {
        let bounds = Bounds { limit, bytes_max };
        self.read(move |pages| pages.messages(chat, window, since, bounds)).await
    }

    fn fingerprint_key(&self) -> &FingerprintKey {
        &self.key
    }

    fn ready(&self) -> Result<(), Unavailable> {
        self.shared.health.ready()
    }
}
