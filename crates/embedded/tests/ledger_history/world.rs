//! The world of a run: a disk, a ledger on it, and the pen that writes everything down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chinwag_chat::{Ask, Record};
use chinwag_checker::{Change, Entry, Event, History, Kind};
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, Faults, LedgerSettings};
use chinwag_ports::ledger::Ledger;
use chinwag_powercut::{Disk, Model};
use chinwag_proto::{Body, ChatId, MembershipChange, Seq};
use parking_lot::Mutex;
use tokio::sync::RwLock;

use crate::ledger_common::ask::{Deaf, append, committed};
use crate::ledger_common::restless;

pub(crate) struct World {
    /// The ledger and the number of its life; none while the machine starts.
    ledger: RwLock<(Option<Arc<EmbeddedLedger>>, u64)>,
    disk: Mutex<Disk>,
    faults: Faults,
    events: Mutex<Vec<Event>>,
    clock: AtomicU64,
    numbers: AtomicU64,
    sends: u64,
    answers: AtomicU64,
    done: AtomicBool,
}

impl World {
    pub(crate) fn new(seed: u64, sends: u64, faults: Faults) -> Self {
        let disk = Disk::new(Model::default(), seed);
        let ledger = open(&disk, faults);
        Self {
            ledger: RwLock::new((Some(ledger), 0)),
            disk: Mutex::new(disk),
            faults,
            events: Mutex::default(),
            clock: AtomicU64::new(0),
            // The first number is the group's beginning.
            numbers: AtomicU64::new(1),
            sends,
            answers: AtomicU64::new(0),
            done: AtomicBool::new(false),
        }
    }

    /// Writes down what happened; time counts events, so that it only grows.
    pub(crate) fn record(&self, event: impl FnOnce(u64) -> Event) {
        let mut events = self.events.lock();
        let at = self.clock.fetch_add(1, Ordering::SeqCst) / 64;
        events.push(event(at));
    }

    pub(crate) fn history(&self) -> History {
        History { events: self.events.lock().clone() }
    }

    /// A number that no record had.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The ledger of now, and its life.
    pub(crate) async fn ledger(&self) -> (Arc<EmbeddedLedger>, u64) {
        loop {
            let ledger = self.ledger.read().await;
            if let (Some(ledger), life) = &*ledger {
                return (Arc::clone(ledger), *life);
            }
            drop(ledger);
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the machine has started again after a life.
    pub(crate) async fn next_life(&self, last: u64) {
        while self.ledger().await.1 == last {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) async fn wait_for_answers(&self, count: u64) {
        while self.answers.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }

    /// The power goes, and comes again.
    pub(crate) async fn cut_the_power(&self, choice: u64) {
        let disk = self.disk.lock().clone();
        // Somewhere in the middle of what is being written.
        disk.cut_at(disk.steps() + 1 + (choice % 17) as usize);
        while !disk.is_cut() && self.answers.load(Ordering::SeqCst) < self.sends {
            tokio::task::yield_now().await;
        }
        let image = disk.power_cut(choice);
        let mut ledger = self.ledger.write().await;
        // The last reader of the old life may still hold it.
        let old = ledger.0.take();
        drop(ledger);
        drop(old);
        let disk = Disk::from_image(&image);
        let new = open(&disk, self.faults);
        *self.disk.lock() = disk;
        ledger = self.ledger.write().await;
        *ledger = (Some(new), ledger.1 + 1);
    }

    /// A record that begins a chat, before anything is recorded.
    pub(crate) async fn begin(&self, record: Record) {
        assert!(matches!(record.ask, Ask::Create { .. }));
        let (ledger, _) = self.ledger().await;
        committed(append(&*ledger, record).await);
    }

    pub(crate) fn join(&self, device: &str, user: u64, chat: ChatId) {
        self.record(|at| Event::Joined {
            at,
            device: device.to_owned(),
            user: user.to_string(),
            chat: chat.to_string(),
            from_seq: 1,
        });
    }

    pub(crate) fn stop_readers(&self) {
        self.done.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }

    pub(crate) async fn final_log(&self, chat: ChatId) {
        let (ledger, _) = self.ledger().await;
        let page = ledger.entries(chat, Seq::ZERO, 100_000, 1 << 30).await.unwrap();
        let entries = page.entries.iter().map(|entry| seen(entry)).collect();
        self.record(|at| Event::FinalLog { at, chat: chat.to_string(), entries });
    }
}

fn open(disk: &Disk, faults: Faults) -> Arc<EmbeddedLedger> {
    let place = Place::folder("/data").on_vfs(disk.vfs_name());
    let settings = LedgerSettings { faults, tail_rows_max: 256, fold_rows: 16, ..restless() };
    Arc::new(EmbeddedLedger::open(&place, settings, Arc::new(Deaf)).unwrap())
}

/// An entry in the checker's words.
pub(crate) fn seen(entry: &chinwag_proto::Entry) -> Entry {
    let (kind, target, content) = match &entry.body {
        Body::Message { content, reply_to } => (Kind::Message, *reply_to, content.as_ref()),
        Body::Edit { target, content } => (Kind::Edit, Some(*target), content.as_ref()),
        Body::Delete { target } => (Kind::Delete, Some(*target), None),
        Body::Reaction { target, .. } => (Kind::Reaction, Some(*target), None),
        Body::Member { .. } => (Kind::Member, None, None),
        Body::Chat(_) => (Kind::Chat, None, None),
        _ => (Kind::Other, None, None),
    };
    let founders = match &entry.body {
        Body::Chat(change) => change.members.clone().unwrap_or_default(),
        _ => Vec::new(),
    };
    let founders = founders.into_iter().map(|founder| (founder.user_id, true));
    let changes = match &entry.body {
        Body::Member { changes } => changes.clone(),
        _ => Vec::new(),
    };
    let changes = changes
        .into_iter()
        .filter(|change| change.change != MembershipChange::Role)
        .map(|change| (change.user_id, change.change == MembershipChange::Added));
    Entry {
        seq: entry.seq.get(),
        message_id: entry.message_id.to_string(),
        sender: entry.sender_id.to_string(),
        device: entry.device_id.to_string(),
        client_message_id: entry.client_message_id.as_ref().map(ToString::to_string),
        kind,
        target: target.map(|seq| seq.get()),
        digest: content.map(|content| content.json().to_owned()),
        changes: founders
            .chain(changes)
            .map(|(user, member)| Change { user: user.to_string(), member })
            .collect(),
    }
}
