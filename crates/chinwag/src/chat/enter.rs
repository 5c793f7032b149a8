//! From the start to a client that works: the profile used last, or the form for a log-in.

use std::time::Duration;

use chinwag_client_native::{Client, ClientError, Login, OpenError, Profile, Rest, Unlock};
use chinwag_proto::Code;
use chinwag_proto::text::{Name, Username};
use tokio::time::Instant;

use super::login::{Entered, LogIn, Purpose, Step};
use super::profiles::{Profiles, Who};
use super::run::{Happened, Terminal};
use crate::exit::Failure;

/// Where `chinwag serve` listens without arguments.
const LOCAL: &str = "http://127.0.0.1:8080";
/// Seconds after which a log-in is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the command line said.
pub(super) struct Start {
    pub(super) profiles: Profiles,
    pub(super) server: Option<String>,
    pub(super) user: Option<String>,
    pub(super) device: Name,
}

/// Somebody is in.
pub(super) struct Entry {
    pub(super) client: Client,
    pub(super) who: Who,
    /// When the engine's clock began.
    pub(super) begin: Instant,
}

/// The name of a device that logs in.
pub(super) fn device_name(given: Option<&str>) -> Result<Name, Failure> {
    if let Some(name) = given {
        return name.parse().map_err(|why| Failure::usage(format!("--device: {why}")));
    }
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    let name = if host.is_empty() { "terminal".to_owned() } else { format!("terminal on {host}") };
    name.parse().map_err(Failure::usage)
}

impl Start {
    /// Goes on with what is kept here, or asks; `None` when the user wants out. `why`: what the form says
    /// first, when the log-in that is kept is worth nothing any more.
    pub(super) async fn enter(
        &self,
        terminal: &mut Terminal,
        why: Option<String>,
    ) -> Result<Option<Entry>, Failure> {
        let kept = self.profiles.find(self.server.as_deref(), self.user.as_deref());
        let mut form = match &kept {
            Some(who) if why.is_none() && !who.passphrase => match self.open(who, String::new()).await {
                Ok(entry) => return Ok(Some(entry)),
                Err(OpenError::NotLoggedIn) => self.form(terminal, Purpose::LogIn, kept.as_ref()),
                Err(error) => return Err(Failure::runtime(error)),
            },
            Some(_) if why.is_none() => self.form(terminal, Purpose::Unlock, kept.as_ref()),
            Some(_) => self.form(terminal, Purpose::LogIn, kept.as_ref()),
            None => self.form(terminal, Purpose::Register, None),
        };
        form.error = why;
        loop {
            terminal.draw(|frame| form.draw(frame))?;
            let step = match terminal.next().await? {
                Happened::Key(key) => form.on_key(key),
                Happened::Paste(text) => {
                    form.paste(&text);
                    None
                }
                Happened::Resized(..) | Happened::Focus(_) => None,
                Happened::End => return Ok(None),
            };
            match step {
                None => {}
                Some(Step::Quit) => return Ok(None),
                Some(Step::Suspend) => terminal.suspend()?,
                Some(Step::Repaint) => terminal.repaint()?,
                Some(Step::Submit(entered)) => {
                    terminal.draw(|frame| form.draw(frame))?;
                    match self.try_in(&mut form, entered, kept.as_ref()).await {
                        Ok(entry) => return Ok(Some(entry)),
                        Err(why) => form.fail(why),
                    }
                }
            }
        }
    }

    fn form(&self, terminal: &Terminal, purpose: Purpose, kept: Option<&Who>) -> LogIn {
        let server = self.server.as_deref().or(kept.map(|who| who.server.as_str())).unwrap_or(LOCAL);
        let user = self.user.as_deref().or(kept.map(|who| who.user.as_str())).unwrap_or_default();
        LogIn::new(terminal.theme, purpose, server, user)
    }

    async fn try_in(&self, form: &mut LogIn, entered: Entered, kept: Option<&Who>) -> Result<Entry, String> {
        if let (Purpose::Unlock, Some(who)) = (form.purpose, kept) {
            return self.open(who, entered.passphrase).await.map_err(|error| error.to_string());
        }
        let done = tokio::time::timeout(PATIENCE, self.log_in(form, entered)).await;
        done.map_err(|_| "The server did not answer in time".to_owned())?
    }

    async fn log_in(&self, form: &mut LogIn, entered: Entered) -> Result<Entry, String> {
        let server = entered.server.parse().map_err(|why: ClientError| why.to_string())?;
        let username: Username =
            entered.user.parse().map_err(|why: chinwag_proto::text::TextError| why.to_string())?;
        let login = Login {
            server,
            username: username.to_string(),
            password: entered.password,
            device: self.device.clone(),
        };
        if form.purpose == Purpose::Register {
            let invite = Some(entered.invite).filter(|invite| !invite.is_empty());
            let rest = Rest::new(login.server.clone());
            rest.register_with(&username, &login.password, invite).await.map_err(|error| refused(&error))?;
            // Should the log-in fail now, the account is there all the same.
            form.purpose = Purpose::LogIn;
        }
        let passphrase = !entered.passphrase.is_empty();
        let who = Who { server: login.server.to_string(), user: login.username.clone(), passphrase };
        let profile = self.profile(&who, entered.passphrase);
        let begin = Instant::now();
        let client = Client::log_in(profile, &login).await.map_err(|error| match error {
            OpenError::Server(error) => refused(&error),
            other => other.to_string(),
        })?;
        self.profiles.used(&who).map_err(|_| "Its profile cannot be written; look at the disk".to_owned())?;
        Ok(Entry { client, who, begin })
    }

    async fn open(&self, who: &Who, passphrase: String) -> Result<Entry, OpenError> {
        let profile = self.profile(who, passphrase);
        let begin = Instant::now();
        let client = Client::open(profile).await?;
        // That another one is found at the next start would be no harm.
        let _ = self.profiles.used(who);
        Ok(Entry { client, who: who.clone(), begin })
    }

    fn profile(&self, who: &Who, passphrase: String) -> Profile {
        let unlock = if who.passphrase { Unlock::passphrase(passphrase) } else { Unlock::UnprotectedKeyFile };
        Profile::at(self.profiles.folder(&who.server, &who.user).join("store"), unlock)
    }
}

/// Why a log-in or a registration came to nothing, with what to do about it.
fn refused(error: &ClientError) -> String {
    match error {
        ClientError::Refused { code: Code::Unauthenticated, .. } => {
            "Wrong user name or password; Ctrl+R makes a new account".to_owned()
        }
        ClientError::Refused { code: Code::UsernameTaken, .. } => {
            "That user name is taken; Ctrl+R logs in with it, if it is yours".to_owned()
        }
        ClientError::Refused { detail, .. } => detail.clone(),
        ClientError::Unreachable { .. } => format!("{error}. Is the server running?"),
        other => other.to_string(),
    }
}
