//! Names and other short texts that travel: user name, title, display name, device name, request id.
//! Each type holds only valid text; who owns a name is not known here.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Parses any `FromStr` type out of a string, without an allocation where the format allows it.
pub(crate) fn deserialize_str<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Text<T>(std::marker::PhantomData<T>);
    impl<T> Visitor<'_> for Text<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(std::marker::PhantomData))
}

/// Makes an enum of single words: each is read from its string alone (a derived parser would take
/// `{"word": null}`, too) and printed as it.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word as it travels.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(concat!("not one of" $(, " `", $word, "`")+)),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize_str(deserializer)
            }
        }
    };
}
pub(crate) use words;

/// Why a text was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum TextError {
    /// A user name breaks its rule.
    #[error("a user name is 3 to 32 of a-z 0-9 _ . -")]
    Username,
    /// A title or name breaks its rule.
    #[error("a title or name has 1 to 128 characters, none of them a control character, and is not blank")]
    Name,
    /// A request id breaks its rule.
    #[error("an id is a string of 1 to 64 characters or a whole number")]
    RequestId,
    /// An email address breaks its rule.
    #[error("not an email address")]
    Email,
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr, $error:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                if $check(text) { Ok(Self(text.into())) } else { Err($error) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize_str(deserializer)
            }
        }

        crate::ids::string_schema!($name);
    };
}

text_type!(
    /// 3–32 of `a-z0-9_.-`. Capitals are refused, not folded, so that a name has one spelling.
    Username, is_username, TextError::Username
);
text_type!(
    /// A title, display name or device name: 1–128 characters (Unicode scalar values), no control
    /// characters, not only white space.
    Name, is_name, TextError::Name
);
text_type!(
    /// An email address, up to 254 bytes; only its shape is checked, a mail is the proof.
    Email, is_email, TextError::Email
);

fn is_username(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-'))
}

fn is_name(text: &str) -> bool {
    text.len() <= 4 * 128
        && (1..=128).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !text.chars().all(char::is_whitespace)
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains('@')
        })
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl Email {
    /// The form in which an address is unique: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// The `id` of a WebSocket request, of the client's choosing: a string of 1–64 characters or a whole
/// number from 0 to 2^53−1; the answer repeats it as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RequestId {
    /// A whole number.
    Number(u64),
    /// A string.
    Text(Box<str>),
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = RequestId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string of 1 to 64 characters or a whole number")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<RequestId, E> {
                if number < 1 << 53 {
                    Ok(RequestId::Number(number))
                } else {
                    Err(E::custom(TextError::RequestId))
                }
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RequestId, E> {
                if text.len() <= 4 * 64 && (1..=64).contains(&text.chars().count()) {
                    Ok(RequestId::Text(text.into()))
                } else {
                    Err(E::custom(TextError::RequestId))
                }
            }
        }
        deserializer.deserialize_any(Id)
    }
}

crate::ids::string_schema!(RequestId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_have_one_spelling() {
        for good in ["bob", "a-b_c.9", &"x".repeat(32)] {
            assert!(good.parse::<Username>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "Bob", "b ob", "bób", &"x".repeat(33)] {
            assert_eq!(bad.parse::<Username>(), Err(TextError::Username), "{bad}");
        }
    }

    #[test]
    fn names_count_characters_not_bytes() {
        assert!("é".repeat(128).parse::<Name>().is_ok());
        assert!("é".repeat(129).parse::<Name>().is_err());
        for bad in ["", "   ", "a\nb", "\u{7}"] {
            assert_eq!(bad.parse::<Name>(), Err(TextError::Name), "{bad:?}");
        }
    }

    #[test]
    fn an_address_needs_two_sides() {
        assert!("a@b.example".parse::<Email>().is_ok());
        for bad in ["a", "a@", "@b.c", "a@b", "a b@c.d", "a@b@c.d", "a@b.", "a@.b"] {
            assert_eq!(bad.parse::<Email>(), Err(TextError::Email), "{bad}");
        }
    }

    #[test]
    fn a_request_id_is_repeated_as_it_was() {
        for id in ["7", "\"seven\"", "9007199254740991"] {
            let parsed: RequestId = serde_json::from_str(id).unwrap();
            assert_eq!(serde_json::to_string(&parsed).unwrap(), id);
        }
        for id in ["-1", "1.5", "\"\"", "null", "9007199254740992", "true"] {
            assert!(serde_json::from_str::<RequestId>(id).is_err(), "{id}");
        }
    }
}
