//! A projection that a test holds up, makes fail, and looks at.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Commit, Commits};
use chinwag_proto::{ChatId, Seq};
use parking_lot::{Condvar, Mutex};

#[derive(Default)]
struct State {
    held: bool,
    failing: bool,
    waiting: bool,
    failed: bool,
    published: Vec<(ChatId, Seq)>,
}

/// Stands where the directory would.
#[derive(Default)]
pub(crate) struct Projection {
    state: Mutex<State>,
    news: Condvar,
}

impl Projection {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// From now on projections wait.
    pub(crate) fn hold(&self) {
        self.state.lock().held = true;
    }

    /// Waits until a projection waits.
    pub(crate) fn wait_until_held(&self) {
        let mut state = self.state.lock();
        while !state.waiting {
            self.news.wait(&mut state);
        }
    }

    /// Projections go on.
    pub(crate) fn release(&self) {
        self.state.lock().held = false;
        self.news.notify_all();
    }

    /// From now on projections fail, or do not any more.
    pub(crate) fn fail(&self, failing: bool) {
        self.state.lock().failing = failing;
    }

    /// Waits until a projection has failed.
    pub(crate) fn wait_until_failed(&self) {
        let mut state = self.state.lock();
        while !state.failed {
            self.news.wait(&mut state);
        }
    }

    /// What was published, in its order.
    pub(crate) fn published(&self) -> Vec<(ChatId, Seq)> {
        self.state.lock().published.clone()
    }
}

#[async_trait]
impl Commits for Projection {
    async fn project(&self, _: &[Commit]) -> Result<(), Unavailable> {
        let mut state = self.state.lock();
        while state.held {
            state.waiting = true;
            self.news.notify_all();
            self.news.wait(&mut state);
        }
        state.waiting = false;
        if !state.failing {
            return Ok(());
        }
        state.failed = true;
        self.news.notify_all();
        Err(Unavailable("told to fail".to_owned()))
    }

    fn publish(&self, commits: &[Commit]) {
        let published = commits.iter().map(|commit| (commit.entry.chat_id, commit.entry.seq));
        self.state.lock().published.extend(published);
    }
}
