//! What the ledger's threads share, and how they tell each other what is to be done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::LedgerSettings;
use super::cache::Chats;
use super::database::Wal;
use super::health::Health;
use super::intake::Intake;
use super::stats::{Counts, LedgerObserver, LedgerStats};
use super::tail::SharedTail;
use super::timer::{left, now};

/// How far the work has come, in positions of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Folded, and the chunks' WAL is empty.
    pub(super) chunks_tidy: u64,
    /// Cleared from the log, and its WAL is empty.
    pub(super) log_tidy: u64,
    /// Threads that have ended.
    pub(super) ended: usize,
}

/// Shared by the threads, and by whoever holds the ledger.
pub(super) struct Shared {
    pub(super) settings: LedgerSettings,
    pub(super) tail: Arc<SharedTail>,
    pub(super) chats: Arc<Chats>,
    pub(super) health: Health,
    pub(super) intake: Intake,
    pub(super) folding: Folding,
    pub(super) counts: Counts,
    pub(super) observer: Arc<dyn LedgerObserver>,
    pub(super) progress: watch::Sender<Progress>,
    folded: AtomicU64,
    projected: AtomicU64,
    /// A fold has taken everything up to this position into its hands.
    taken: AtomicU64,
    /// Deletions up to this position were folded.
    wiped: AtomicU64,
    /// There is time to leave the files tidy.
    calm: AtomicBool,
    /// How often the folder was asked to leave the files tidy.
    tidy_rounds: AtomicU64,
}

impl Shared {
    pub(super) fn new(settings: LedgerSettings, observer: Arc<dyn LedgerObserver>, folded: u64) -> Self {
        Self {
            intake: Intake::new(&settings),
            settings,
            tail: Arc::default(),
            chats: Arc::default(),
            health: Health::default(),
            folding: Folding::default(),
            counts: Counts::default(),
            observer,
            progress: watch::Sender::new(Progress::default()),
            folded: AtomicU64::new(folded),
            projected: AtomicU64::new(folded),
            taken: AtomicU64::new(folded),
            // Before the start there may have been some.
            wiped: AtomicU64::new(folded),
            calm: AtomicBool::new(true),
            tidy_rounds: AtomicU64::new(0),
        }
    }

    /// Everything up to this position is folded, durably.
    pub(super) fn folded(&self) -> u64 {
        self.folded.load(Ordering::SeqCst)
    }

    pub(super) fn set_folded(&self, position: u64, with_deletions: bool) {
        if with_deletions {
            self.wiped.store(position, Ordering::SeqCst);
        }
        self.folded.store(position, Ordering::SeqCst);
    }

    /// Deletions up to this position were folded: what they deleted stands at or below it in the log.
    pub(super) fn wiped(&self) -> u64 {
        self.wiped.load(Ordering::SeqCst)
    }

    /// Whether the last fold was a small one: WALs are cut off then, and reused while there is much to do.
    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }

    pub(super) fn tidy_rounds(&self) -> u64 {
        self.tidy_rounds.load(Ordering::SeqCst)
    }

    pub(super) fn count_tidy_round(&self) {
        self.tidy_rounds.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::SeqCst);
    }

    /// Everything up to this position is durable and projected: it may be folded.
    pub(super) fn projected(&self) -> u64 {
        self.projected.load(Ordering::SeqCst)
    }

    pub(super) fn set_projected(&self, position: u64) {
        self.projected.store(position, Ordering::SeqCst);
    }

    pub(super) fn set_taken(&self, position: u64) {
        self.taken.store(position, Ordering::SeqCst);
    }

    /// Whether so much is projected that the next fold should begin.
    pub(super) fn is_fold_due(&self) -> bool {
        let waiting = self.projected().saturating_sub(self.taken.load(Ordering::SeqCst));
        waiting >= self.settings.fold_rows as u64
            || 2 * self.tail.read().bytes() >= self.settings.tail_bytes_max
    }

    pub(super) fn tell(&self, what: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(what);
    }

    /// Whether the tail has room for one more transaction.
    pub(super) fn has_room(&self) -> bool {
        let tail = self.tail.read();
        tail.len() < self.settings.tail_rows_max && tail.bytes() < self.settings.tail_bytes_max
    }

    /// Whether the tail is half full: folding goes on without pauses then.
    pub(super) fn is_half_full(&self) -> bool {
        let tail = self.tail.read();
        2 * tail.len() > self.settings.tail_rows_max || 2 * tail.bytes() > self.settings.tail_bytes_max
    }

    pub(super) fn stats(&self) -> LedgerStats {
        let mut stats = self.counts.stats();
        stats.queue_rows = self.intake.len();
        let tail = self.tail.read();
        (stats.tail_rows, stats.tail_bytes) = (tail.len(), tail.bytes());
        stats
    }
}

