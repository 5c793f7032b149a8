//! The state of the screen as plain objects: chats, lines, the connection.

use chinwag_client::{Body, Cause, Chat, Connection, Failure, Marks, Refusal, Shown, Status, Stop};
use chinwag_proto::entry::{Body as EntryBody, Encryption, Founder, History, WhoMayAdd};
use chinwag_proto::rest::SummaryKind;
use chinwag_proto::text::Name;
use chinwag_proto::{ChatId, ClientMessageId, Code, Content, MemberChange, ReactionKey, Role, Seq, UserId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A chat of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatShown<'a> {
    chat_id: ChatId,
    kind: SummaryKind,
    /// The other side of a direct chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a Name>,
    role: Role,
    encryption: Encryption,
    gone: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<u32>,
    unread: u64,
    read: Seq,
    first: Seq,
    last: Seq,
    last_at_ms: i64,
    others: &'a BTreeMap<UserId, Marks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Preview<'a>>,
    draft: &'a str,
    pinned: bool,
    muted: bool,
}

/// The last message of a chat.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    seq: Seq,
    sender_id: UserId,
    at_ms: i64,
    #[serde(flatten)]
    body: BodyShown<'a>,
}

impl<'a> ChatShown<'a> {
    pub(crate) fn of(me: UserId, chat_id: ChatId, chat: &'a Chat) -> Self {
        let preview = chat.preview.as_ref().map(|entry| Preview {
            seq: entry.seq,
            sender_id: entry.sender_id,
            at_ms: entry.created_at.as_ms(),
            body: match &entry.body {
                EntryBody::Message { content: Some(content), .. } if content.is_sealed() => BodyShown::NotYet,
                EntryBody::Message { content: Some(content), .. } => BodyShown::content(content),
                _ => BodyShown::Deleted,
            },
        });
        Self {
            chat_id,
            kind: chat_id.into(),
            peer: chat_id.peer(me),
            title: chat.title.as_ref(),
            role: chat.role,
            encryption: chat.encryption,
            gone: chat.gone,
            members: chat.members,
            unread: chat.unread(),
            read: chat.read,
            first: chat.first,
            last: chat.last,
            last_at_ms: chat.last_at.as_ms(),
            others: &chat.others,
            preview,
            draft: &chat.draft,
            pinned: chat.pinned,
            muted: chat.muted,
        }
    }
}

/// What a line shows.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum BodyShown<'a> {
    Content { text: String, content: &'a Content },
    NotYet,
    Unreadable { cause: &'a str },
    Deleted,
    Event { event: EventShown<'a> },
}

impl<'a> BodyShown<'a> {
    fn content(content: &'a Content) -> Self {
        Self::Content { text: content.fallback(), content }
    }

    fn of(body: &'a Body) -> Self {
        match body {
            Body::Content(content) => Self::content(content),
            Body::NotYet => Self::NotYet,
            Body::Unreadable(Cause::NoSeal) => Self::Unreadable { cause: "no_seal" },
            Body::Unreadable(Cause::Other(cause)) => Self::Unreadable { cause },
            Body::Deleted => Self::Deleted,
            Body::Event(body) => Self::Event { event: EventShown::of(body) },
        }
    }
}

/// A line that is no message.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum EventShown<'a> {
    Member {
        changes: &'a [MemberChange],
    },
    Chat {
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a Name>,
        #[serde(skip_serializing_if = "Option::is_none")]
        members: Option<&'a [Founder]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encryption: Option<Encryption>,
        #[serde(skip_serializing_if = "Option::is_none")]
        history: Option<History>,
        #[serde(skip_serializing_if = "Option::is_none")]
        who_may_add: Option<WhoMayAdd>,
    },
    Mls {
        changes: &'a [MemberChange],
    },
    /// Of a kind that this version does not know.
    Other {
        name: &'a str,
    },
}

impl<'a> EventShown<'a> {
    fn of(body: &'a EntryBody) -> Self {
        match body {
            EntryBody::Member { changes } => Self::Member { changes },
            EntryBody::Mls { changes, .. } => Self::Mls { changes },
            EntryBody::Chat(change) => Self::Chat {
                title: change.title.as_ref(),
                members: change.members.as_deref(),
                encryption: change.encryption,
                history: change.history,
                who_may_add: change.who_may_add,
            },
            other => Self::Other { name: other.kind() },
        }
    }
}

/// A line of a timeline.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineShown<'a> {
    /// The same for one line as long as it lives, also when it gets its seq.
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a ClientMessageId>,
    sender_id: UserId,
    at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    body: BodyShown<'a>,
    edited: bool,
    reactions: Vec<Reaction<'a>>,
    #[serde(flatten)]
    status: StatusShown<'a>,
    pending: Vec<PendingShown<'a>>,
}

