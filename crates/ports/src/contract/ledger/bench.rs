//! A ledger on the bench: short ways to ask it for things, and an ear for its commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chinwag_chat::{Ask, Fingerprint, RECORD_VERSION, Record, Refusal, RuleLimits};
use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::{ChatId, Content, Entry, Limits, MessageId, ReactionKey, Seq};
use futures_util::future::join_all;
use parking_lot::Mutex;

use crate::Unavailable;
use crate::contract::samples::{at, device, name, seq, user};
use crate::ledger::{Append, Appended, Commit, Commits, Entries, Ledger, Messages, Pending, Window};

/// More than any page of a suite holds.
pub(super) const MANY: usize = 10_000;
/// More bytes than any page of a suite holds.
pub(super) const ROOM: usize = 1 << 24;

/// Records of one bench that await their answers.
const IN_FLIGHT: usize = 32;

/// What an ear heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A projection that failed.
    Failed,
    /// A projection.
    Projected(ChatId, Seq),
    /// A publication.
    Published(ChatId, Seq),
}

/// Hears of commits, and can be told to fail.
#[derive(Default)]
pub(super) struct Ear {
    pub(super) heard: Mutex<Vec<Heard>>,
    pub(super) commits: Mutex<Vec<Commit>>,
    /// So many further projections fail.
    pub(super) failing: AtomicU64,
}

impl Ear {
    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().clone()
    }
}

#[async_trait]
impl Commits for Ear {
    async fn project(&self, commits: &[Commit]) -> Result<(), Unavailable> {
        let mut heard = self.heard.lock();
        let left = self.failing.load(Ordering::SeqCst);
        if left > 0 {
            self.failing.store(left.saturating_sub(1), Ordering::SeqCst);
            heard.push(Heard::Failed);
            return Err(Unavailable("told to fail".to_owned()));
        }
        heard.extend(commits.iter().map(|commit| Heard::Projected(commit.entry.chat_id, commit.entry.seq)));
        Ok(())
    }

    fn publish(&self, commits: &[Commit]) {
        let published = commits.iter().map(|commit| Heard::Published(commit.entry.chat_id, commit.entry.seq));
        self.heard.lock().extend(published);
        self.commits.lock().extend_from_slice(commits);
    }
}

/// A ledger on the bench.
pub(super) struct Bench {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) ear: Arc<Ear>,
    made: AtomicU64,
}

impl Bench {
    pub(super) async fn new(make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>) -> Self {
        Self::counting_from(make, 0).await
    }

    /// With message ids above a number.
    pub(super) async fn counting_from(
        make: &impl AsyncFn(Arc<dyn Commits>) -> Arc<dyn Ledger>,
        made: u64,
    ) -> Self {
        let ear = Arc::new(Ear::default());
        Self { ledger: make(Arc::clone(&ear) as Arc<dyn Commits>).await, ear, made: AtomicU64::new(made) }
    }

    /// A record with the next message id, taken at as many milliseconds; its fingerprint is that of
    /// `request`.
    pub(super) fn record(&self, chat: ChatId, sender: u64, ask: Ask, request: &str) -> Record {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Record {
            v: RECORD_VERSION,
            chat,
            sender: user(sender),
            device: device(sender * 10),
            id: None,
            resend: false,
            message_id: MessageId::new(number).unwrap(),
            created_at: at(number as i64),
            fingerprint: self.fingerprint(request),
            after: None,
            limits: RuleLimits::from(&Limits::default()),
            ask,
        }
    }

    pub(super) fn fingerprint(&self, request: &str) -> Fingerprint {
        self.ledger.fingerprint_key().request([request.as_bytes()])
    }

    pub(super) fn append(&self, record: Record) -> Pending {
        self.ledger.append(Append { record, origin: None })
    }

    pub(super) async fn ask(&self, chat: ChatId, sender: u64, ask: Ask) -> Appended {
        self.append(self.record(chat, sender, ask, "")).await.unwrap()
    }

