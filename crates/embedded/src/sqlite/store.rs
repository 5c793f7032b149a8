//! A store: jobs in, answers out, on threads of its own or within the call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use chinwag_ports::Unavailable;
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::QUEUE;
use super::failure::{Health, tell};
use super::open::{OpenError, Schema, open_reader, open_writer, path_of};
use super::readers;
use super::writer::{Answering, Job, Writer};
use crate::place::{Mode, Place};

/// Reader threads: a slow list does not hold up a token's look-up.
const READERS: usize = 2;

/// A database with one writer and several readers.
///
/// Each write job is atomic and durable when it is answered; a reader sees every write that was answered
/// before it asked. After a failed write or sync reads go on and writes are refused until the restart.
pub(crate) struct Store {
    file: &'static str,
    health: Arc<Health>,
    wipe: Arc<AtomicBool>,
    side: Side,
}

enum Side {
    Threads(Threads),
    /// `None` once closed.
    Inline(Mutex<Option<Writer>>),
}

/// The ends of the queues; `None` once closed.
struct Threads {
    queues: RwLock<Option<Queues>>,
    writer: Mutex<Option<JoinHandle<Writer>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

struct Queues {
    write: mpsc::Sender<Box<dyn Job>>,
    read: mpsc::Sender<readers::Job>,
}

impl Store {
    /// Opens the database; makes or migrates it where there is need.
    pub(crate) fn open(place: &Place, schema: &Schema) -> Result<Self, OpenError> {
        let (health, wipe) = (Arc::new(Health::default()), Arc::new(AtomicBool::new(false)));
        let db = open_writer(place, schema)?;
        let writer = Writer::new(db, schema.file, Arc::clone(&health), Arc::clone(&wipe));
        let side = match place.mode {
            Mode::Inline => Side::Inline(Mutex::new(Some(writer))),
            Mode::Threads => Side::Threads(Threads::start(writer, place, schema)?),
        };
        Ok(Self { file: schema.file, health, wipe, side })
    }

    /// Whether it takes writes, and if not, why.
    pub(crate) fn ready(&self) -> Result<(), Unavailable> {
        self.health.check()?;
        let open = match &self.side {
            Side::Inline(writer) => writer.lock().is_some(),
            Side::Threads(threads) => threads.queues.read().is_some(),
        };
        if open { Ok(()) } else { Err(closed()) }
    }

    /// Lets what was deleted leave the WAL as well, soon.
    pub(crate) fn wipe_soon(&self) {
        self.wipe.store(true, Ordering::Release);
    }

    /// Runs a job that writes. A job that refuses must have written nothing: it is committed as it is.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Unavailable>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.health.check()?;
        let (answer, answered) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Answering { work: Some(work), found: None, answer });
        match &self.side {
            Side::Inline(writer) => writer.lock().as_mut().ok_or_else(closed)?.run(vec![job]),
            Side::Threads(threads) => {
                let queue = threads.queues.read().as_ref().map(|queues| queues.write.clone());
                queue.ok_or_else(closed)?.send(job).await.map_err(|_| closed())?;
            }
        }
        answered.await.map_err(|_| closed())?
    }

    /// Runs a job that reads.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Unavailable>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let threads = match &self.side {
            Side::Inline(writer) => {
                let writer = writer.lock();
                let found = work(writer.as_ref().ok_or_else(closed)?.db());
                return found.map_err(|error| tell(self.file, &error));
            }
            Side::Threads(threads) => threads,
        };
        let (answer, answered) = oneshot::channel();
        let job: readers::Job = Box::new(move |db| {
            // Whoever asked may have gone.
            let _ = answer.send(work(db));
        });
        let queue = threads.queues.read().as_ref().map(|queues| queues.read.clone());
        queue.ok_or_else(closed)?.send(job).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?.map_err(|error| tell(self.file, &error))
    }

    /// Stops: what was asked is answered, then all goes into the one file. Later calls answer
    /// `Unavailable`. Idempotent. Waits for the threads.
    pub(crate) fn close(&self) -> Result<(), Unavailable> {
        let writer = match &self.side {
            Side::Inline(writer) => writer.lock().take(),
            Side::Threads(threads) => threads.stop()?,
        };
        writer.map_or(Ok(()), Writer::close)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(why) = self.close() {
            tracing::warn!(reason = %why, "a store was not closed cleanly; it is mended at the next start");
        }
    }
}

impl Threads {
    fn start(writer: Writer, place: &Place, schema: &Schema) -> Result<Self, OpenError> {
        let (write, write_jobs) = mpsc::channel(QUEUE);
        let (read, read_jobs) = mpsc::channel(QUEUE);
        let read_jobs = Arc::new(Mutex::new(read_jobs));
        let start = |role: &str| std::thread::Builder::new().name(format!("{role} {}", schema.file));
        let failed = |source| OpenError::Thread { path: path_of(place, schema), source };
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let db = open_reader(place, schema)?;
            let jobs = Arc::clone(&read_jobs);
            readers.push(start("read").spawn(move || readers::work(&db, &jobs)).map_err(failed)?);
        }
        let writer = start("write").spawn(move || writer.work(write_jobs)).map_err(failed)?;
        Ok(Self {
            queues: RwLock::new(Some(Queues { write, read })),
            writer: Mutex::new(Some(writer)),
            readers: Mutex::new(readers),
        })
    }

    /// The writer, once no thread is left; `None` if it was stopped before.
    fn stop(&self) -> Result<Option<Writer>, Unavailable> {
        drop(self.queues.write().take());
        for reader in self.readers.lock().drain(..) {
            reader.join().map_err(|_| broken())?;
        }
        let writer = self.writer.lock().take();
        writer.map(|writer| writer.join().map_err(|_| broken())).transpose()
    }
}

fn closed() -> Unavailable {
    Unavailable("the store is closed".to_owned())
}

fn broken() -> Unavailable {
    Unavailable("a thread of the store broke off".to_owned())
}
