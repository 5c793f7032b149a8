//! Where the app keeps what it knows: a folder for each server and user, and which of them was used last.
//!
//! `$CHINWAG_HOME`, else `$XDG_CONFIG_HOME/chinwag`, else `~/.config/chinwag`, holds `chat/SERVER/USER/` with
//! the client library's profile, `names.json` (how others are called) and `who.json`; and `chat/last.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chinwag_proto::UserId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::data::{Name, Names};
use crate::exit::Failure;
use crate::home::{self, segment};

/// Names that are kept.
const NAMES_MAX: usize = 10_000;

/// Whose profile it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    /// The server's address.
    pub(super) server: String,
    /// The user name.
    pub(super) user: String,
    /// A passphrase protects what is kept.
    pub(super) passphrase: bool,
}

/// All profiles of whoever sits at this machine.
pub(super) struct Profiles {
    home: PathBuf,
}

impl Profiles {
    /// In the folder that the environment names.
    pub(super) fn from_environment() -> Result<Self, Failure> {
        let home = home::folder("anything")?;
        Ok(Self { home: home.join("chat") })
    }

    /// The profile for a server and a user, where there is one; what is not given is as it was last.
    pub(super) fn find(&self, server: Option<&str>, user: Option<&str>) -> Option<Who> {
        let last: Option<Who> = read(&self.home.join("last.json"));
        let server = server.map(str::to_owned).or_else(|| last.as_ref().map(|last| last.server.clone()))?;
        let same = last.filter(|last| last.server == server);
        let user = user.map(str::to_owned).or_else(|| same.map(|last| last.user))?;
        read(&self.folder(&server, &user).join("who.json"))
    }

    /// The folder of a profile.
    pub(super) fn folder(&self, server: &str, user: &str) -> PathBuf {
        self.home.join(segment(server)).join(segment(user))
    }

    /// Remembers a profile as the one used last.
    pub(super) fn used(&self, who: &Who) -> Result<(), Failure> {
        let folder = self.folder(&who.server, &who.user);
        let wrong = |why: io::Error| Failure::runtime(format!("cannot write in {}: {why}", folder.display()));
        write(&folder.join("who.json"), who).map_err(wrong)?;
        write(&self.home.join("last.json"), who).map_err(wrong)
    }

    /// Deletes a profile with all that it holds.
    pub(super) fn forget(&self, who: &Who) -> io::Result<()> {
        fs::remove_dir_all(self.folder(&who.server, &who.user))
    }

    /// The names that are kept.
    pub(super) fn names(&self, who: &Who) -> Names {
        let kept: Option<BTreeMap<UserId, Name>> =
            read(&self.folder(&who.server, &who.user).join("names.json"));
        Names(kept.unwrap_or_default())
    }

    /// Keeps the names; they come again from the server where that fails.
    pub(super) fn keep_names(&self, who: &Who, names: &Names) {
        let some: BTreeMap<_, _> = names.0.iter().take(NAMES_MAX).collect();
        let _ = write(&self.folder(&who.server, &who.user).join("names.json"), &some);
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    home::write(path, &serde_json::to_vec(value)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_last_one_is_found_and_another_when_it_is_named() {
        let home = tempfile::tempdir().unwrap();
        let profiles = Profiles { home: home.path().to_owned() };
        assert_eq!(profiles.find(None, None), None);
        let who = |user: &str| Who { server: "http://a:1".into(), user: user.into(), passphrase: false };
        profiles.used(&who("alice")).unwrap();
        profiles.used(&who("bob")).unwrap();
        assert_eq!(profiles.find(None, None), Some(who("bob")));
        assert_eq!(profiles.find(None, Some("alice")), Some(who("alice")));
        assert_eq!(profiles.find(Some("http://b:1"), None), None);
        profiles.forget(&who("bob")).unwrap();
        assert_eq!(profiles.find(None, None), None);
    }
}
