//! Where records wait for the writer: bounded, in order within each chat, and with turns between chats.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use chinwag_chat::Ask;
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Append, Appended};
use chinwag_proto::ChatId;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::LedgerSettings;
use super::timer::{left, now};

/// What a waiting record costs beside its content.
const JOB_BYTES: usize = 512;

/// The answer to an append.
pub(super) type Answer = Result<Appended, Unavailable>;

/// A record that waits.
pub(super) struct Job {
    /// In a box, since it is moved from hand to hand.
    pub(super) append: Box<Append>,
    pub(super) answer: oneshot::Sender<Answer>,
    since: Instant,
    bytes: usize,
}

/// What the writer is to do next.
pub(super) enum Task {
    /// There are records to take.
    Work,
    /// Nothing waits, and something was asked for, or the time is over.
    Tidy,
    /// Nothing waits, and nothing more will come.
    Close,
    /// Stop at once.
    Abandon,
}

#[derive(Default)]
struct Waiting {
    chats: HashMap<ChatId, VecDeque<Job>>,
    /// The chats that have records waiting, in the order of their turns.
    turns: VecDeque<ChatId>,
    rows: usize,
    bytes: usize,
    nudged: bool,
    closed: bool,
    abandoned: bool,
}

/// The queue.
pub(super) struct Intake {
    waiting: Mutex<Waiting>,
    news: Condvar,
    rows_max: usize,
    bytes_max: usize,
    chat_rows_max: usize,
    wait_max: Duration,
}

impl Intake {
    pub(super) fn new(settings: &LedgerSettings) -> Self {
        Self {
            waiting: Mutex::default(),
            news: Condvar::new(),
            rows_max: settings.queue_rows_max,
            bytes_max: settings.queue_bytes_max,
            chat_rows_max: settings.chat_queue_rows_max,
            wait_max: Duration::from_millis(settings.wait_ms_max),
        }
    }

    /// Gives a record its place. `Err` where too much waits, or none is taken any more.
    pub(super) fn put(&self, append: Append) -> Result<oneshot::Receiver<Answer>, Unavailable> {
        let bytes = bytes_of(&append);
        let chat = append.record.chat;
        let (answer, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock();
        if waiting.closed || waiting.abandoned {
            return Err(Unavailable(super::health::CLOSED.to_owned()));
        }
        if waiting.rows >= self.rows_max || waiting.bytes >= self.bytes_max {
            return Err(busy());
        }
        let job = Job { append: Box::new(append), answer, since: now(), bytes };
        let queue = waiting.chats.entry(chat).or_default();
        if queue.len() >= self.chat_rows_max {
            return Err(busy());
        }
        queue.push_back(job);
        if queue.len() == 1 {
            waiting.turns.push_back(chat);
        }
        waiting.rows += 1;
        waiting.bytes += bytes;
        let first = waiting.rows == 1;
        drop(waiting);
        if first {
            self.news.notify_one();
        }
        Ok(receiver)
    }

    /// Waits until there is something to do, at most `idle`.
    pub(super) fn wait(&self, idle: Duration) -> Task {
        let begin = now();
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.abandoned {
                return Task::Abandon;
            }
            if waiting.rows > 0 {
                return Task::Work;
            }
            if waiting.closed {
                return Task::Close;
            }
            let rest = left(begin, idle);
            if std::mem::take(&mut waiting.nudged) || rest.is_zero() {
                return Task::Tidy;
            }
            self.news.wait_for(&mut waiting, rest);
        }
    }

    /// Waits so long, or until a nudge or the end. Returns what has waited too long.
    pub(super) fn pause(&self, span: Duration) -> Vec<Job> {
        let mut waiting = self.waiting.lock();
        if !waiting.abandoned && !std::mem::take(&mut waiting.nudged) {
            self.news.wait_for(&mut waiting, span);
            waiting.nudged = false;
        }
        self.late(&mut waiting)
    }

    /// Takes what has waited too long. Within a chat records wait in order, so that those come first.
    fn late(&self, waiting: &mut Waiting) -> Vec<Job> {
        let mut late = Vec::new();
        for queue in waiting.chats.values_mut() {
            while let Some(job) = queue.pop_front_if(|job| left(job.since, self.wait_max).is_zero()) {
                late.push(job);
            }
        }
        for job in &late {
            waiting.rows -= 1;
            waiting.bytes -= job.bytes;
        }
        if !late.is_empty() {
            waiting.chats.retain(|_, queue| !queue.is_empty());
            let chats = &waiting.chats;
            waiting.turns.retain(|chat| chats.contains_key(chat));
        }
        late
    }

    /// Records that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().rows
    }

    /// Takes records for one transaction: one of each chat in turn, until there are `rows` or `bytes` of
    /// them. The second list is those that waited too long.
    pub(super) fn take(&self, rows: usize, bytes: usize) -> (Vec<Job>, Vec<Job>) {
        let (mut jobs, mut late) = (Vec::new(), Vec::new());
        let mut taken = 0;
        let mut waiting = self.waiting.lock();
        while jobs.len() < rows && taken < bytes {
            let Some(chat) = waiting.turns.pop_front() else { break };
            let Some(queue) = waiting.chats.get_mut(&chat) else { continue };
            let job = queue.pop_front();
            if queue.is_empty() {
                waiting.chats.remove(&chat);
            } else {
                waiting.turns.push_back(chat);
            }
            let Some(job) = job else { continue };
            waiting.rows -= 1;
            waiting.bytes -= job.bytes;
            if left(job.since, self.wait_max).is_zero() {
                late.push(job);
            } else {
                taken += job.bytes;
                jobs.push(job);
            }
        }
        (jobs, late)
    }

    /// Takes everything, to refuse it.
    pub(super) fn drain(&self) -> Vec<Job> {
        let mut waiting = self.waiting.lock();
        (waiting.rows, waiting.bytes) = (0, 0);
        waiting.turns.clear();
        waiting.chats.drain().flat_map(|(_, queue)| queue).collect()
    }

    /// Wakes the writer: something beside records is to be done.
    pub(super) fn nudge(&self) {
        self.waiting.lock().nudged = true;
        self.news.notify_all();
    }

    /// No more records are taken; those that wait are worked off.
    pub(super) fn close(&self) {
        self.waiting.lock().closed = true;
        self.news.notify_all();
    }

    /// The writer is to stop at once.
    pub(super) fn abandon(&self) {
        self.waiting.lock().abandoned = true;
        self.news.notify_all();
    }

    /// Whether the writer is to come to an end.
    pub(super) fn is_ending(&self) -> bool {
        let waiting = self.waiting.lock();
        waiting.closed || waiting.abandoned
    }
}

/// What an append is refused with when too much waits.
pub(super) fn busy() -> Unavailable {
    Unavailable("the ledger is busy: too many records wait to be written; resend".to_owned())
}

fn bytes_of(append: &Append) -> usize {
    let content = match &append.record.ask {
        Ask::Message { content, .. } | Ask::Edit { content, .. } => content.json().len(),
        Ask::Mls { data, changes } => data.json().len() + 16 * changes.len(),
        Ask::Notice { data, .. } => data.json().len(),
        Ask::Create { members, .. } => 8 * members.len(),
        Ask::Add { users } => 8 * users.len(),
        _ => 0,
    };
    JOB_BYTES + content
}
