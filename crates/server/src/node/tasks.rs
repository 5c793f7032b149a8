//! Every task of a node has an owner: this is the one place where tasks are spawned. An owner refuses
//! new tasks once it is closed, waits for the end of those that run, and can end them.
//!
//! Owners do not tell their tasks to stop: whoever wrote the task handed it a signal for that.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// The owner is closed: nothing was spawned.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the node stops; no new work is begun")]
pub struct Closed;

/// An owner of tasks; a clone is the same owner.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    running: Mutex<Running>,
    ended: Notify,
}

#[derive(Default)]
struct Running {
    closed: bool,
    next: u64,
    // A handle keeps its task's memory alive, so each task takes its own out as it ends.
    handles: HashMap<u64, AbortHandle>,
}

/// Signs a task off, also when it is aborted or panics.
struct Guard {
    tasks: Arc<Inner>,
    number: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut running = self.tasks.running.lock();
        running.handles.remove(&self.number);
        if running.handles.is_empty() {
            self.tasks.ended.notify_waiters();
        }
    }
}

impl Tasks {
    /// Spawns a task, unless the owner is closed.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Result<(), Closed> {
        let mut running = self.0.running.lock();
        if running.closed {
            return Err(Closed);
        }
        let number = running.next;
        running.next += 1;
        let guard = Guard { tasks: Arc::clone(&self.0), number };
        #[expect(
            clippy::disallowed_methods,
            reason = "the sanctioned place: this owner stops and awaits the task"
        )]
        let task = tokio::spawn(async move {
            let _guard = guard;
            future.await;
        });
        running.handles.insert(number, task.abort_handle());
        Ok(())
    }

    /// Refuses new tasks from now on.
    pub fn close(&self) {
        self.0.running.lock().closed = true;
    }

    /// How many run.
    pub fn count(&self) -> usize {
        self.0.running.lock().handles.len()
    }

    /// Waits until none runs. Comes back at once where none does; meaningful after `close`.
    pub async fn ended(&self) {
        loop {
            let ended = self.0.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Closes and ends all tasks at their next await.
    pub fn abort(&self) {
        self.close();
        let handles: Vec<_> = self.0.running.lock().handles.values().cloned().collect();
        for handle in handles {
            handle.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn an_owner_waits_for_the_end_of_its_tasks() {
        let tasks = Tasks::default();
        let (tell, told) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(async move { drop(told.await) }).unwrap();
        tasks.close();
        assert_eq!((tasks.spawn(async {}), tasks.count()), (Err(Closed), 1));
        tell.send(()).unwrap();
        tasks.ended().await;
        assert_eq!(tasks.count(), 0);
    }

    #[tokio::test]
    async fn an_aborted_task_signs_off_too() {
        let tasks = Tasks::default();
        tasks.spawn(pending()).unwrap();
        tasks.abort();
        tasks.ended().await;
        assert_eq!(tasks.count(), 0);
    }
}
