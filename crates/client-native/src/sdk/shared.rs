//! What the driver and the handles share: the engine under a lock, and those who want to know of changes.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use chinwag_client::{Change, Engine};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::changes::Update;

/// Changes that wait for one listener; beyond that he is told to look at everything again.
const WAITING_MAX: usize = 256;

pub(crate) struct Shared {
    engine: Mutex<Engine>,
    /// `None` when nothing changes any more.
    listeners: Mutex<Option<Vec<Weak<Listener>>>>,
    trouble: Mutex<Option<String>>,
}

impl Shared {
    pub(crate) const fn new(engine: Engine) -> Self {
        Self {
            engine: Mutex::new(engine),
            listeners: Mutex::new(Some(Vec::new())),
            trouble: Mutex::new(None),
        }
    }

    /// The engine; never held over an `await`.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock()
    }

    /// Why there is no connection.
    pub(crate) fn trouble(&self, trouble: Option<String>) {
        *self.trouble.lock() = trouble;
    }

    pub(crate) fn what_troubles(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    pub(crate) fn listen(&self) -> Arc<Listener> {
        let listener = Arc::new(Listener::default());
        match self.listeners.lock().as_mut() {
            Some(listeners) => listeners.push(Arc::downgrade(&listener)),
            None => listener.end(),
        }
        listener
    }

    /// Tells all listeners; those that are gone are forgotten.
    pub(crate) fn tell(&self, change: &Change) {
        if let Some(listeners) = self.listeners.lock().as_mut() {
            listeners.retain(|listener| listener.upgrade().map(|listener| listener.push(change)).is_some());
        }
    }

    /// Nothing changes any more.
    pub(crate) fn end(&self) {
        let listeners = self.listeners.lock().take().unwrap_or_default();
        listeners.iter().filter_map(Weak::upgrade).for_each(|listener| listener.end());
    }
}

/// The changes that wait for one listener, each once.
#[derive(Default)]
pub(crate) struct Listener {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    changes: VecDeque<Change>,
    everything: bool,
    ended: bool,
}

impl Listener {
    fn push(&self, change: &Change) {
        let mut waiting = self.waiting.lock();
        if waiting.everything || waiting.changes.contains(change) {
            return;
        }
        if waiting.changes.len() >= WAITING_MAX {
            waiting.changes.clear();
            waiting.everything = true;
        } else {
            waiting.changes.push_back(change.clone());
        }
        self.bell.notify_one();
    }

    fn end(&self) {
        self.waiting.lock().ended = true;
        self.bell.notify_one();
    }

    /// The next update; `None` when there are no more. Cancel-safe.
    pub(crate) async fn next(&self) -> Option<Update> {
        loop {
            {
                let mut waiting = self.waiting.lock();
                if std::mem::take(&mut waiting.everything) {
                    return Some(Update::Everything);
                }
                if let Some(change) = waiting.changes.pop_front() {
                    return Some(Update::Changed(change));
                }
                if waiting.ended {
                    return None;
                }
            }
            self.bell.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chinwag_client::Plain;
    use chinwag_proto::{ChatId, DeviceId, UserId};

    fn shared() -> Shared {
        let (me, device) = (UserId::new(1).unwrap(), DeviceId::new(2).unwrap());
        Shared::new(Engine::new(me, device, Box::new(Plain)))
    }

    fn chat(number: u64) -> Change {
        Change::Chat(ChatId::direct(UserId::new(1).unwrap(), UserId::new(number).unwrap()))
    }

    #[tokio::test]
    async fn what_is_told_twice_before_it_is_taken_comes_once() {
        let shared = shared();
        let listener = shared.listen();
        [chat(2), chat(3), chat(2)].iter().for_each(|change| shared.tell(change));
        shared.end();
        assert_eq!(listener.next().await, Some(Update::Changed(chat(2))));
        assert_eq!(listener.next().await, Some(Update::Changed(chat(3))));
        assert_eq!((listener.next().await, shared.listen().next().await), (None, None));
    }

    #[tokio::test]
    async fn a_listener_that_is_too_slow_is_told_to_look_at_everything() {
        let shared = shared();
        let listener = shared.listen();
        (1..=WAITING_MAX as u64 + 5).for_each(|number| shared.tell(&chat(number)));
        assert_eq!(listener.next().await, Some(Update::Everything));
        shared.tell(&Change::Listed);
        assert_eq!(listener.next().await, Some(Update::Changed(Change::Listed)));
    }
}