#[derive(Serialize)]
struct Reaction<'a> {
    key: &'a ReactionKey,
    users: &'a BTreeSet<UserId>,
}

#[derive(Serialize)]
struct PendingShown<'a> {
    id: &'a ClientMessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureShown<'a>>,
}

#[derive(Serialize)]
pub(crate) struct StatusShown<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureShown<'a>>,
}

impl<'a> StatusShown<'a> {
    fn of(status: &'a Status) -> Self {
        let word = match status {
            Status::Received => "received",
            Status::Sending => "sending",
            Status::Sent => "sent",
            Status::Delivered => "delivered",
            Status::Read => "read",
            Status::Failed(_) => "failed",
        };
        let failure = match status {
            Status::Failed(failure) => Some(FailureShown::of(failure)),
            _ => None,
        };
        Self { status: word, failure }
    }
}

/// Why an own record failed.
#[derive(Clone, Serialize)]
#[serde(tag = "why", rename_all = "camelCase")]
pub(crate) enum FailureShown<'a> {
    Refused { code: Code, detail: std::borrow::Cow<'a, str> },
    Seal { detail: std::borrow::Cow<'a, str> },
    Store,
}

impl<'a> FailureShown<'a> {
    pub(crate) fn of(failure: &'a Failure) -> Self {
        match failure {
            Failure::Refused { code, detail } => Self::Refused { code: *code, detail: detail.into() },
            Failure::Seal(detail) => Self::Seal { detail: detail.into() },
            Failure::Store => Self::Store,
        }
    }

    pub(crate) fn owned(failure: Failure) -> FailureShown<'static> {
        match failure {
            Failure::Refused { code, detail } => FailureShown::Refused { code, detail: detail.into() },
            Failure::Seal(detail) => FailureShown::Seal { detail: detail.into() },
            Failure::Store => FailureShown::Store,
        }
    }
}

/// What names a line among those of its chat.
pub(crate) fn key(line: &Shown) -> String {
    match (&line.id, line.seq) {
        (Some(id), _) => id.as_str().to_owned(),
        (None, Some(seq)) => format!("#{seq}"),
        (None, None) => String::new(),
    }
}

impl<'a> LineShown<'a> {
    pub(crate) fn of(line: &'a Shown) -> Self {
        Self {
            key: key(line),
            seq: line.seq,
            id: line.id.as_ref(),
            sender_id: line.sender,
            at_ms: line.at_ms,
            reply_to: line.reply_to,
            body: BodyShown::of(&line.body),
            edited: line.edited,
            reactions: line.reactions.iter().map(|(key, users)| Reaction { key, users }).collect(),
            status: StatusShown::of(&line.status),
            pending: line
                .pending
                .iter()
                .map(|pending| PendingShown {
                    id: &pending.id,
                    failure: pending.failed.as_ref().map(FailureShown::of),
                })
                .collect(),
        }
    }
}

/// How the connection stands.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum ConnectionShown {
    Connecting,
    Online,
    Waiting {
        until_ms: u64,
    },
    Stopped {
        why: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
    },
}

impl From<Connection> for ConnectionShown {
    fn from(connection: Connection) -> Self {
        let stopped = |why| Self::Stopped { why, code: None };
        match connection {
            Connection::Connecting => Self::Connecting,
            Connection::Online => Self::Online,
            Connection::Waiting { until_ms } => Self::Waiting { until_ms },
            Connection::Stopped(Stop::NotStarted) => stopped("notStarted"),
            Connection::Stopped(Stop::LoggedOut) => stopped("loggedOut"),
            Connection::Stopped(Stop::Replaced) => stopped("replaced"),
            Connection::Stopped(Stop::Store) => stopped("store"),
            Connection::Stopped(Stop::Refused(code)) => Self::Stopped { why: "refused", code: Some(code) },
        }
    }
}

/// Why a wish was not taken.
pub(crate) const fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::Full => "full",
        Refusal::Used => "used",
        Refusal::Content => "content",
        Refusal::NoStore => "noStore",
    }
}