    /// Asks for what must become an entry.
    pub(super) async fn enter(&self, chat: ChatId, sender: u64, ask: Ask) -> Arc<Entry> {
        committed(self.ask(chat, sender, ask).await)
    }

    pub(super) async fn say(&self, chat: ChatId, sender: u64, text: &str) -> Seq {
        self.enter(chat, sender, message(text)).await.seq
    }

    /// Asks for what must become entries, in this order, a few at a time: one after the other takes long
    /// where each is synced, all at once may be more than a ledger takes.
    pub(super) async fn enter_all(&self, chat: ChatId, asks: Vec<(u64, Ask)>) -> Vec<Arc<Entry>> {
        let mut entries = Vec::with_capacity(asks.len());
        for some in asks.chunks(IN_FLIGHT) {
            let records = some.iter().map(|(sender, ask)| self.record(chat, *sender, ask.clone(), ""));
            let pending: Vec<_> = records.map(|record| self.append(record)).collect();
            entries.extend(join_all(pending).await.into_iter().map(|outcome| committed(outcome.unwrap())));
        }
        entries
    }

    /// Says the same so many times.
    pub(super) async fn fill(&self, chat: ChatId, sender: u64, count: usize, text: &str) {
        self.enter_all(chat, vec![(sender, message(text)); count]).await;
    }

    /// Begins a group: the first is the owner.
    pub(super) async fn begin(&self, chat: ChatId, owner: u64, others: &[u64]) -> Seq {
        self.enter(chat, owner, create(others)).await.seq
    }

    pub(super) async fn edit(&self, chat: ChatId, sender: u64, target: Seq, text: &str) -> Seq {
        self.enter(chat, sender, Ask::Edit { target, content: Content::text(text) }).await.seq
    }

    pub(super) async fn delete(&self, chat: ChatId, sender: u64, target: Seq) -> Seq {
        self.enter(chat, sender, Ask::Delete { target }).await.seq
    }

    pub(super) async fn react(&self, chat: ChatId, sender: u64, target: Seq, key: &str, on: bool) -> Seq {
        self.enter(chat, sender, react(target, key, on)).await.seq
    }

    /// All entries of a chat, and its head.
    pub(super) async fn entries(&self, chat: ChatId) -> Entries {
        self.ledger.entries(chat, Seq::ZERO, MANY, ROOM).await.unwrap()
    }

    /// All messages of a chat.
    pub(super) async fn messages(&self, chat: ChatId) -> Messages {
        self.ledger.messages(chat, Window::Offset(0), seq(1), MANY, ROOM).await.unwrap()
    }

    pub(super) async fn head(&self, chat: ChatId) -> u64 {
        self.ledger.heads(&[chat]).await.unwrap()[0].map_or(0, |head| head.seq.get())
    }
}

pub(super) fn message(text: &str) -> Ask {
    Ask::Message { content: Content::text(text), reply_to: None }
}

pub(super) fn react(target: Seq, key: &str, on: bool) -> Ask {
    let key: ReactionKey = key.parse().unwrap();
    Ask::React { target, key, on }
}

pub(super) fn create(others: &[u64]) -> Ask {
    Ask::Create {
        title: Some(name("A group")),
        members: others.iter().copied().map(user).collect(),
        encryption: Encryption::None,
        history: History::Joined,
    }
}

#[track_caller]
pub(super) fn committed(appended: Appended) -> Arc<Entry> {
    match appended {
        Appended::Committed(entry) => entry,
        other => panic!("not committed: {other:?}"),
    }
}

#[track_caller]
pub(super) fn refused(appended: Appended) -> Refusal {
    match appended {
        Appended::Rejected(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// The seqs of a page of entries.
pub(super) fn seqs(page: &Entries) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.seq.get()).collect()
}

/// The seqs of a page of messages.
pub(super) fn message_seqs(page: &Messages) -> Vec<u64> {
    page.messages.iter().map(|viewed| viewed.entry.seq.get()).collect()
}
