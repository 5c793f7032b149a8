//! Bodies about messages.

use crate::content::Content;
use crate::entry::Entry;
use crate::frame::Receiver;
use crate::ids::{ChatId, ClientMessageId, MessageId, ReactionKey, Seq, UserId};
use crate::time::Timestamp;

super::bodies! {
    /// `POST /messages`: either `receiverId` or `chatId`
    request SendMessage {
        /// A user, or a whole chat id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver_id: Option<Receiver>,
        /// The chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        /// The content.
        content: Content,
        /// If given, the caller.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender_id: Option<UserId>,
        /// The client's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<ClientMessageId>,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// In encrypted chats: seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// 201 (200 for a retry) of `POST /messages`
    answer Sent {
        /// The entry's global label.
        message_id: MessageId,
        /// The chat.
        chat_id: ChatId,
        /// The place in the chat.
        seq: Seq,
        /// When the server took it.
        created_at: Timestamp,
    }
    /// `PATCH /messages/{chatId}/{seq}`
    request EditMessage {
        /// The new content.
        content: Content,
        /// The client's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<ClientMessageId>,
        /// In encrypted chats: seq of the chat's last MLS commit record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    }
    /// 200 of `PATCH /messages/{chatId}/{seq}`
    answer EditDone {
        /// The edit's global label.
        message_id: MessageId,
        /// The edit's place in the chat.
        seq: Seq,
        /// When the server took it.
        created_at: Timestamp,
    }
    /// How often a message was reacted to with one key.
    answer ReactionCount {
        /// The key.
        key: ReactionKey,
        /// By how many users.
        count: u32,
        /// Whether by the caller.
        mine: bool,
    }
    /// One message as it stands now.
    answer Message {
        /// Its global label.
        message_id: MessageId,
        /// The chat.
        chat_id: ChatId,
        /// Its place in the chat.
        seq: Seq,
        /// Who sent it.
        sender_id: UserId,
        /// When the server took it.
        created_at: Timestamp,
        /// The content after the last edit; null when deleted.
        content: Option<Content>,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// When it was last edited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<Timestamp>,
        /// When it was deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deleted_at: Option<Timestamp>,
        /// At most 20 keys, in the order of their first use.
        reactions: Vec<ReactionCount>,
    }
    /// `GET /messages/{chatId}`
    answer MessagePage {
        /// Newest first.
        messages: Vec<Message>,
        /// The chat's head.
        head: Seq,
    }
    /// `GET /chats/{chatId}/entries`
    answer EntryPage {
        /// First seq of the page; `after` when it is empty.
        from: Seq,
        /// Last seq of the page; `after` when it is empty.
        to: Seq,
        /// The chat's head.
        head: Seq,
        /// Whether `to` is the head.
        complete: bool,
        /// The entries, oldest first.
        entries: Vec<Entry>,
    }
}
