//! `chinwag logout`: ends a kept session, on the server and here.

use chinwag_client_native::ClientError;
use chinwag_proto::Code;
use clap::Args;

use super::sessions::Sessions;
use super::who::WhoArgs;
use super::{advice, status};
use crate::exit::Failure;

/// Log out: the device's token dies, and the session that was kept here is deleted.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag logout                              end the last log-in
  chinwag logout --user alice --device cron
  chinwag logout --forget                     only forget it here; the server is not asked")]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Only delete what is kept here, as when the server is gone for good
    #[arg(long)]
    forget: bool,
}

/// Runs `chinwag logout`.
pub(crate) fn run(args: LogoutArgs) -> Result<(), Failure> {
    super::run(logout(args))
}

async fn logout(args: LogoutArgs) -> Result<(), Failure> {
    let sessions = Sessions::from_environment()?;
    let key = args.who.key(sessions.default_key()?)?;
    let Some(session) = sessions.load(&key)? else {
        return Err(Failure::runtime(format!(
            "{} is not logged in at {} on the device `{}`; nothing was done",
            key.user, key.server, key.device
        )));
    };
    if !args.forget {
        match session.rest()?.logout().await {
            // A token that is dead already is as good as ended.
            Ok(()) | Err(ClientError::Refused { code: Code::Unauthenticated, .. }) => {}
            Err(error) => {
                let why = advice::about(&error);
                return Err(Failure::runtime(format!(
                    "{why}\nstill logged in; --forget deletes the session here alone"
                )));
            }
        }
    }
    sessions.forget(&key)?;
    status(format_args!("logged out {} at {}", key.user, key.server));
    Ok(())
}
