//! What a user can want of encryption, and what the screen is told of it.

use chinwag_e2ee::group;
use chinwag_proto::{ChatId, DeviceId, UserId};

/// A secret that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What a user can want of encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealWish {
    /// Makes this device one of its user's, with the recovery key: a new one, whose words the user has
    /// confirmed to have written down, or that of the user's identity. It is not kept.
    SetUp {
        /// The words, or the text of the code.
        recovery: Secret,
    },
    /// A device of the user's goes, for ever: the backup gets a new key and every chat's group lets it go.
    Revoke(DeviceId),
    /// The user goes on with another's new identity.
    Accept(UserId),
    /// A direct chat that has not begun is to be unencrypted: the other has no keys, or the user none.
    Plain(ChatId),
    /// A change of an encrypted group: members, roles, settings.
    Commit {
        /// The chat.
        chat: ChatId,
        /// What.
        wish: group::Wish,
    },
}

/// What the screen is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This device is one of its user's: it can send and receive encrypted.
    Ready,
    /// It did not become one, or another was not revoked; the word says why.
    SetUpFailed(&'static str),
    /// Another identity is claimed for this user. Nothing encrypted is sent to him until the user decides.
    RootChanged(UserId),
    /// The server has shown less, or something else, than before: the word says of what.
    ServerDiffers {
        /// The chat, where it is one.
        chat: Option<ChatId>,
        /// What.
        what: &'static str,
    },
    /// A change of a group that was wished for is not possible; the word says why.
    NotCommitted {
        /// The chat.
        chat: ChatId,
        /// Why.
        why: String,
    },
    /// A record of the group has changed something: it belongs into the timeline.
    Group {
        /// The chat.
        chat: ChatId,
        /// What.
        event: group::Event,
    },
}
