//! The engine's rows: an ordered map of text to text on a thread of its own.
//!
//! Batches are applied in the order given, each wholly or not at all; those that wait at the same time go to
//! the disk together. A load sees every batch given before it. A store that fails once takes no more.
//! Which rows there are is said by [`chinwag_client::store`].

mod folder;
mod key;
mod memory;
mod place;
mod sqlite;
#[cfg(test)]
mod tests;
mod unlock;

use std::thread;

use chinwag_client::store::{Batch, Load, Op, Range, Row};
use tokio::sync::mpsc;

pub use folder::FolderError;
pub(crate) use memory::Memory;
pub use sqlite::FileError;
pub use unlock::{Keyring, Unlock, UnlockError};

/// Requests that wait for the thread; more wait at the driver.
const REQUESTS_MAX: usize = 64;
/// Answers that wait for the driver, which always takes them.
const ANSWERS_MAX: usize = 64;
/// Batches that go to the disk together.
const TOGETHER_MAX: usize = 128;

/// Why rows could not be written or read. Names no key and no value.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreFailed(pub(crate) String);

/// Where rows lie.
pub(crate) trait Rows: Send {
    /// Changes rows; visible to loads at once, durable after [`Self::commit`].
    fn apply(&mut self, ops: &[Op]) -> Result<(), StoreFailed>;
    /// Makes all that was applied durable, together.
    fn commit(&mut self) -> Result<(), StoreFailed>;
    /// The rows of a range, in its order.
    fn read(&mut self, range: &Range) -> Result<Vec<Row>, StoreFailed>;
}

/// Opens the rows of a profile's folder; a new one is made. Takes a while: a passphrase costs time.
pub(crate) fn open(folder: &std::path::Path, by: &Unlock) -> Result<Box<dyn Rows>, ProfileError> {
    let folder = folder::Folder::open(folder)?;
    let key = unlock::unlock(&folder, by)?;
    Ok(Box::new(sqlite::Sqlite::open(folder, &key)?))
}

/// Why a profile cannot be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its key cannot be had.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// Its file cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What is asked of the thread.
pub(crate) enum Request {
    /// A batch of the engine.
    Batch(Batch),
    /// Rows of the program's own; nobody waits for them.
    Keep(Vec<Op>),
    /// A read.
    Load(Load),
}

/// What it answers.
pub(crate) enum Answer {
    /// Every batch up to this one is on disk.
    Stored(u64),
    /// It takes no more.
    Failed(StoreFailed),
    /// The rows of a load.
    Loaded { number: u64, rows: Vec<Row> },
}

/// The thread that owns the rows. It ends when the requests do, after the last of them was carried out.
pub(crate) struct Store {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) answers: mpsc::Receiver<Answer>,
    thread: thread::JoinHandle<()>,
}

impl Store {
    /// Starts the thread.
    pub(crate) fn start(rows: Box<dyn Rows>) -> std::io::Result<Self> {
        let (requests, incoming) = mpsc::channel(REQUESTS_MAX);
        let (outgoing, answers) = mpsc::channel(ANSWERS_MAX);
        let worker = Worker { rows, incoming, outgoing };
        let thread = thread::Builder::new().name("chinwag store".to_owned()).spawn(|| worker.run())?;
        Ok(Self { requests, answers, thread })
    }

    /// Takes no more requests, and waits until all that were given are carried out.
    pub(crate) async fn close(self) {
        let Self { requests, mut answers, thread } = self;
        drop(requests);
        // Nobody waits for an answer any more, but the thread waits for room to give it.
        while answers.recv().await.is_some() {}
        // It has ended: nothing of it answers any more.
        let _ = thread.join();
    }
}

struct Worker {
    rows: Box<dyn Rows>,
    incoming: mpsc::Receiver<Request>,
    outgoing: mpsc::Sender<Answer>,
}

impl Worker {
    fn run(mut self) {
        while let Some(first) = self.incoming.blocking_recv() {
            if let Err(why) = self.together(first) {
                // The driver may be gone; then nobody wants to know.
                let _ = self.outgoing.blocking_send(Answer::Failed(why));
                // What is still asked for has no answer; the sender finds the channel closed.
                return;
            }
        }
    }

    /// Carries out what waits, and makes it durable at once.
    fn together(&mut self, first: Request) -> Result<(), StoreFailed> {
        let mut done = Done::default();
        self.carry_out(first, &mut done)?;
        for _ in 1..TOGETHER_MAX {
            let Ok(next) = self.incoming.try_recv() else { break };
            self.carry_out(next, &mut done)?;
        }
        if done.changed {
            self.rows.commit()?;
        }
        if let Some(number) = done.batch {
            let _ = self.outgoing.blocking_send(Answer::Stored(number));
        }
        Ok(())
    }

    fn carry_out(&mut self, request: Request, done: &mut Done) -> Result<(), StoreFailed> {
        match request {
            Request::Batch(batch) => {
                self.rows.apply(&batch.ops)?;
                *done = Done { batch: Some(batch.number), changed: true };
            }
            Request::Keep(ops) => {
                self.rows.apply(&ops)?;
                done.changed = true;
            }
            Request::Load(load) => {
                let mut rows = Vec::new();
                for range in &load.ranges {
                    rows.extend(self.rows.read(range)?);
                }
                let _ = self.outgoing.blocking_send(Answer::Loaded { number: load.number, rows });
            }
        }
        Ok(())
    }
}

/// What has been applied and is not durable yet.
#[derive(Default)]
struct Done {
    /// The last batch.
    batch: Option<u64>,
    changed: bool,
}
