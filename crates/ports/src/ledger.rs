//! The ledger: the ordered, durable log and history of every chat.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chinwag_chat::{FingerprintKey, Head, Record, Refusal, State, View};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, Entry, MessageId, Seq, Timestamp};

use crate::Unavailable;

/// Which connection asked, so that its acknowledgment can stand in its entry's place. Travels with the
/// commit, is never stored, and means something on the node that made it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The connection's number on its node.
    pub connection: u64,
    /// The id of its request.
    pub request: RequestId,
}

/// A record on its way into the ledger.
#[derive(Clone, Debug)]
pub struct Append {
    /// What is asked.
    pub record: Record,
    /// The connection that asked; `None` over REST.
    pub origin: Option<Origin>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Durable, ordered, and in history: whoever has this can read the entry back at once.
    Committed(Arc<Entry>),
    /// It was an entry already.
    Duplicate {
        /// The first result's place.
        seq: Seq,
        /// Its label.
        message_id: MessageId,
        /// Its time.
        created_at: Timestamp,
    },
    /// The rules refuse it.
    Rejected(Refusal),
}

/// An append under way. Dropping it does not take the record back.
pub type Pending = Pin<Box<dyn Future<Output = Result<Appended, Unavailable>> + Send>>;

/// An entry that was just committed, with what its readers have to know.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Members, roles and settings after it.
    pub state: Arc<State>,
    /// The connection that asked.
    pub origin: Option<Origin>,
}

/// Hears of commits, in the order of seq within each chat.
#[async_trait]
pub trait Commits: Send + Sync {
    /// Called after the commits are durable and before they are acknowledged or published: writes the
    /// membership projection of those that change members, roles or settings or begin a chat. May be
    /// called again for the same commits after a crash. On an error nothing of the batch is
    /// acknowledged yet and the call is repeated.
    async fn project(&self, commits: &[Commit]) -> Result<(), Unavailable>;

    /// Called after `project` and before the acknowledgments. Never blocks, never fails; not repeated
    /// after a crash (clients find what they lack by seq).
    fn publish(&self, commits: &[Commit]);
}

/// A page of entries.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Oldest first, gapless.
    pub entries: Vec<Arc<Entry>>,
    /// The chat's head when the page was read: at least the last entry's seq.
    pub head: Seq,
}

/// Which messages of a chat a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest, less so many messages.
    Offset(u64),
    /// The next below a seq.
    Before(Seq),
    /// The next above a seq.
    After(Seq),
}

/// A message with what later entries made of it.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The message; its content is gone once it was deleted.
    pub entry: Arc<Entry>,
    /// Its view row.
    pub view: Arc<View>,
}

/// A page of messages.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// Newest first.
    pub messages: Vec<Viewed>,
    /// The chat's head when the page was read.
    pub head: Seq,
}

/// A chat's head and state, as readers see them.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The head.
    pub head: Head,
    /// Members, roles and settings.
    pub state: Arc<State>,
}

/// The ordered, durable log and history of every chat.
///
/// A chat that has no entry yet is "not there": `None`, or an empty page with head 0. Readers see every
/// commit that was acknowledged before they asked. Deleted content is never read back.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Takes a record. It takes its place among the records of its chat when this is *called*, not when
    /// the answer is awaited. `Committed` means durable, ordered, projected, published and readable.
    /// `Unavailable` means that nothing is promised: the record may or may not become an entry, and a
    /// resend with the same client id tells.
    fn append(&self, append: Append) -> Pending;

    /// Head and state of a chat.
    async fn snapshot(&self, chat: ChatId) -> Result<Option<Snapshot>, Unavailable>;

    /// The heads of many chats, in the order asked; `None` for a chat that is not there.
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<Head>>, Unavailable>;

    /// Entries after a seq, oldest first, as many as fit `limit` and about `bytes_max` bytes (at least
    /// one, if there is one).
    async fn entries(
        &self,
        chat: ChatId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Entries, Unavailable>;

    /// One entry, wiped if it was deleted.
    async fn entry(&self, chat: ChatId, seq: Seq) -> Result<Option<Arc<Entry>>, Unavailable>;

    /// A page of messages from `since` on, newest first: as many as fit `limit` and about `bytes_max`.
    async fn messages(
        &self,
        chat: ChatId,
        window: Window,
        since: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Messages, Unavailable>;

    /// The deployment's secret for fingerprints; the same for ever.
    fn fingerprint_key(&self) -> &FingerprintKey;

    /// Whether records are taken just now, and if not, why.
    fn ready(&self) -> Result<(), Unavailable>;
}
