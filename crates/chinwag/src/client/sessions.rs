//! Saved log-ins: one file for each (server, user, device name), readable by its owner alone.
//!
//! `$CHINWAG_HOME`, else `$XDG_CONFIG_HOME/chinwag`, else `~/.config/chinwag`, holds
//! `sessions/SERVER/USER/DEVICE.json` and `sessions/default.json`, which names the last log-in. Names are
//! percent-encoded. No password is ever stored.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use chinwag_proto::{DeviceId, UserId};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::home::{self, segment};

/// Whose session: the three names that a file stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    /// The server's address.
    pub(super) server: String,
    /// The user name.
    pub(super) user: String,
    /// The name of the device.
    pub(super) device: String,
}

/// A saved log-in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    #[serde(flatten)]
    pub(super) key: Key,
    /// The user.
    pub(super) user_id: UserId,
    /// The device.
    pub(super) device_id: DeviceId,
    /// The device's secret.
    pub(super) token: String,
    /// Where its WebSocket is.
    pub(super) chat_server: String,
}

/// The folder of saved log-ins.
pub(super) struct Sessions {
    dir: PathBuf,
}

impl Sessions {
    /// The folder that the environment names.
    pub(super) fn from_environment() -> Result<Self, Failure> {
        let home = home::folder("the log-in")?;
        Ok(Self::at(&home))
    }

    fn at(home: &Path) -> Self {
        Self { dir: home.join("sessions") }
    }

    /// A saved log-in.
    pub(super) fn load(&self, key: &Key) -> Result<Option<Session>, Failure> {
        self.read(&self.path(key))
    }

    /// The last log-in.
    pub(super) fn default_key(&self) -> Result<Option<Key>, Failure> {
        self.read(&self.dir.join("default.json"))
    }

    /// Saves a log-in, durably and at once or not at all, and makes it the default.
    pub(super) fn save(&self, session: &Session) -> Result<(), Failure> {
        self.write(&self.path(&session.key), session)?;
        self.write(&self.dir.join("default.json"), &session.key)
    }

    /// Forgets a log-in.
    pub(super) fn forget(&self, key: &Key) -> Result<(), Failure> {
        remove(&self.path(key))?;
        if self.default_key()?.as_ref() == Some(key) {
            remove(&self.dir.join("default.json"))?;
        }
        Ok(())
    }

    /// Waits until no other process logs in; ends with the guard.
    pub(super) fn lock(&self) -> Result<File, Failure> {
        let path = self.dir.join("lock");
        let lock = || {
            home::make_folder(&self.dir)?;
            let file = home::open(&path, false)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|why| wrong("lock", &path, &why))
    }

    fn path(&self, key: &Key) -> PathBuf {
        let Key { server, user, device } = key;
        self.dir.join(segment(server)).join(segment(user)).join(format!("{}.json", segment(device)))
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, path: &Path) -> Result<Option<T>, Failure> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(wrong("read", path, &why)),
        };
        let value = serde_json::from_str(&text).map_err(|why| {
            Failure::runtime(format!("{} is damaged ({why}); delete it and log in again", path.display()))
        })?;
        Ok(Some(value))
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(Failure::runtime)? + "\n";
        home::write(path, text.as_bytes()).map_err(|why| wrong("write", path, &why))
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(wrong("delete", path, &why)),
        _ => Ok(()),
    }
}

fn wrong(what: &str, path: &Path, why: &io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {}: {why}; CHINWAG_HOME names another folder", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn session(server: &str, user: &str, device: &str) -> Session {
        Session {
            key: Key { server: server.to_owned(), user: user.to_owned(), device: device.to_owned() },
            user_id: UserId::new(1).unwrap(),
            device_id: DeviceId::new(2).unwrap(),
            token: format!("token of {user} on {device}"),
            chat_server: "ws://127.0.0.1:1/ws".to_owned(),
        }
    }

    #[test]
    fn each_server_user_and_device_has_its_own_and_the_last_is_the_default() {
        let home = tempfile::tempdir().unwrap();
        let sessions = Sessions::at(home.path());
        let all = [
            session("http://a:1", "bob", "cli"),
            session("http://b:1", "bob", "cli"),
            session("http://a:1", "eve", "cli"),
            session("http://a:1", "bob", "../..%/é"),
        ];
        for one in &all {
            sessions.save(one).unwrap();
        }
        for one in &all {
            assert_eq!(sessions.load(&one.key).unwrap().unwrap().token, one.token);
        }
        assert_eq!(sessions.default_key().unwrap().unwrap(), all[3].key);
        sessions.forget(&all[3].key).unwrap();
        assert!(sessions.load(&all[3].key).unwrap().is_none());
        assert!(sessions.default_key().unwrap().is_none());
        assert!(sessions.load(&all[0].key).unwrap().is_some());
    }

    #[test]
    fn nobody_but_the_owner_reads_a_token() {
        let home = tempfile::tempdir().unwrap();
        let sessions = Sessions::at(home.path());
        let one = session("http://a:1", "bob", "cli");
        sessions.save(&one).unwrap();
        let mut path = sessions.path(&one.key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        while path.pop() && path != home.path() {
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o700,
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn a_damaged_file_says_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let sessions = Sessions::at(home.path());
        let one = session("http://a:1", "bob", "cli");
        sessions.save(&one).unwrap();
        fs::write(sessions.path(&one.key), "{").unwrap();
        assert!(matches!(sessions.load(&one.key), Err(Failure::Runtime(why)) if why.contains("delete it")));
    }
}
