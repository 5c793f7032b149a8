//! What the screen shows of the world: a plain copy of the engine's state, so that drawing and deciding need
//! no server and no lock.

use std::collections::BTreeMap;

use chinwag_client::{Shown, Stop};
use chinwag_proto::frame::{PresenceStatus, Status as Presence};
use chinwag_proto::{ChatId, Role, Seq, UserId};
use jiff::tz::TimeZone;

use super::text;

/// A copy of the state, made when something of it has changed.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) me: UserId,
    /// The clock on the wall, milliseconds since 1970.
    pub(super) now_ms: i64,
    pub(super) zone: TimeZone,
    pub(super) link: Link,
    /// Why the connection is not there, where that is known.
    pub(super) trouble: Option<String>,
    /// The whole list of chats is known.
    pub(super) listed: bool,
    /// Own records that the server has not taken yet, failed ones included.
    pub(super) unsettled: usize,
    /// In the order of the list.
    pub(super) chats: Vec<Row>,
    pub(super) open: Option<Conversation>,
    pub(super) names: Names,
    pub(super) presence: BTreeMap<UserId, PresenceStatus>,
}

/// The connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Being made.
    Connecting,
    /// It stands.
    Online,
    /// Made again in so many seconds.
    Waiting(u64),
    /// It is not made again by itself.
    Stopped(Stop),
}

/// A chat in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: ChatId,
    pub(super) title: Option<String>,
    pub(super) role: Role,
    pub(super) members: Option<u32>,
    pub(super) unread: u64,
    pub(super) read: Seq,
    /// What is held here, without a hole.
    pub(super) first: Seq,
    pub(super) last: Seq,
    pub(super) pinned: bool,
    pub(super) muted: bool,
    pub(super) gone: bool,
    pub(super) last_at_ms: i64,
    pub(super) preview: Option<Preview>,
    pub(super) draft: String,
    pub(super) typing: Vec<UserId>,
}

/// The last message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preview {
    pub(super) sender: UserId,
    /// `None` when it was deleted.
    pub(super) text: Option<String>,
}

/// The open chat.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) chat: ChatId,
    /// Oldest first; what is on its way stands last.
    pub(super) lines: Vec<Shown>,
    /// There is more above.
    pub(super) above: bool,
    /// There is more below.
    pub(super) below: bool,
}

/// How users are called.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(pub(super) BTreeMap<UserId, Name>);

/// How a user is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Name {
    /// The user name; none once the account was erased.
    pub(super) username: Option<String>,
    /// The name shown.
    pub(super) shown: Option<String>,
}

impl Names {
    /// The name on screen, harmless.
    pub(super) fn of(&self, user: UserId) -> String {
        match self.0.get(&user) {
            Some(Name { username: None, .. }) => "deleted user".to_owned(),
            Some(Name { username: Some(name), shown }) => text::one_line(shown.as_ref().unwrap_or(name)),
            None => format!("user {user}"),
        }
    }

    /// The user name.
    pub(super) fn username(&self, user: UserId) -> Option<&str> {
        self.0.get(&user)?.username.as_deref()
    }
}

impl Data {
    /// A chat of the list.
    pub(super) fn row(&self, chat: ChatId) -> Option<&Row> {
        self.chats.iter().find(|row| row.id == chat)
    }

    /// What a chat is called.
    pub(super) fn title(&self, chat: ChatId) -> String {
        match chat {
            ChatId::Direct(..) => match chat.peer(self.me) {
                Some(peer) if peer == self.me => "Notes".to_owned(),
                Some(peer) => self.names.of(peer),
                None => "direct chat".to_owned(),
            },
            ChatId::Group(_) => {
                let title = self.row(chat).and_then(|row| row.title.as_deref()).map(text::one_line);
                title.unwrap_or_else(|| "Group without a title".to_owned())
            }
            ChatId::Inbox(_) => "Inbox".to_owned(),
        }
    }

    /// Presence of the other side of a direct chat, where it is known.
    pub(super) fn peer_presence(&self, chat: ChatId) -> Option<&PresenceStatus> {
        let peer = chat.peer(self.me).filter(|peer| *peer != self.me)?;
        self.presence.get(&peer)
    }

    /// Whether the other side of a direct chat is there.
    pub(super) fn is_there(&self, chat: ChatId) -> bool {
        self.peer_presence(chat).is_some_and(|presence| presence.status != Presence::Offline)
    }

    /// The lines of a chat, while it is the open one.
    pub(super) fn conversation(&self, chat: ChatId) -> Option<&Conversation> {
        self.open.as_ref().filter(|open| open.chat == chat)
    }
}
