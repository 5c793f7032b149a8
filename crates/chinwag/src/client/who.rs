//! Which saved log-in a command uses, and logging in where there is none yet.

use chinwag_client_native::{ClientError, Rest, ServerAddress};
use chinwag_proto::Code;
use chinwag_proto::rest::LoginDone;
use chinwag_proto::text::Name;
use clap::Args;

use super::password::{self, Way};
use super::sessions::{Key, Session, Sessions};
use super::{advice, status};
use crate::exit::Failure;

/// Where `chinwag serve` listens without arguments.
const LOCAL: &str = "http://127.0.0.1:8080";
const DEVICE: &str = "cli";

/// As whom, where and on which device.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WhoArgs {
    /// The server [default: that of the last log-in, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "CHINWAG_SERVER")]
    server: Option<String>,
    /// The user [default: that of the last log-in]
    #[arg(long, value_name = "NAME", env = "CHINWAG_USER")]
    user: Option<String>,
    /// What the device is called; each name is a device of its own [default: that of the last log-in, else `cli`]
    #[arg(long, value_name = "NAME", env = "CHINWAG_DEVICE")]
    device: Option<String>,
}

impl WhoArgs {
    /// The names that the arguments stand for; what is not given is taken from the last log-in, as long
    /// as that does not contradict what is.
    pub(super) fn key(&self, last: Option<Key>) -> Result<Key, Failure> {
        let server = match &self.server {
            Some(server) => Some(server.parse::<ServerAddress>().map_err(Failure::usage)?.to_string()),
            None => None,
        };
        let same_server = last.filter(|last| server.as_ref().is_none_or(|server| *server == last.server));
        let server = server.or_else(|| same_server.as_ref().map(|last| last.server.clone()));
        let same_user = same_server.filter(|last| self.user.as_ref().is_none_or(|user| *user == last.user));
        let user = self
            .user
            .clone()
            .or_else(|| same_user.as_ref().map(|last| last.user.clone()))
            .ok_or_else(|| {
                Failure::usage(
                    "nobody is logged in here; log in with `chinwag login --user NAME`, or give --user NAME",
                )
            })?;
        let device = self.device.clone().or_else(|| same_user.map(|last| last.device));
        let key = Key {
            server: server.unwrap_or_else(|| LOCAL.to_owned()),
            user,
            device: device.unwrap_or_else(|| DEVICE.to_owned()),
        };
        device_name(&key)?;
        Ok(key)
    }

    /// The saved log-in, or a new one where a password is at hand.
    pub(super) async fn session(&self, sessions: &Sessions) -> Result<Session, Failure> {
        let key = self.key(sessions.default_key()?)?;
        if let Some(session) = sessions.load(&key)? {
            return Ok(session);
        }
        // Whoever comes second finds the first one's log-in.
        let _lock = sessions.lock()?;
        if let Some(session) = sessions.load(&key)? {
            return Ok(session);
        }
        let Some(password) = password::get(Way::Ask, &key.user, &key.server)? else {
            let Key { server, user, device } = &key;
            return Err(Failure::usage(format!(
                "{user} is not logged in at {server} on the device `{device}`; \
                 log in with `chinwag login --server {server} --user {user}`, or set CHINWAG_PASSWORD"
            )));
        };
        let session =
            log_in(&key, &password, None).await.map_err(|error| Failure::runtime(advice::about(&error)))?;
        sessions.save(&session)?;
        status(format_args!("logged in as {} at {}", key.user, key.server));
        Ok(session)
    }
}

impl Session {
    /// The server, with this session's token.
    pub(super) fn rest(&self) -> Result<Rest, Failure> {
        let address = self.key.server.parse().map_err(Failure::usage)?;
        Ok(Rest::new(address).with_token(self.token.clone()))
    }
}

/// Logs in; the device of an earlier log-in keeps its id.
pub(super) async fn log_in(
    key: &Key,
    password: &str,
    earlier: Option<&Session>,
) -> Result<Session, ClientError> {
    let rest = Rest::new(key.server.parse()?);
    let name: Name = key.device.parse().map_err(|_| ClientError::Address(key.device.clone()))?;
    let again = earlier.map(|session| session.device_id);
    let done = match rest.login_again(&key.user, password, name.clone(), again).await {
        // The device was removed meanwhile.
        Err(ClientError::Refused { code: Code::NotFound, .. }) if again.is_some() => {
            rest.login(&key.user, password, name).await?
        }
        done => done?,
    };
    let LoginDone { token, user_id, device_id, chat_server, .. } = done;
    Ok(Session { key: key.clone(), user_id, device_id, token, chat_server: chat_server.url })
}

fn device_name(key: &Key) -> Result<Name, Failure> {
    key.device.parse().map_err(|why| Failure::usage(format!("--device {}: {why}", key.device)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn args(server: Option<&str>, user: Option<&str>, device: Option<&str>) -> WhoArgs {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        WhoArgs { server: owned(server), user: owned(user), device: owned(device) }
    }

    fn key(server: &str, user: &str, device: &str) -> Key {
        Key { server: server.to_owned(), user: user.to_owned(), device: device.to_owned() }
    }

    #[test]
    fn what_is_not_given_comes_from_the_last_log_in() {
        let last = || Some(key("http://a:1", "bob", "phone"));
        let named = |args: WhoArgs| args.key(last()).unwrap();
        assert_eq!(named(args(None, None, None)), key("http://a:1", "bob", "phone"));
        assert_eq!(named(args(Some("http://a:1/"), None, None)), key("http://a:1", "bob", "phone"));
        assert_eq!(named(args(None, None, Some("tv"))), key("http://a:1", "bob", "tv"));
        assert_eq!(named(args(None, Some("eve"), None)), key("http://a:1", "eve", "cli"));
        assert_eq!(named(args(Some("http://b:1"), Some("eve"), None)), key("http://b:1", "eve", "cli"));
    }

    #[test]
    fn another_server_needs_a_name() {
        let last = Some(key("http://a:1", "bob", "phone"));
        assert!(matches!(args(Some("http://b:1"), None, None).key(last), Err(Failure::Usage(_))));
        assert!(matches!(args(None, None, None).key(None), Err(Failure::Usage(_))));
        assert_eq!(
            args(None, Some("bob"), None).key(None).unwrap(),
            key("http://127.0.0.1:8080", "bob", "cli")
        );
    }
}
