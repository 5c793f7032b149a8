//! Read and delivered marks: in memory, written once a second to `cursors.db`.
//!
//! A mark costs about 100 bytes while it is in memory. Those not yet written are at most as many as the
//! settings say, then raising waits for a write; of those written the ones used lately are kept.

mod memory;
mod rows;

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use chinwag_ports::{Cursors, Mark, Unavailable};
use chinwag_proto::{ChatId, UserId};
use parking_lot::Mutex;

use self::memory::{Key, Memory, NotRaised};
use crate::place::{Mode, Place};
use crate::sqlite::{OpenError, Schema, Store, wait};

/// The marks' database.
pub(crate) const SCHEMA: Schema = Schema {
    file: "cursors.db",
    // `cwcu`
    application: 0x6377_6375,
    migrations: &[include_str!("../../migrations/cursors/0001_cursors.sql")],
};

/// How much is kept in memory, and for how long alone there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorSettings {
    /// Marks are written after so many milliseconds at the latest; what a crash may lose.
    pub flush_ms: u64,
    /// Marks not yet written: 100,000 are 10 MB, and one write of about half a second.
    pub unwritten_max: usize,
    /// Marks kept beside those: 200,000 are 20 MB.
    pub cached_max: usize,
}

impl Default for CursorSettings {
    fn default() -> Self {
        Self { flush_ms: 1_000, unwritten_max: 100_000, cached_max: 200_000 }
    }
}

/// Read and delivered marks on SQLite.
///
/// In [`Mode::Inline`] nothing writes by itself: whoever drives it calls `flush`.
pub struct SqliteCursors {
    shared: Arc<Shared>,
    flusher: Mutex<Option<Flusher>>,
}

struct Shared {
    store: Store,
    memory: Mutex<Memory>,
    /// Held while marks are written.
    turn: tokio::sync::Mutex<()>,
    unwritten_max: usize,
}

/// Dropping the sender stops the thread.
struct Flusher {
    stop: mpsc::SyncSender<()>,
    thread: JoinHandle<()>,
}

impl SqliteCursors {
    /// Opens `cursors.db` in a folder that is there; makes or migrates it where there is need.
    ///
    /// # Errors
    /// What keeps it from being opened, and what to do about it.
    pub fn open(place: &Place, settings: CursorSettings) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            store: Store::open(place, &SCHEMA)?,
            memory: Mutex::new(Memory::new(settings.cached_max)),
            turn: tokio::sync::Mutex::new(()),
            unwritten_max: settings.unwritten_max.max(1),
        });
        let flusher = match place.mode {
            Mode::Inline => None,
            Mode::Threads => {
                let failed = |source| OpenError::Thread { path: place.folder.join(SCHEMA.file), source };
                Some(Flusher::start(Arc::clone(&shared), settings.flush_ms).map_err(failed)?)
            }
        };
        Ok(Self { shared, flusher: Mutex::new(flusher) })
    }

    /// Whether marks are written, and if not, why.
    ///
    /// # Errors
    /// A write or a sync has failed.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.shared.store.ready()
    }

    /// Stops cleanly: writes all marks, later calls answer `Unavailable`. Waits for the threads;
    /// idempotent.
    ///
    /// # Errors
    /// Marks could not be written, or the file not put in order.
    pub fn close(&self) -> Result<(), Unavailable> {
        if let Some(Flusher { stop, thread }) = self.flusher.lock().take() {
            drop(stop);
            let broken = |_| Unavailable("the thread that writes marks broke off".to_owned());
            thread.join().map_err(broken)?;
        }
        self.shared.memory.lock().close();
        // Not in turn: whoever flushes just now may be waiting for this very thread.
        let flushed = wait(self.shared.write_out());
        self.shared.store.close()?;
        flushed
    }
}

impl Drop for SqliteCursors {
    fn drop(&mut self) {
        if let Err(why) = self.close() {
            tracing::warn!(reason = %why, "the last marks were not written");
        }
    }
}

impl Flusher {
    fn start(shared: Arc<Shared>, flush_ms: u64) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::sync_channel(1);
        let pause = Duration::from_millis(flush_ms.max(1));
        let work = move || {
            while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(pause) {
                // Somebody else's flush is as good; waiting for it here could keep a close waiting.
                let Ok(_turn) = shared.turn.try_lock() else { continue };
                if let Err(why) = wait(shared.write_out()) {
                    tracing::warn!(reason = %why, "marks are not written yet");
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("flush {}", SCHEMA.file)).spawn(work)?;
        Ok(Self { stop, thread })
    }
}

impl Shared {
    /// Writes what is only in memory; on an error it stays there.
    async fn flush(&self) -> Result<(), Unavailable> {
        let _turn = self.turn.lock().await;
        self.write_out().await
    }

    async fn write_out(&self) -> Result<(), Unavailable> {
        let Some((flush, marks)) = self.memory.lock().begin_flush() else {
            return Ok(());
        };
        let written = self.store.write(move |db| rows::write(db, &marks)).await;
        self.memory.lock().end_flush(flush, written.is_ok());
        written
    }

    /// The marks of keys, in their order, as they stand after so many flushes.
    async fn look_up(&self, keys: &[Key]) -> Result<(Vec<Mark>, u64), Unavailable> {
        loop {
            let (missing, flushes) = self.memory.lock().missing(keys);
            let read = match missing.is_empty() {
                true => Vec::new(),
                false => {
                    let asked = missing.clone();
                    self.store.read(move |db| rows::read(db, &asked)).await?
                }
            };
            // What was read while marks were written may be older than what was written: then again.
            let read = missing.into_iter().zip(read).collect();
            if let Some(found) = self.memory.lock().complete(keys, read, flushes) {
                return Ok((found, flushes));
            }
        }
    }

    async fn raise(&self, key: Key, mark: Mark) -> Result<Mark, Unavailable> {
        if self.memory.lock().unwritten() >= self.unwritten_max {
            self.flush().await?;
        }
        loop {
            let (before, flushes) = self.look_up(&[key]).await?;
            let before = before.first().copied().unwrap_or_default();
            match self.memory.lock().raise(key, mark, before, flushes) {
                Ok(after) => return Ok(after),
                Err(NotRaised::Stale) => {}
                Err(NotRaised::Closed) => return Err(Unavailable("the marks are closed".to_owned())),
            }
        }
    }
}

#[async_trait]
impl Cursors for SqliteCursors {
    async fn raise(&self, chat: ChatId, user: UserId, mark: Mark) -> Result<Mark, Unavailable> {
        let mark = Mark { read: mark.read, delivered: mark.delivered.max(mark.read) };
        self.shared.raise((user, chat), mark).await
    }

    async fn of_user(&self, user: UserId, chats: &[ChatId]) -> Result<Vec<Mark>, Unavailable> {
        let keys: Vec<_> = chats.iter().map(|&chat| (user, chat)).collect();
        self.shared.look_up(&keys).await.map(|(marks, _)| marks)
    }

    async fn of_chat(&self, chat: ChatId, users: &[UserId]) -> Result<Vec<Mark>, Unavailable> {
        let keys: Vec<_> = users.iter().map(|&user| (user, chat)).collect();
        self.shared.look_up(&keys).await.map(|(marks, _)| marks)
    }

    async fn flush(&self) -> Result<(), Unavailable> {
        self.shared.flush().await
    }
}
