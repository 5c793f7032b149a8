//! Reader threads: a few connections to the chunks behind a bounded queue.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use chinwag_ports::Unavailable;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::health::CLOSED;
use super::threads::spawn;
use crate::sqlite::Database;

type Read = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Default)]
struct Queue {
    reads: Mutex<(VecDeque<Read>, bool)>,
    news: Condvar,
}

/// The threads and their queue.
pub(super) struct Readers {
    queue: Arc<Queue>,
    max: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Starts a thread for each connection; up to `max` reads wait for them.
    pub(super) fn start(connections: Vec<Database>, max: usize) -> std::io::Result<Self> {
        let queue = Arc::<Queue>::default();
        let readers = Self { queue, max, threads: Mutex::default() };
        for connection in connections {
            let queue = Arc::clone(&readers.queue);
            readers.threads.lock().push(spawn("ledger-reader", move || work(&queue, &connection))?);
        }
        Ok(readers)
    }

    /// Reads on one of the threads. Refused where too many reads wait.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, receiver) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            let _ = answer.send(read(connection));
        });
        {
            let mut reads = self.queue.reads.lock();
            if reads.1 {
                return Err(Unavailable(CLOSED.to_owned()));
            }
            if reads.0.len() >= self.max {
                return Err(Unavailable("the ledger is busy: too many reads wait".to_owned()));
            }
            reads.0.push_back(read);
        }
        self.queue.news.notify_one();
        receiver.await.map_err(|_| Unavailable(CLOSED.to_owned()))
    }

    /// Stops the threads; what waits is dropped.
    pub(super) fn stop(&self) {
        {
            let mut reads = self.queue.reads.lock();
            reads.0.clear();
            reads.1 = true;
        }
        self.queue.news.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop();
    }
}

fn work(queue: &Queue, connection: &Connection) {
    loop {
        let read = {
            let mut reads = queue.reads.lock();
            loop {
                if reads.1 {
                    return;
                }
                match reads.0.pop_front() {
                    Some(read) => break read,
                    None => queue.news.wait(&mut reads),
                }
            }
        };
        read(connection);
    }
}