/// What the folder is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Fold what is projected.
    Now,
    /// The same, and leave the files tidy.
    AndTidy,
    /// Fold what is projected, for the last time.
    Last,
    /// Stop at once.
    Abandon,
}

#[derive(Default)]
struct Wanted {
    /// Since when there is something to fold.
    since: Option<Instant>,
    /// Since when deleted content waits to be overwritten.
    wipe_since: Option<Instant>,
    hurry: bool,
    tidy: bool,
    closed: bool,
    abandoned: bool,
    ended: bool,
}

/// When a WAL was cut off last, and what for.
#[derive(Default)]
pub(super) struct Cuts {
    wiped: u64,
    at: Option<Instant>,
}

impl Cuts {
    /// What is to become of a WAL that may hold what was deleted up to `wiped`: it is cut off when there is
    /// time and, because of deletions, every now and then.
    pub(super) fn next(&self, calm: bool, wiped: u64, every: Duration) -> Wal {
        let due = wiped > self.wiped && self.at.is_none_or(|at| left(at, every).is_zero());
        if calm || due { Wal::CutOff } else { Wal::Reused }
    }

    pub(super) fn note(&mut self, wiped: u64) {
        *self = Self { wiped, at: Some(now()) };
    }
}

/// Tells the folder when to fold.
#[derive(Default)]
pub(super) struct Folding {
    wanted: Mutex<Wanted>,
    news: Condvar,
}

impl Folding {
    /// There are new entries to fold; `wipe` where deletions are among them, `hurry` where there are many.
    pub(super) fn add(&self, wipe: bool, hurry: bool) {
        let mut wanted = self.wanted.lock();
        let wake = wanted.since.is_none() || hurry || (wipe && wanted.wipe_since.is_none());
        let now = now();
        wanted.since.get_or_insert(now);
        if wipe {
            wanted.wipe_since.get_or_insert(now);
        }
        wanted.hurry |= hurry;
        drop(wanted);
        if wake {
            self.news.notify_all();
        }
    }

    /// Fold at once.
    pub(super) fn hurry(&self) {
        self.wanted.lock().hurry = true;
        self.news.notify_all();
    }

    /// Fold at once, and leave the files tidy.
    pub(super) fn tidy(&self) {
        self.wanted.lock().tidy = true;
        self.news.notify_all();
    }

    pub(super) fn close(&self) {
        self.wanted.lock().closed = true;
        self.news.notify_all();
    }

    pub(super) fn abandon(&self) {
        self.wanted.lock().abandoned = true;
        self.news.notify_all();
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.wanted.lock().abandoned
    }

    /// The folder's thread has ended.
    pub(super) fn end(&self) {
        self.wanted.lock().ended = true;
        self.news.notify_all();
    }

    /// Waits until the folder's thread has ended.
    pub(super) fn wait_for_end(&self) {
        let mut wanted = self.wanted.lock();
        while !wanted.ended {
            self.news.wait(&mut wanted);
        }
    }

    /// Waits until a fold is due: for many entries at once, for deletions and old entries when they have
    /// waited `wipe_after` and `after`.
    pub(super) fn wait(&self, after: Duration, wipe_after: Duration) -> Fold {
        let mut wanted = self.wanted.lock();
        loop {
            if wanted.abandoned {
                return Fold::Abandon;
            }
            if wanted.closed {
                return Fold::Last;
            }
            let due = |since: Option<Instant>, span| since.map(|since| left(since, span));
            let rest = match (due(wanted.since, after), due(wanted.wipe_since, wipe_after)) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            if wanted.hurry || wanted.tidy || rest.is_some_and(|rest| rest.is_zero()) {
                let task = if wanted.tidy { Fold::AndTidy } else { Fold::Now };
                (wanted.since, wanted.wipe_since) = (None, None);
                (wanted.hurry, wanted.tidy) = (false, false);
                return task;
            }
            match rest {
                Some(rest) => drop(self.news.wait_for(&mut wanted, rest)),
                None => self.news.wait(&mut wanted),
            }
        }
    }

    /// Lets others work for a moment; ends early when the ledger stops.
    pub(super) fn pause(&self, span: Duration) {
        let begin = now();
        let mut wanted = self.wanted.lock();
        while !wanted.closed && !wanted.abandoned {
            let rest = left(begin, span);
            if rest.is_zero() {
                return;
            }
            self.news.wait_for(&mut wanted, rest);
        }
    }
}
