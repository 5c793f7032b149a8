//! `chinwag chat`: the terminal app.
//!
//! `model` decides, `draw` draws, both pure over a copy of the world (`data`, made by `snapshot`); `run` and
//! `enter` drive them with the terminal's events and the client library's changes. What others wrote comes
//! to the screen through `text` alone.

mod blocks;
mod calls;
mod data;
mod draw;
mod editor;
mod enter;
mod events;
mod keymap;
mod layout;
mod login;
mod model;
mod profiles;
mod run;
mod screen;
mod scroll;
mod snapshot;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod time;

use chinwag_client_native::ServerAddress;
use clap::Args;

use crate::exit::Failure;

/// Chat in the terminal.
///
/// On the first start it asks for a server, a user name and a password, or makes a new account. What it
/// holds (never the password) is in $CHINWAG_HOME/chat, else $XDG_CONFIG_HOME/chinwag/chat, else
/// ~/.config/chinwag/chat, readable by you alone; a passphrase can lock it. It works offline: what you write
/// goes out when there is a connection again. `?` or F1 shows every key.
///
/// The time zone is the system's, or that of TZ; NO_COLOR=1 draws without colours.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag chat                                        go on where you were
  chinwag chat --server https://chat.example.org      the account used last at that server
  chinwag chat --user bob                             another account at the server used last
  NO_COLOR=1 ssh -t host chinwag chat                 anywhere, without colours

It ends with 0, with 1 when something went wrong, with 2 when it was started wrongly.")]
pub(crate) struct ChatArgs {
    /// The server [default: the one used last, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "CHINWAG_SERVER")]
    server: Option<String>,
    /// The user [default: the one used last at the server]
    #[arg(long, value_name = "NAME", env = "CHINWAG_USER")]
    user: Option<String>,
    /// What a device that is logged in anew is called [default: `terminal`, and the machine's name]
    #[arg(long, value_name = "NAME", env = "CHINWAG_DEVICE")]
    device: Option<String>,
}

/// Runs `chinwag chat`.
pub(crate) fn run(args: ChatArgs) -> Result<(), Failure> {
    let server =
        args.server.map(|server| server.parse::<ServerAddress>().map_err(Failure::usage)).transpose()?;
    let start = enter::Start {
        profiles: profiles::Profiles::from_environment()?,
        server: server.map(|server| server.to_string()),
        user: args.user,
        device: enter::device_name(args.device.as_deref())?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
    let done = runtime.block_on(run::app(start));
    runtime.shutdown_background();
    done
}
