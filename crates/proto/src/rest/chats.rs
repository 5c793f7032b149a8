//! Bodies about chats and their members.

use crate::entry::{Encryption, Entry, History, Role, WhoMayAdd};
use crate::ids::{ChatId, ClientMessageId, Seq, UserId};
use crate::text::Name;
use crate::time::Timestamp;

/// The kind of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum SummaryKind {
    /// Of two users.
    Direct,
    /// Of many.
    Group,
    /// The user's own inbox.
    Inbox,
}

crate::text::words!(SummaryKind { Direct = "direct", Group = "group", Inbox = "inbox" });

impl From<ChatId> for SummaryKind {
    fn from(chat: ChatId) -> Self {
        match chat {
            ChatId::Direct(..) => Self::Direct,
            ChatId::Group(_) => Self::Group,
            ChatId::Inbox(_) => Self::Inbox,
        }
    }
}

super::bodies! {
    /// The marks of the other side of a direct chat.
    answer Other {
        /// The other user.
        user_id: UserId,
        /// Read up to and with this; absent where he does not show it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read: Option<Seq>,
        /// Delivered up to and with this; absent where he does not show it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<Seq>,
    }
    /// One chat in the list.
    answer Summary {
        /// The chat.
        chat_id: ChatId,
        /// Its kind.
        kind: SummaryKind,
        /// Its title; null in direct and in encrypted chats.
        title: Option<Name>,
        /// Its last seq.
        head: Seq,
        /// First seq that this user may see, where not 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Seq>,
        /// First seq still kept, where not 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<Seq>,
        /// The caller's read mark.
        read: Seq,
        /// Messages above it; 999 stands for that many or more.
        unread: u32,
        /// Whether the content is encrypted.
        encryption: Encryption,
        /// The caller's role.
        role: Role,
        /// Whether the caller has muted it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        muted: bool,
        /// How many members, in groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        members: Option<u32>,
        /// The other side, in direct chats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        others: Option<Vec<Other>>,
        /// The last entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Entry>,
        /// When it was taken.
        last_at: Timestamp,
        /// What new members see, in groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history: Option<History>,
        /// Who may add members, in groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who_may_add: Option<WhoMayAdd>,
    }
    /// `GET /chats`
    answer ChatList {
        /// The chats, in a stable order by id.
        chats: Vec<Summary>,
        /// Where the next page begins; absent on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<ChatId>,
    }
    /// `POST /chats`
    request CreateChat {
        /// The title; left out in encrypted groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Name>,
        /// The founders beside the creator.
        members: Vec<UserId>,
        /// Whether the content is encrypted.
        #[serde(default)]
        encryption: Encryption,
        /// What new members see.
        #[serde(default)]
        history: History,
        /// The client's own id, a name space of its own per user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<ClientMessageId>,
    }
    /// 201 of `POST /chats`, 200 of `POST /chats/{chatId}/members` (without `chatId`)
    answer HeadDone {
        /// The new chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        /// The chat's head.
        head: Seq,
    }
    /// `PATCH /chats/{chatId}`
    request UpdateChat {
        /// The title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Name>,
        /// What new members see from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history: Option<History>,
        /// Who may add members from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who_may_add: Option<WhoMayAdd>,
    }
    /// One member.
    answer Member {
        /// The user.
        user_id: UserId,
        /// His role.
        role: Role,
        /// When he became a member.
        since: Timestamp,
    }
    /// `GET /chats/{chatId}/members`
    answer Members {
        /// In the order of user ids.
        members: Vec<Member>,
        /// Where the next page begins; absent on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<UserId>,
    }
    /// `POST /chats/{chatId}/members`
    request AddMembers {
        /// The users.
        users: Vec<UserId>,
    }
    /// `PUT /chats/{chatId}/members/{userId}`
    request SetRole {
        /// The role.
        role: Role,
    }
    /// `PUT /chats/{chatId}/read`
    request MarkRead {
        /// Up to and with this.
        seq: Seq,
    }
}
