//! Whom a command means: a name, a user or a chat.

use std::str::FromStr;

use chinwag_client_native::{ClientError, Rest};
use chinwag_proto::frame::Receiver;
use chinwag_proto::text::Username;
use chinwag_proto::{ChatId, Code, UserId};

/// A user by name, a user, or a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A user by his name.
    Name(Username),
    /// A user by his id, or a chat.
    Receiver(Receiver),
}

impl FromStr for Target {
    type Err = String;

    /// `@NAME` is always a name; what has the form of a chat id or of a user id is that.
    fn from_str(text: &str) -> Result<Self, String> {
        let (bare, marked) = match text.strip_prefix('@') {
            Some(bare) => (bare, true),
            None => (text, false),
        };
        if !marked && let Ok(chat) = bare.parse::<ChatId>() {
            return Ok(Self::Receiver(Receiver::Chat(chat)));
        }
        if !marked && let Ok(user) = bare.parse::<UserId>() {
            return Ok(Self::Receiver(Receiver::User(user)));
        }
        bare.parse().map(Self::Name).map_err(|why| {
            format!(
                "neither a user name (bob, @bob), nor a user id (17), nor a chat id (g.17, d.3.17): {why}"
            )
        })
    }
}

impl Target {
    /// Looks a name up.
    pub(super) async fn resolve(&self, rest: &Rest) -> Result<Receiver, ClientError> {
        let name = match self {
            Self::Receiver(receiver) => return Ok(*receiver),
            Self::Name(name) => name,
        };
        match rest.find_user(name.as_str()).await {
            Ok(profile) => Ok(Receiver::User(profile.user_id)),
            Err(ClientError::Refused { code: Code::NotFound, retry_after_ms, .. }) => {
                Err(ClientError::Refused {
                    code: Code::NotFound,
                    detail: format!("there is no user called {name}"),
                    retry_after_ms,
                })
            }
            Err(other) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_users_and_chats_are_told_apart_by_their_form() {
        let receiver = |text: &str| Target::Receiver(text.parse().unwrap());
        let name = |text: &str| Target::Name(text.parse().unwrap());
        for (text, target) in [
            ("bob", name("bob")),
            ("@bob", name("bob")),
            ("17", receiver("17")),
            ("@17.5", name("17.5")),
            ("g.17", receiver("g.17")),
            ("d.3.17", receiver("d.3.17")),
            ("@g.17", name("g.17")),
            ("g.x", name("g.x")),
            ("007", name("007")),
        ] {
            assert_eq!(text.parse::<Target>(), Ok(target), "{text}");
        }
        for wrong in ["", "@", "Bob", "b ob", "@b"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
