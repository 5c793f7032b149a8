//! `chinwag login`: proves who one is, once, and keeps the session.

use chinwag_client_native::{ClientError, Rest};
use chinwag_proto::Code;
use chinwag_proto::text::Username;
use clap::Args;
use serde_json::json;

use super::password::{self, Way};
use super::sessions::Sessions;
use super::who::{WhoArgs, log_in};
use super::{advice, print_result};
use crate::exit::Failure;

/// Log in, and keep the session for `send` and `tail`.
///
/// The password is taken from CHINWAG_PASSWORD, else asked for. What is kept (never the password) is in
/// $CHINWAG_HOME, else $XDG_CONFIG_HOME/chinwag, else ~/.config/chinwag, readable by you alone.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag login --user alice --register                  make an account on this machine's server
  chinwag login --user alice --server https://chat.example.org
  CHINWAG_PASSWORD=… chinwag login --user bot --device cron
  pass show chat/alice | chinwag login --user alice --password-stdin")]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Make the account first
    #[arg(long)]
    register: bool,
    /// The invitation, where the server asks for one
    #[arg(long, value_name = "SECRET", requires = "register")]
    invite: Option<String>,
    /// Take the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON, also on a terminal
    #[arg(long)]
    json: bool,
}

/// Runs `chinwag login`.
pub(crate) fn run(args: LoginArgs) -> Result<(), Failure> {
    super::run(login(args))
}

async fn login(args: LoginArgs) -> Result<(), Failure> {
    let sessions = Sessions::from_environment()?;
    let key = args.who.key(sessions.default_key()?)?;
    let name: Username =
        key.user.parse().map_err(|why| Failure::usage(format!("--user {}: {why}", key.user)))?;
    let way = match (args.password_stdin, args.register) {
        (true, _) => Way::Stdin,
        (false, true) => Way::AskTwice,
        (false, false) => Way::Ask,
    };
    let password = password::get(way, &key.user, &key.server)?.ok_or_else(|| {
        Failure::usage(
            "there is no terminal to ask for the password; set CHINWAG_PASSWORD or give --password-stdin",
        )
    })?;
    if args.register {
        let rest = Rest::new(key.server.parse().map_err(Failure::usage)?);
        rest.register_with(&name, &password, args.invite)
            .await
            .map_err(|error| Failure::runtime(refused(&error)))?;
    }
    let _lock = sessions.lock()?;
    let earlier = sessions.load(&key)?;
    let session =
        log_in(&key, &password, earlier.as_ref()).await.map_err(|error| Failure::runtime(refused(&error)))?;
    sessions.save(&session)?;
    let shown = json!({
        "server": key.server, "username": key.user, "userId": session.user_id,
        "device": key.device, "deviceId": session.device_id,
    });
    print_result(
        args.json,
        &shown,
        format_args!("logged in as {} (user {}) at {}", key.user, session.user_id, key.server),
    )
}

/// A log-in that is refused is no reason to log in again.
fn refused(error: &ClientError) -> String {
    match error {
        ClientError::Refused { code: Code::Unauthenticated, .. } => {
            format!("{error}\na new account is made with --register")
        }
        ClientError::Refused { code: Code::UsernameTaken, .. } => {
            format!("{error}\nif the account is yours, log in without --register; else choose another name")
        }
        other => advice::about(other),
    }
}
