//! Bodies about notices in a user's inbox (protocol §8).

use crate::content::Content;
use crate::entry::Notice;
use crate::ids::{ClientMessageId, Seq};

super::bodies! {
    /// `POST /users/{userId}/inbox`
    request PutNotice {
        /// Which notice.
        kind: Notice,
        /// An object with `type` and `text`; for `welcome` and `invite` its `chatId` names the chat.
        data: Content,
        /// The client's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<ClientMessageId>,
    }
    /// 201 (200 for a retry) of `POST /users/{userId}/inbox`
    answer NoticeDone {
        /// The notice's place in the inbox.
        seq: Seq,
    }
}
