//! Ids: opaque to clients, decimal strings today. A chat id tells its kind and, where it can, its members.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::deserialize_str;

/// Describes a type to OpenAPI as a plain string.
macro_rules! string_schema {
    ($name:ident) => {
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                String::schema()
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}
pub(crate) use string_schema;

/// Why an id was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum IdError {
    /// Not a decimal number from 1 to 2^63−1 without leading zeros.
    #[error("not an id")]
    Number,
    /// Not `d.LOW.HIGH`, `g.ID` or `u.USERID`.
    #[error("not a chat id")]
    Chat,
    /// Not 1–64 of `A-Za-z0-9_-`.
    #[error("a clientMessageId is 1 to 64 of A-Z a-z 0-9 _ -")]
    ClientMessage,
    /// Not 1–64 bytes, or with control characters.
    #[error("a reaction key has 1 to 64 bytes and no control characters")]
    Reaction,
}

fn parse_number(text: &str) -> Result<u64, IdError> {
    if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(IdError::Number);
    }
    match text.parse::<u64>() {
        Ok(number) if (1..=i64::MAX as u64).contains(&number) => Ok(number),
        _ => Err(IdError::Number),
    }
}

macro_rules! string_id {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize_str(deserializer)
            }
        }

        string_schema!($name);
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// From a number from 1 to 2^63−1; anything else is `None`.
            pub const fn new(number: u64) -> Option<Self> {
                if number == 0 || number > i64::MAX as u64 { None } else { Some(Self(number)) }
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_number(text).map(Self)
            }
        }

        string_id!($name);
    };
}

number_id!(
    /// A user.
    UserId
);
number_id!(
    /// A device: one installation, one login.
    DeviceId
);
number_id!(
    /// A group, as in `g.ID`.
    GroupId
);
number_id!(
    /// The global label of an entry; inside its chat an entry is addressed by its [`Seq`].
    MessageId
);

/// A chat: direct (`d.LOW.HIGH`), group (`g.ID`) or a user's inbox (`u.USERID`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChatId {
    /// Two users, the numerically smaller first; twice the same for notes to oneself.
    Direct(UserId, UserId),
    /// A group.
    Group(GroupId),
    /// The inbox of one user.
    Inbox(UserId),
}

impl ChatId {
    /// The direct chat of two users, in either order.
    pub fn direct(one: UserId, other: UserId) -> Self {
        Self::Direct(one.min(other), one.max(other))
    }

    /// Whether the id itself names the user as a member; always `false` for a group.
    pub fn names(self, user: UserId) -> bool {
        match self {
            Self::Direct(low, high) => low == user || high == user,
            Self::Inbox(owner) => owner == user,
            Self::Group(_) => false,
        }
    }

    /// The other side of a direct chat as `user` sees it (himself in notes to oneself).
    pub fn peer(self, user: UserId) -> Option<UserId> {
        match self {
            Self::Direct(low, high) if low == user => Some(high),
            Self::Direct(low, high) if high == user => Some(low),
            _ => None,
        }
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(low, high) => write!(f, "d.{low}.{high}"),
            Self::Group(id) => write!(f, "g.{id}"),
            Self::Inbox(user) => write!(f, "u.{user}"),
        }
    }
}

impl FromStr for ChatId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let id = match text.split_once('.') {
            Some(("d", pair)) => pair.split_once('.').and_then(|(low, high)| {
                let (low, high): (UserId, UserId) = (low.parse().ok()?, high.parse().ok()?);
                (low <= high).then_some(Self::Direct(low, high))
            }),
            Some(("g", id)) => id.parse().ok().map(Self::Group),
            Some(("u", id)) => id.parse().ok().map(Self::Inbox),
            _ => None,
        };
        id.ok_or(IdError::Chat)
    }
}

string_id!(ChatId);

/// The place of an entry in its chat: 1, 2, 3 … without a hole. 0 stands before the first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);

    /// From a number up to 2^53−1 (what every JSON reader keeps exactly); more is `None`.
    pub const fn new(number: u64) -> Option<Self> {
        if number < 1 << 53 { Some(Self(number)) } else { None }
    }

    /// From a number; clamped to 2^53−1.
    pub const fn clamped(number: u64) -> Self {
        let max = (1 << 53) - 1;
        Self(if number > max { max } else { number })
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The seq that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The seq before; 0 stays 0.
    #[must_use]
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seq {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text != "0" && text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::Number);
        }
        text.parse().ok().and_then(Self::new).ok_or(IdError::Number)
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| serde::de::Error::custom("a seq is at most 2^53-1"))
    }
}

/// The client's own id of a record: 1–64 of `A-Za-z0-9_-`, unique per user and chat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientMessageId(Box<str>);

impl ClientMessageId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClientMessageId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if valid { Ok(Self(text.into())) } else { Err(IdError::ClientMessage) }
    }
}

string_id!(ClientMessageId);

/// What a reaction says: an emoji or short text, 1–64 bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReactionKey(Box<str>);

impl ReactionKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ReactionKey {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = (1..=64).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.into())) } else { Err(IdError::Reaction) }
    }
}

string_id!(ReactionKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_id_has_one_spelling() {
        for good in ["d.1.2", "d.7.7", "g.9", "u.3", "d.9223372036854775807.9223372036854775807"] {
            assert_eq!(good.parse::<ChatId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "d",
            "d.1",
            "d.2.1",
            "d.01.2",
            "d.1.2.3",
            "g.",
            "g.0",
            "g.+1",
            "u.-1",
            "x.1",
            "g.1@far",
            "d.1.9223372036854775808",
        ] {
            assert_eq!(bad.parse::<ChatId>(), Err(IdError::Chat), "{bad}");
        }
    }

    #[test]
    fn a_direct_chat_knows_its_two_sides() {
        let (a, b) = (UserId::new(10).unwrap(), UserId::new(9).unwrap());
        let chat = ChatId::direct(a, b);
        assert_eq!(chat.to_string(), "d.9.10");
        assert_eq!((chat.peer(a), chat.peer(b)), (Some(b), Some(a)));
        assert_eq!(ChatId::direct(a, a).peer(a), Some(a));
    }

    #[test]
    fn a_client_message_id_is_short_and_plain() {
        assert!("a-Z_9".parse::<ClientMessageId>().is_ok());
        for bad in ["", "a b", "é", "a/b", &"x".repeat(65)] {
            assert_eq!(bad.parse::<ClientMessageId>(), Err(IdError::ClientMessage));
        }
    }
}
