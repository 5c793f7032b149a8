//! A chat id as bytes, for the keys of stores: the order of the bytes is that of (kind, ids).
//!
//! Layout: a byte 1 (direct), 2 (group) or 3 (inbox), then the ids, 8 bytes big endian each: two of a
//! direct chat, one of the others.

use std::fmt;

use chinwag_proto::{ChatId, GroupId, UserId};

const DIRECT: u8 = 1;
const GROUP: u8 = 2;
const INBOX: u8 = 3;

/// A chat id as 9 or 17 bytes, in the order of chat ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatKey {
    bytes: [u8; Self::BYTES_MAX],
}

/// The key of a chat.
pub fn chat_key(chat: ChatId) -> ChatKey {
    let (kind, one, other) = match chat {
        ChatId::Direct(low, high) => (DIRECT, low.get(), high.get()),
        ChatId::Group(group) => (GROUP, group.get(), 0),
        ChatId::Inbox(owner) => (INBOX, owner.get(), 0),
    };
    let mut bytes = [0; ChatKey::BYTES_MAX];
    let (first, ids) = bytes.split_at_mut(1);
    first.copy_from_slice(&[kind]);
    let (low, high) = ids.split_at_mut(8);
    low.copy_from_slice(&one.to_be_bytes());
    high.copy_from_slice(&other.to_be_bytes());
    ChatKey { bytes }
}

impl ChatKey {
    /// The longest key.
    pub const BYTES_MAX: usize = 17;

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let length = self.bytes.first().and_then(|kind| Self::length(*kind)).unwrap_or(Self::BYTES_MAX);
        self.bytes.get(..length).unwrap_or(&self.bytes)
    }

    /// The chat that a key names; `None` where the bytes are no key.
    pub fn parse(bytes: &[u8]) -> Option<ChatId> {
        let (kind, ids) = bytes.split_first()?;
        let (low, rest) = ids.split_first_chunk::<8>()?;
        let low = u64::from_be_bytes(*low);
        match *kind {
            DIRECT => {
                let high = UserId::new(u64::from_be_bytes(rest.try_into().ok()?))?;
                let low = UserId::new(low)?;
                (low <= high).then_some(ChatId::Direct(low, high))
            }
            GROUP if rest.is_empty() => GroupId::new(low).map(ChatId::Group),
            INBOX if rest.is_empty() => UserId::new(low).map(ChatId::Inbox),
            _ => None,
        }
    }

    /// How long a key is that begins with this byte.
    pub(super) const fn length(kind: u8) -> Option<usize> {
        match kind {
            DIRECT => Some(17),
            GROUP | INBOX => Some(9),
            _ => None,
        }
    }
}

impl AsRef<[u8]> for ChatKey {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for ChatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::parse(self.as_bytes()) {
            Some(chat) => write!(f, "ChatKey({chat})"),
            None => f.write_str("ChatKey(?)"),
        }
    }
}
