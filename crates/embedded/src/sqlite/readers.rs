//! The reading side of a store: threads that take jobs from one queue, a connection each.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::mpsc;

/// Something to read.
pub(super) type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Takes jobs until nobody can send any more.
pub(super) fn work(db: &Connection, jobs: &Arc<Mutex<mpsc::Receiver<Job>>>) {
    loop {
        // One waits in the queue, the others for the lock.
        let job = jobs.lock().blocking_recv();
        match job {
            Some(job) => job(db),
            None => return,
        }
    }
}
